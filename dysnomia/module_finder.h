// Finds the module that a type names, and says which activities it implements. Reads the file
// system; runs nothing.
//
// A type is looked for in this order; the first that exists wins:
//   1. an absolute path or one that begins with "./": a file is the module itself, in a directory
//   it is the
//      only executable below libexec/dysnomia (a provider's package),
//   2. DIR/TYPE for each directory of the modules path (DYSNOMIA_MODULES_PATH): a user's module
//   overrides
//      a built-in one of the same name, as with Dysnomia,
//   3. the built-in modules.
//
// A foreign module is taken to implement all activities but status, for a shell script that does
// not know an activity exits with success. One that wants to say more has a file MODULE.activities
// beside it: the words of the activities it implements, separated by blanks or newlines; "#" begins
// a comment.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "dysnomia/activity.h"
#include "schema/base/error.h"

namespace eris::dysnomia {

struct FoundModule {
  std::string type;            // what it was asked for by; its own name when it was a path
  std::filesystem::path path;  // of the executable; empty for a built-in module
  ActivitySet activities;

  bool IsBuiltIn() const { return path.empty(); }
};

// Whether what a user calls a module or a container says itself where it is, and is not searched
// for.
bool IsPath(std::string_view name);

// Splits "a:b:c"; empty entries are dropped.
std::vector<std::filesystem::path> SplitSearchPath(std::string_view text);

// kNotFound, with the places that were searched; kInvalid when a directory holds several modules, a
// type has a strange name or a declaration names an unknown activity.
Result<FoundModule> FindModule(std::string_view type,
                               const std::vector<std::filesystem::path>& modules_path);

}  // namespace eris::dysnomia
