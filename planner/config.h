// What a planner is told by its configuration file (planner.toml; docs/manual/configuration.md).
#pragma once

#include <cstdint>
#include <string>

#include "planner/upkeep.h"
#include "schema/base/error.h"
#include "state/store_location.h"

namespace eris::planner {

struct PlannerConfig {
  std::string name;             // for logs and people; default: "planner"
  std::string state_dir;        // journal and roots
  std::string endpoint;         // of the broker
  std::string server_key;       // its public key
  std::string key_file;         // our own keys
  Upkeep upkeep;                // what the journal keeps that nobody needs
  std::string log_file;         // default: standard error
  StoreLocation store;          // default: Nix' own choice
  std::string depot_listen;     // endpoint of the depot; empty = everybody shares one store
  std::string depot_advertise;  // as workers dial it; default: where it listens
};

Result<PlannerConfig> LoadPlannerConfig(const std::string& path);

}  // namespace eris::planner
