#include "broker/link/stream_end.h"

#include <algorithm>
#include <utility>

#include "schema/base/check.h"

namespace eris::link {

std::size_t StreamEnd::room() const { return closed_ ? 0 : kWindow - unacknowledged_.size(); }

void StreamEnd::Write(std::string_view bytes) {
  ERIS_CHECK(bytes.size() <= room(), "a stream takes no more than its window");
  unacknowledged_ += bytes;
  written_ += bytes.size();
}

void StreamEnd::Close() { closed_ = true; }

std::string StreamEnd::Take(const StreamPiece& piece, std::size_t room) {
  has_heard_ = true;
  // More than was sent is nonsense; less than is known has been overtaken.
  if (piece.received > acknowledged_ && piece.received <= ever_sent_) {
    const std::uint64_t bytes = std::min(piece.received, written_) - acknowledged_;
    unacknowledged_.erase(0, static_cast<std::size_t>(bytes));
    acknowledged_ = piece.received;
    sent_ = std::max(sent_, acknowledged_);
    progressed_ = true;
  }
  if (!piece.bytes.empty() || piece.is_last) owes_ = true;
  if (other_ended_ || piece.offset > taken_) return {};
  const std::uint64_t known = taken_ - piece.offset;
  if (known > piece.bytes.size()) return {};
  std::string fresh = piece.bytes.substr(static_cast<std::size_t>(known), room);
  taken_ += fresh.size();
  if (piece.is_last && taken_ == piece.offset + piece.bytes.size()) {
    other_ended_ = true;
    ++taken_;
  }
  return fresh;
}

std::optional<StreamPiece> StreamEnd::Next(SteadyTime now) {
  if (std::exchange(progressed_, false) || acknowledged_ == sent_) waiting_since_ = now;
  if (now - waiting_since_ >= kResendAfter) {
    sent_ = acknowledged_;
    waiting_since_ = now;
  }
  const bool carries = sent_ < length();
  if (!carries && !owes_) return std::nullopt;
  owes_ = false;
  StreamPiece piece{.offset = std::min(sent_, written_), .bytes = {}, .received = taken_};
  if (!carries) return piece;  // an acknowledgement is not acknowledged
  const auto begin = static_cast<std::size_t>(piece.offset - std::min(acknowledged_, written_));
  piece.bytes = unacknowledged_.substr(begin, limits::kStreamPieceBytes);
  const std::uint64_t end = piece.offset + piece.bytes.size();
  piece.is_last = closed_ && end == written_;
  sent_ = end + (piece.is_last ? 1 : 0);
  ever_sent_ = std::max(ever_sent_, sent_);
  return piece;
}

}  // namespace eris::link
