// A base is what a module took of a state while everything went on running: part of the increments
// that name it, and nothing that could be restored by itself. Its ID tells
// (docs/decisions/0015-bases-and-increments.md).
#pragma once

#include <string_view>

namespace eris {

inline constexpr std::string_view kBasePrefix = "base-";

// Of an ID, or of CONTAINER/COMPONENT/ID.
inline bool IsBaseSnapshot(std::string_view reference) {
  return reference.substr(reference.rfind('/') + 1).starts_with(kBasePrefix);
}

}  // namespace eris
