// Roots of the garbage collector that are made without Nix: links that the store's collector is
// told of. To start nix-store for one costs more than all else that a profile's switch does.
//
// Nix (manual of nix-store, --add-root) keeps a root outside of its own directories as two links:
// the root itself, which points to the store path, and one in STATE/gcroots/auto that points to the
// root. The collector takes the path from there, and removes the second link when the first one is
// gone. What Nix does besides only protects a path that nothing rooted before.
#pragma once

#include <optional>
#include <string>

#include "schema/base/error.h"
#include "schema/values/ids.h"

namespace eris {

// A link (absolute), and the store path that it keeps.
struct StoreRoot {
  std::string root;
  StorePath path;
};

// Where the collector finds roots that are elsewhere: STATE/gcroots/auto, with Nix' own default for
// an empty `state_dir`. Proved, not guessed: among its links is one to `known_root`, a root that
// Nix has made in the same store. Absent when there is none. Reads the whole directory.
std::optional<std::string> FindCollectorsLinks(const std::string& state_dir,
                                               const std::string& known_root);

// Makes the root and the collector's link to it. Precondition: something else roots the path until
// this returns. After a failure there may be a link that keeps nothing.
Status AddRoot(const std::string& collectors_links, const StoreRoot& wanted);

}  // namespace eris
