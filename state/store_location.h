// Which Nix store a process works with, as Nix itself is told: by environment variables. Nothing in
// Eris assumes a place of the store.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "schema/base/error.h"

namespace eris {

class Settings;

// A value. An empty member leaves the choice to Nix (its own environment, or what it was built
// with).
struct StoreLocation {
  std::string store_dir;  // NIX_STORE_DIR
  std::string state_dir;  // NIX_STATE_DIR
  std::string log_dir;    // NIX_LOG_DIR
  std::string conf_dir;   // NIX_CONF_DIR
  std::string remote;     // NIX_REMOTE; "local" = without a daemon
  bool operator==(const StoreLocation&) const = default;
};

// What the variables of `environment` ("NAME=VALUE") say.
StoreLocation StoreLocationFrom(std::span<const std::string> environment);

// What a daemon's configuration says: store.dir, store.state_dir, store.log_dir, store.conf_dir and
// store.remote.
Result<StoreLocation> StoreLocationFrom(const Settings& settings);

// A store below `directory`, which no other program uses (`eris up --own-store`). Precondition:
// `directory` is absolute and leads over no symbolic link (Nix refuses those).
StoreLocation OwnStoreBelow(const std::string& directory);

// Makes the directories of an own store and a nix.conf that needs neither build users nor a
// network. An existing nix.conf is left alone: it is the user's to change.
Status PrepareOwnStore(const StoreLocation& location);

// `environment` with the location's variables set in it: for child processes that run Nix.
std::vector<std::string> WithStore(std::span<const std::string> environment,
                                   const StoreLocation& location);

}  // namespace eris
