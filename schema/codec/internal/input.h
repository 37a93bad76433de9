// Input: what decoding has found wrong with a message, and the checked reading of single fields.
// Private to schema/codec.
#pragma once

#include <capnp/blob.h>
#include <capnp/common.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "schema/codec/internal/enums.h"
#include "schema/values/ids.h"
#include "schema/values/plan.h"

namespace eris::codec {

// Collects the first problem of one message; reading goes on with harmless values. Lives as long
// as one Decode.
class Input {
 public:
  bool ok() const { return problem_.empty(); }
  const std::string& problem() const { return problem_; }
  void Fail(std::string problem) {
    if (problem_.empty()) problem_ = std::move(problem);
  }
  // An enumerant or union member that this version does not know.
  void Unimplemented(std::string_view what, std::uint16_t ordinal);

  // Text to the letter: UTF-8, no NUL, bounded.
  std::string Name(capnp::Text::Reader text) { return Bounded(text, limits::kNameBytes); }
  std::string Path(capnp::Text::Reader text) { return Bounded(text, kPathBytes); }
  std::string Text(capnp::Text::Reader text) { return Bounded(text, SIZE_MAX); }
  // Text for people: what is not UTF-8 becomes '?', because logs may hold anything.
  std::string Prose(capnp::Text::Reader text);
  // "target.NAME" or "builder.SYSTEM"; may be empty where the caller allows it.
  std::string QueueText(capnp::Text::Reader text) { return Bounded(text, kQueueBytes); }
  QueueName Queue(capnp::Text::Reader text);
  // Safe as a file name; may be empty where the caller allows it.
  SubmissionId Submission(capnp::Text::Reader text);
  std::string Bytes(capnp::Data::Reader data, std::size_t limit);
  // Milliseconds, at least `least`.
  std::int64_t Ms(std::int64_t value, std::int64_t least = 0);

  template <typename Value>
  Value Enum(typename WireEnum<Value>::Wire wire) {
    const auto ordinal = static_cast<std::uint16_t>(wire);
    if (ordinal == 0 || ordinal > WireEnum<Value>::kLastOrdinal) {
      Unimplemented(WireEnum<Value>::kName, ordinal);
      return Value{};
    }
    return static_cast<Value>(ordinal - WireEnum<Value>::kOffset);
  }

  static constexpr std::size_t kPathBytes = 4096;
  static constexpr std::size_t kQueueBytes = limits::kNameBytes + sizeof("builder.") - 1;

 private:
  std::string Bounded(capnp::Text::Reader text, std::size_t limit);

  std::string problem_;
};

}  // namespace eris::codec
