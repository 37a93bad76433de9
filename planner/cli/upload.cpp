#include "planner/cli/upload.h"

#include <algorithm>

#include "schema/base/digest.h"
#include "schema/codec/codec.h"

namespace eris::cli {
namespace {

constexpr std::uint32_t kWindow = 4;  // chunks; 1 MiB on its way

}  // namespace

Upload::Upload(const Submission& submission)
    : id_(submission.id), bytes_(Encode(submission)), sha256_(Hex(Sha256(bytes_))) {}

std::optional<SubmitChunk> Upload::Next() {
  if (answer_ || sent_ >= bytes_.size() || unanswered_ >= kWindow) return std::nullopt;
  const std::size_t size = std::min<std::size_t>(limits::kChunkBytes, bytes_.size() - sent_);
  SubmitChunk chunk = ChunkAt(sent_, size);
  sent_ += size;
  ++unanswered_;
  return chunk;
}

void Upload::OnReply(const SubmitReply& reply) {
  if (answer_ || reply.id != id_ || unanswered_ == 0) return;
  --unanswered_;
  switch (reply.what) {
    case SubmitReply::What::kMore:
      confirmed_ = std::min<std::uint64_t>(reply.offset, bytes_.size());
      if (unanswered_ == 0) sent_ = confirmed_;
      return;
    case SubmitReply::What::kBusy:
      return;  // the owner pauses, then calls Restart
    case SubmitReply::What::kAccepted:
    case SubmitReply::What::kKnown:
    case SubmitReply::What::kRefused:
      answer_ = reply;
      return;
  }
}

void Upload::Restart() {
  sent_ = 0;
  confirmed_ = 0;
  unanswered_ = 0;
}

SubmitChunk Upload::ChunkAt(std::uint64_t offset, std::size_t size) const {
  return {.id = id_,
          .total_bytes = bytes_.size(),
          .sha256 = sha256_,
          .offset = offset,
          .bytes = bytes_.substr(offset, size)};
}

}  // namespace eris::cli
