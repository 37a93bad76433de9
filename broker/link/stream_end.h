// One end of a stream of bytes in both directions, over messages that may be lost, repeated or
// overtaken by a new connection: what a terminal and a shell far away say to each other. Decides
// what to send again and when to stop reading; sends and reads nothing itself.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "schema/base/clock.h"
#include "schema/values/message.h"

namespace eris::link {

// Pure: takes bytes, pieces and time, returns pieces. Each piece tells how much of the other's
// stream has arrived; what the other lacks is sent again after a while.
//
// Invariants: (1) what Take returned is a prefix of what the other end wrote, without gaps or
// repetitions; (2) at most kWindow bytes are held that the other end has not got; (3) as long as
// either has something that the other has not, Next returns a piece at least every kResendAfter.
class StreamEnd {
 public:
  static constexpr std::size_t kWindow = 64 * 1024;
  static constexpr Duration kResendAfter{1'000};

  // How many bytes Write takes now. 0 once closed.
  std::size_t room() const;
  // Precondition: no more than room().
  void Write(std::string_view bytes);
  // No more will be written.
  void Close();

  // What is new in a piece of the other end, up to `room` bytes; the rest comes again.
  std::string Take(const StreamPiece& piece, std::size_t room);
  // Whether the other end has ever been heard.
  bool has_heard() const { return has_heard_; }
  // Whether all that the other end will ever write has been taken.
  bool has_ended() const { return other_ended_; }
  // Whether the other end has all that was written, and knows that no more comes.
  bool is_delivered() const { return closed_ && acknowledged_ == length(); }

  // The piece that is due, if any; asked until there is none.
  std::optional<StreamPiece> Next(SteadyTime now);
  // Makes Next return a piece, whether anything is new or not.
  void Nudge() { owes_ = true; }

 private:
  // With the end, which counts as one byte more.
  std::uint64_t length() const { return written_ + (closed_ ? 1 : 0); }

  std::string unacknowledged_;      // from acknowledged_ on
  std::uint64_t written_ = 0;       // bytes
  std::uint64_t sent_ = 0;          // of length(); goes back when something is sent again
  std::uint64_t ever_sent_ = 0;     // the most that sent_ has been
  std::uint64_t acknowledged_ = 0;  // of length(), as the other end says
  bool closed_ = false;
  std::uint64_t taken_ = 0;  // bytes of the other end, and one more for its end
  bool other_ended_ = false;
  bool has_heard_ = false;
  bool owes_ = false;  // the other end waits to hear how far its stream has come
  // Since when nothing was acknowledged of what is on its way.
  SteadyTime waiting_since_;
  bool progressed_ = false;  // something was, since the last piece was asked for
};

}  // namespace eris::link
