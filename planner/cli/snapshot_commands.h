// What the commands about snapshots were asked for: a part of call.h.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "planner/cli/call_arguments.h"
#include "schema/values/ids.h"
#include "schema/values/request.h"
#include "schema/values/submission.h"

namespace eris::cli {

// Work on states: snapshot, restore, migrate, delete-state.
struct StateCommand {
  StateOperation operation;
  // Whoever names nothing says so: kAllServices.
  enum class Scope : std::uint8_t { kNamed, kAllServices } scope = Scope::kNamed;
  TransactionRef set;  // restore: the backup that is brought back; empty = the newest of each
  enum class Doing : std::uint8_t { kDoing, kShowing } doing = Doing::kDoing;
  SubmitArguments submit;
  bool operator==(const StateCommand&) const = default;
};

// Snapshots in a store of this machine: the depot's, or a target's. Needs no broker unless it is
// asked for those of a service or a target: stores know containers and components.
struct SnapshotsCommand {
  enum class Job : std::uint8_t {
    kList,
    kShow,
    kVerify,
    kExport,
    kImport,
    kClean
  } job = Job::kList;
  std::string store;      // a state directory; empty = the depot's, of the profile
  std::string reference;  // CONTAINER/COMPONENT/ID; without ID: the newest
  std::string file;       // a tar archive, or a directory
  std::string container;  // only these; empty = all
  std::string component;
  ServiceName service;  // of what it is now
  TargetName target;    // of what is there now
  enum class Which : std::uint8_t { kNewest, kAll } which = Which::kNewest;
  std::uint32_t keep = 1;
  bool operator==(const SnapshotsCommand&) const = default;
};

}  // namespace eris::cli
