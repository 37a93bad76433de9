// Small helpers on text that the standard library lacks. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "schema/base/error.h"

namespace eris {

// The parts between separators, empty ones kept: "a,,b" has three, "" has one. Views into `text`.
std::vector<std::string_view> Split(std::string_view text, char separator);

std::string Join(std::span<const std::string> parts, std::string_view separator);

// Without blanks, tabs and line ends at both ends. A view into `text`.
std::string_view Trim(std::string_view text);

// Whether `name` can be an entry of a directory and nothing else: not empty, not "." or "..", no
// '/', no NUL, at most 255 bytes. Names from models and from the network become paths only after
// this.
bool IsSafeFileName(std::string_view name);

// Length of the UTF-8 sequence at the start of `text` (RFC 3629: no overlong forms, no surrogates),
// 0 when it is none. Precondition: not empty.
std::size_t Utf8Length(std::string_view text);

// For people's terminals: what is no UTF-8, and control characters but line end and tab, become
// '?'. What is printed may quote input that nobody vouches for.
std::string Printable(std::string_view text);

// A decimal number that is the whole text; no sign, no blanks, no overflow.
Result<std::uint64_t> ParseUnsigned(std::string_view text);

}  // namespace eris
