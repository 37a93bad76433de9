// One ZeroMQ message carries a batch of protocol messages, because CURVE costs per frame. This
// header owns the bytes of that batch; what header and body of a message mean is the schema's
// affair.
//
//   offset        size  field (all integers little-endian)
//   0             4     magic "ErB1"
//   4             2     version = 1
//   6             2     zero
//   8             4     n, number of messages, 1 … 8192
//   12            4     zero
//   16            8·n   for each message: u32 length of its header (≥ 1), u32 length of its body (≥
//   0) 16 + 8·n      …     for each message: header, zeros up to a multiple of 8, body, zeros up to
//   a multiple of 8
//
// The frame ends where the last padding ends. Every encoding of a list of messages is unique: a
// frame that parses is byte for byte what BatchWriter makes of its messages.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "schema/base/error.h"

namespace eris::link {

using Bytes = std::span<const std::byte>;
// An encoded batch, ready to be sent. Memory of a vector of bytes is aligned to 16.
using Frame = std::vector<std::byte>;

inline constexpr std::uint16_t kFrameVersion = 1;
// ZMQ_MAXMSGSIZE is 1 MiB and counts what CURVE adds to a message (33 bytes).
inline constexpr std::size_t kMaxWireBytes = std::size_t{1} << 20;
inline constexpr std::size_t kMaxFrameBytes = kMaxWireBytes - 64;
inline constexpr std::size_t kTargetFrameBytes = std::size_t{256}
                                                 << 10;  // a batch is full from here on
inline constexpr std::size_t kMaxFrameMessages = 8192;
// Header + body of the largest message that fits into a frame of its own.
inline constexpr std::size_t kMaxMessageBytes = kMaxFrameBytes - 64;

// One message of a batch: `header` is parsed by every hop, `body` is forwarded verbatim. Both start
// at multiples of 8 and are valid as long as the Batch they come from.
struct MessageView {
  Bytes header;
  Bytes body;
};

// A decoded frame. Owns an aligned copy if the bytes were not aligned, else borrows them: it must
// not outlive the bytes handed to Parse. Movable; views stay valid across a move.
class Batch {
 public:
  // kInvalid for anything that is not exactly one well-formed frame of this version. Pure; looks at
  // each byte of the input a bounded number of times and allocates at most the input's size plus 32
  // bytes a message.
  static Result<Batch> Parse(Bytes frame);

  std::size_t size() const { return messages_.size(); }
  const MessageView& operator[](std::size_t i) const { return messages_[i]; }
  auto begin() const { return messages_.begin(); }
  auto end() const { return messages_.end(); }

 private:
  std::unique_ptr<std::uint64_t[]> copy_;
  std::vector<MessageView> messages_;
};

// The frame is one of ours, of another version: answered `unimplemented` instead of dropped.
bool IsFrameOfOtherVersion(Bytes frame);

enum class AddResult : std::uint8_t {
  kAdded,
  kFull,    // Take() what is there, then add again
  kTooBig,  // fits into no frame: see kMaxMessageBytes
};

// Collects messages for one peer until they are taken as one frame. A value; reusable after Take().
class BatchWriter {
 public:
  // Copies the bytes. Precondition: `message.header` is not empty.
  AddResult Add(const MessageView& message);

  bool empty() const { return lengths_.empty(); }
  std::size_t count() const { return lengths_.size(); }
  // Size of the frame that Take() would return.
  std::size_t bytes() const;

  // The frame; the writer is empty afterwards. Precondition: not empty.
  Frame Take();

 private:
  struct Lengths {
    std::uint32_t header;
    std::uint32_t body;
  };
  void AppendPadded(Bytes part);

  std::vector<Lengths> lengths_;
  std::vector<std::byte> parts_;
};

}  // namespace eris::link
