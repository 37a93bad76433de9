// The state directory of `eris up`: which files are where, what is in the configuration files.
// Making it again changes nothing: keys, port and store stay.
//
//   DIR/client.toml             for `ERIS_CONFIG_DIR=DIR eris …`
//   DIR/client.key digest.key   of the client
//   DIR/keys/NAME.toml          the broker's keyring
//   DIR/broker/ planner/ builder/ targets/NAME/
//                               one daemon each: its configuration, key and state
//   DIR/run/NAME.pid DIR/log/NAME.log
//   DIR/nix/                    the store of --own-store
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "broker/link/curve.h"
#include "planner/up/supervisor.h"
#include "schema/base/error.h"
#include "schema/values/manifest.h"
#include "state/store_location.h"

namespace eris::up {

struct SitePlan {
  std::string directory;  // absolute
  std::string programs;   // directory of the executables
  std::string system;     // of this machine, for the builder
  std::map<TargetName, Target> targets;
  StoreLocation store;  // empty = Nix' own choice
};

struct Site {
  std::string endpoint;
  link::PublicKey server_key;
  link::CurveKeys client_keys;
  std::vector<ChildSpec> children;  // in the order of their start
  std::vector<std::string> queues;  // that must be served before it is ready
};

// Makes what is missing. kInvalid: a target whose name cannot be that of a file.
Result<Site> MakeSite(const SitePlan& plan);

// The Nix system of this machine: "x86_64-linux".
std::string MachineSystem();

// Ends what an earlier `eris up`, killed before it could, has left running: the process of
// `child`'s pid file, if it still is that program with that configuration. Blocks until it has
// ended.
Status EndLeftover(const ChildSpec& child);

}  // namespace eris::up
