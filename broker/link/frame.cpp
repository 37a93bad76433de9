#include "broker/link/frame.h"

#include <bit>
#include <cstring>
#include <string>

#include "schema/base/check.h"
#include "schema/values/message.h"

namespace eris::link {
namespace {

static_assert(std::endian::native == std::endian::little, "frames are read in place");

static_assert(kMaxWireBytes == limits::kFrameBytes && kTargetFrameBytes == limits::kBatchBytes);
static_assert(limits::kBodyBytes + (std::size_t{64} << 10) <= kMaxMessageBytes,
              "room for a header");

struct Prefix {
  std::uint32_t magic;
  std::uint16_t version;
  std::uint16_t zero;
  std::uint32_t count;
  std::uint32_t zero_too;
};
static_assert(sizeof(Prefix) == 16);

constexpr std::uint32_t kMagic = 0x31427245;  // "ErB1"
constexpr std::size_t kEntryBytes = 8;

constexpr std::size_t Padded(std::size_t size) { return (size + 7) & ~std::size_t{7}; }

template <typename T>
T Load(const std::byte* from) {
  T value;
  std::memcpy(&value, from, sizeof value);
  return value;
}

tl::unexpected<Error> Malformed(const char* what) {
  return Fail(ErrorCode::kInvalid, std::string("malformed frame: ") + what);
}

bool HasMagic(Bytes frame) {
  return frame.size() >= sizeof(Prefix) && Load<Prefix>(frame.data()).magic == kMagic;
}

// Cuts `size` bytes and their padding off the front of `rest`.
Result<Bytes> CutPart(Bytes& rest, std::size_t size) {
  if (Padded(size) > rest.size()) return Malformed("parts are longer than the frame");
  const Bytes part = rest.first(size);
  for (const std::byte b : rest.subspan(size, Padded(size) - size)) {
    if (b != std::byte{0}) return Malformed("padding is not zero");
  }
  rest = rest.subspan(Padded(size));
  return part;
}

}  // namespace

bool IsFrameOfOtherVersion(Bytes frame) {
  return HasMagic(frame) && Load<Prefix>(frame.data()).version != kFrameVersion;
}

Result<Batch> Batch::Parse(Bytes frame) {
  if (frame.size() > kMaxFrameBytes) return Malformed("too long");
  if (!HasMagic(frame)) return Malformed("no frame of this protocol");
  const auto prefix = Load<Prefix>(frame.data());
  if (prefix.version != kFrameVersion) return Malformed("unknown version");
  if (prefix.zero != 0 || prefix.zero_too != 0) return Malformed("reserved bytes are not zero");
  if (prefix.count == 0 || prefix.count > kMaxFrameMessages) return Malformed("number of messages");
  if (frame.size() < sizeof(Prefix) + prefix.count * kEntryBytes) return Malformed("cut off");

  Batch batch;
  if (reinterpret_cast<std::uintptr_t>(frame.data()) % 8 != 0) {
    batch.copy_ = std::make_unique_for_overwrite<std::uint64_t[]>(Padded(frame.size()) / 8);
    std::memcpy(batch.copy_.get(), frame.data(), frame.size());
    frame = Bytes(reinterpret_cast<const std::byte*>(batch.copy_.get()), frame.size());
  }
  batch.messages_.reserve(prefix.count);
  const std::byte* entry = frame.data() + sizeof(Prefix);
  Bytes rest = frame.subspan(sizeof(Prefix) + prefix.count * kEntryBytes);
  for (std::uint32_t i = 0; i < prefix.count; ++i, entry += kEntryBytes) {
    MessageView message;
    const auto header_size = Load<std::uint32_t>(entry);
    if (header_size == 0) return Malformed("a message without header");
    ERIS_ASSIGN(message.header, CutPart(rest, header_size));
    ERIS_ASSIGN(message.body, CutPart(rest, Load<std::uint32_t>(entry + 4)));
    batch.messages_.push_back(message);
  }
  if (!rest.empty()) return Malformed("bytes after the last message");
  return batch;
}

std::size_t BatchWriter::bytes() const {
  return sizeof(Prefix) + lengths_.size() * kEntryBytes + parts_.size();
}

AddResult BatchWriter::Add(const MessageView& message) {
  ERIS_CHECK(!message.header.empty(), "a message has a header");
  const std::size_t header_size = message.header.size();
  const std::size_t body_size = message.body.size();
  if (header_size > kMaxMessageBytes || body_size > kMaxMessageBytes - header_size)
    return AddResult::kTooBig;
  const std::size_t added = kEntryBytes + Padded(header_size) + Padded(body_size);
  const bool full = bytes() + added > kTargetFrameBytes || count() == kMaxFrameMessages;
  if (full && !empty()) return AddResult::kFull;
  lengths_.push_back(
      {static_cast<std::uint32_t>(header_size), static_cast<std::uint32_t>(body_size)});
  AppendPadded(message.header);
  AppendPadded(message.body);
  return AddResult::kAdded;
}

void BatchWriter::AppendPadded(Bytes part) {
  parts_.insert(parts_.end(), part.begin(), part.end());
  parts_.resize(Padded(parts_.size()));
}

Frame BatchWriter::Take() {
  ERIS_CHECK(!empty(), "an empty batch is not sent");
  const Prefix prefix{.magic = kMagic,
                      .version = kFrameVersion,
                      .zero = 0,
                      .count = static_cast<std::uint32_t>(lengths_.size()),
                      .zero_too = 0};
  Frame frame(bytes());
  std::byte* out = frame.data();
  std::memcpy(out, &prefix, sizeof prefix);
  out += sizeof prefix;
  for (const Lengths& lengths : lengths_) {
    std::memcpy(out, &lengths, sizeof lengths);
    out += sizeof lengths;
  }
  std::memcpy(out, parts_.data(), parts_.size());
  lengths_.clear();
  parts_.clear();
  return frame;
}

}  // namespace eris::link
