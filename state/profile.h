// A target's profile: a symbolic link to the store path that the target runs, with numbered
// generations beside it, as nix-env keeps them. Owns the links; what they point to is Nix'.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "schema/base/error.h"
#include "schema/values/ids.h"
#include "state/nix_commands.h"

namespace eris {

// A value: DIRECTORY/NAME -> NAME-N-link -> store path. The number N is the profile's own; it says
// nothing about generations of Eris. One writer at a time (the worker).
//
// Switching is three steps, because the second one may be a child process:
//   1. Next(path): nothing to do, or the link to make,
//   2. run `command`: Nix makes the link and registers it as a root; where something else roots the
//      path, AddRoot (store_roots.h) does the same,
//   3. Activate(link): the profile points to it from one moment to the next, also after a crash.
class Profile {
 public:
  // `directory` absolute; made when the first generation is. `name` comes from outside: every
  // method but Generations fails with kInvalid when it would leave the directory.
  Profile(std::string directory, std::string name);

  // Where it points to; empty when it does not exist.
  Result<StorePath> Current() const;

  struct Switch {
    std::string link;    // name of the generation's link; empty: it points there already
    NixCommand command;  // to be run before Activate
  };
  Result<Switch> Next(const StorePath& path) const;
  Status Activate(const std::string& link) const;
  // The profile is gone; its generations stay until DeleteOldGenerations.
  Status Remove() const;
  // All generations but the current one and the `keep` newest. Their paths lose this protection.
  Status DeleteOldGenerations(std::size_t keep) const;
  // Ascending.
  Result<std::vector<std::uint64_t>> Generations() const;

  std::string path() const { return directory_ + "/" + name_; }
  // Of a generation's link.
  std::string PathOf(const std::string& link) const { return directory_ + "/" + link; }

 private:
  Status CheckName() const;
  std::string LinkName(std::uint64_t number) const;
  Result<std::string> CurrentLink() const;  // name of the generation's link; empty: none

  std::string directory_;
  std::string name_;
};

}  // namespace eris
