// What a worker is told by its configuration file (worker.toml; docs/manual/configuration.md).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "schema/base/error.h"
#include "schema/values/plan.h"
#include "state/store_location.h"

namespace eris {

struct WorkerConfig {
  std::string name;                  // for logs and people
  std::string state_dir;             // ledger, attempts, profiles, roots, Dysnomia's state
  std::string endpoint;              // of the broker
  std::string server_key;            // its public key
  std::string key_file;              // our own keys
  std::vector<std::string> targets;  // served targets; at least one of these two lists has an entry
  std::vector<std::string> systems;  // Nix systems this worker builds for
  std::uint32_t num_of_cores = 1;
  std::uint32_t max_transfers = 2;
  std::string dysnomia;         // the program; default: beside this one
  std::string depot_dir;        // of snapshots, where one file system reaches it; default: none
  std::string disnix_profiles;  // where Disnix keeps its profiles here; default: below Nix' own
  std::string secrets_dir;      // default: STATE_DIR/secrets
  std::string log_file;         // default: standard error
  StoreLocation store;          // default: Nix' own choice
};

Result<WorkerConfig> LoadWorkerConfig(const std::string& path);

// What it serves: its targets, then its systems.
std::vector<QueueName> QueuesOf(const WorkerConfig& config);

}  // namespace eris
