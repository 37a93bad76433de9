// A base is what a module took of a state while everything went on running: part of the increments
// that name it, and nothing that could be restored by itself. Its ID tells
// (docs/decisions/0015-bases-and-increments.md).
#pragma once

#include <algorithm>
#include <array>
#include <string_view>

namespace eris {

inline constexpr std::string_view kBasePrefix = "base-";
// The file in an increment that names its base.
inline constexpr std::string_view kIncrementOfFile = "increment-of";

// Of an ID, or of CONTAINER/COMPONENT/ID.
inline bool IsBaseSnapshot(std::string_view reference) {
  return reference.substr(reference.rfind('/') + 1).starts_with(kBasePrefix);
}

// Built-in modules that offer increments. One on a target that goes by such a name and offers none
// takes no base: then all is taken.
inline constexpr std::array<std::string_view, 1> kModulesWithIncrements{"fileset"};
inline bool OffersIncrements(std::string_view module) {
  return std::find(kModulesWithIncrements.begin(), kModulesWithIncrements.end(), module) !=
         kModulesWithIncrements.end();
}

}  // namespace eris
