#include "schema/codec/internal/input.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>

#include "schema/base/text.h"

namespace eris::codec {
namespace {

// Behind whole groups of bytes from `from` on that are ASCII and not NUL: nearly all text is.
std::size_t SkipPlain(std::string_view text, std::size_t from) {
  constexpr std::uint64_t kOnes = 0x0101010101010101;
  constexpr std::uint64_t kHighBits = kOnes << 7;
  for (std::uint64_t group = 0; text.size() - from >= sizeof group; from += sizeof group) {
    std::memcpy(&group, text.data() + from, sizeof group);
    const bool has_nul = ((group - kOnes) & ~group & kHighBits) != 0;
    if (has_nul || (group & kHighBits) != 0) break;
  }
  return from;
}

// Position of the first byte that is NUL or no UTF-8; size() when there is none.
std::size_t FirstBadByte(std::string_view text, std::size_t from) {
  from = SkipPlain(text, from);
  while (from < text.size()) {
    const std::size_t length = Utf8Length(text.substr(from));
    if (length == 0 || text[from] == '\0') break;
    from += length;
  }
  return from;
}

std::string_view View(capnp::Text::Reader text) { return {text.begin(), text.size()}; }

}  // namespace

void Input::Unimplemented(std::string_view what, std::uint16_t ordinal) {
  Fail("unimplemented: " + std::string(what) + " " + std::to_string(ordinal));
}

std::string Input::Bounded(capnp::Text::Reader text, std::size_t limit) {
  const std::string_view view = View(text);
  if (view.size() > limit) {
    Fail("a text of " + std::to_string(view.size()) + " bytes, at most " + std::to_string(limit) +
         " are allowed here");
    return {};
  }
  if (FirstBadByte(view, 0) != view.size()) {
    Fail("a text that is not UTF-8 or holds a NUL");
    return {};
  }
  return std::string(view);
}

std::string Input::Prose(capnp::Text::Reader text) {
  std::string repaired(View(text));
  for (std::size_t at = FirstBadByte(repaired, 0); at < repaired.size();
       at = FirstBadByte(repaired, at)) {
    repaired[at] = '?';
  }
  return repaired;
}

QueueName Input::Queue(capnp::Text::Reader text) {
  const std::string name = QueueText(text);
  std::optional<QueueName> queue = ParseQueueName(name);
  if (!queue) {
    Fail("'" + name + "' is not the name of a queue");
    return {};
  }
  return *std::move(queue);
}

SubmissionId Input::Submission(capnp::Text::Reader text) {
  constexpr std::size_t kLimit = 64;
  const auto is_safe = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '_' || c == '-';
  };
  const std::string_view view = View(text);
  if (view.size() > kLimit || !std::all_of(view.begin(), view.end(), is_safe)) {
    Fail("a submission id has 1 to 64 characters of A-Z a-z 0-9 . _ -");
    return {};
  }
  return SubmissionId(std::string(view));
}

std::string Input::Bytes(capnp::Data::Reader data, std::size_t limit) {
  if (data.size() > limit) {
    Fail(std::to_string(data.size()) + " bytes, at most " + std::to_string(limit) +
         " are allowed here");
    return {};
  }
  return std::string(data.asChars().begin(), data.size());
}

std::int64_t Input::Ms(std::int64_t value, std::int64_t least) {
  if (value >= least) return value;
  Fail("a duration of " + std::to_string(value) + " ms");
  return least;
}

}  // namespace eris::codec
