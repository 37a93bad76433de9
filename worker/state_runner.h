// The part of a worker's items that is about snapshots, beside the modules' own work: bringing them
// from and to the depot, naming what a module took, choosing what it restores. Bytes are read and
// written by child processes; what one leaves unfinished is never a snapshot.
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "broker/link/loop.h"
#include "schema/values/work_item.h"
#include "worker/command_runner.h"

namespace eris {

struct StateRunnerOptions {
  std::filesystem::path dysnomia;   // the program
  std::filesystem::path state_dir;  // DYSNOMIA_STATEDIR: the store of this target
  std::filesystem::path
      depot_dir;                   // the depot's stores, one for each profile; empty: there is none
  std::filesystem::path work_dir;  // output of child processes
};

// Owned by the executor; uses the loop that outlives it.
class StateRunner {
 public:
  using Done = std::function<void(Outcome)>;

  StateRunner(StateRunnerOptions options, link::Loop& loop)
      : options_(std::move(options)), commands_(options_.work_dir, loop), loop_(loop) {}

  // Reports the snapshot as the receiver calls it. Running it again is safe.
  void Transfer(const ItemId& id, const TransferStateItem& item, Duration limit, Done done);
  // Checks the snapshot and makes it what the module's `restore` takes. Succeeds for an empty one.
  void Select(const ItemId& id, const RestoreItem& item, Done done);
  // Completes the outcome of a module's `snapshot`: what is the newest now.
  void NameTaken(const ItemId& id, const Activity& activity, Outcome outcome, Done done);

  void Stop(const ItemId& id);

 private:
  void Run(const ItemId& id, std::vector<std::string> words, Duration limit, Done done);

  StateRunnerOptions options_;
  CommandRunner commands_;
  link::Loop& loop_;
  std::map<ItemId, CommandRunner::Id> running_;
};

}  // namespace eris
