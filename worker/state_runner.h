// The part of a worker's items that is about snapshots, beside the modules' own work: bringing them
// from and to the depot, naming what a module took, choosing what it restores. Bytes are read and
// written by child processes; what one leaves unfinished is never a snapshot.
//
// The depot is the planner's, reached over the network by what an item carries. Where planner and
// workers share a machine it may be a directory instead, and snapshots are copied.
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "broker/bulk/snapshot_shelf.h"
#include "broker/link/loop.h"
#include "schema/values/work_item.h"
#include "worker/command_runner.h"
#include "worker/depot_client.h"

namespace eris {

struct StateRunnerOptions {
  std::filesystem::path dysnomia;   // the program
  std::filesystem::path state_dir;  // DYSNOMIA_STATEDIR: the store of this target
  std::filesystem::path depot_dir;  // the depot's stores, one for each profile; empty: by network
  std::filesystem::path work_dir;   // output of child processes
};

// Owned by the executor; uses the loop that outlives it.
class StateRunner {
 public:
  using Done = std::function<void(Outcome)>;

  // An item and where its snapshot is to be had or brought.
  struct ItemAt {
    ItemId id;
    DepotAccess depot;
  };

  // Without `dial` no depot is ever asked.
  StateRunner(StateRunnerOptions options, link::Loop& loop, DepotClient::Dial dial);

  // Reports the snapshot as the receiver calls it. Running it again is safe.
  void Transfer(const ItemAt& at, const TransferStateItem& item, Duration limit, Done done);
  // Checks the snapshot and makes it what the module's `restore` takes. Succeeds for an empty one;
  // a base alone is refused.
  void Select(const ItemId& id, const RestoreItem& item, Done done);
  // Completes the outcome of a module's `snapshot`: what is the newest now.
  void NameTaken(const ItemId& id, const SnapshotItem& item, Outcome outcome, Done done);

  // No retention takes away what came or was taken here for a transaction, until it is dropped.
  Status DropNeeds(const std::function<bool(TransactionId)>& is_meant);

  // Deletes the bases that nothing needs any more; nobody waits for it.
  void DropBases();

  // Old generations in the store of this target; reports what that frees.
  void Clean(const ItemId& id, const CollectItem& item, Done done);

  void Stop(const ItemId& id);

 private:
  void Run(const ItemId& id, std::vector<std::string> words, Duration limit, Done done);
  void Later(Done done, Outcome outcome);
  // Adds what the outcome reports to what its transaction needs of this target's store.
  Outcome Needed(const ItemId& id, Outcome outcome) const;
  void Travel(const ItemAt& at, const TransferStateItem& item, Done done);
  // The snapshot that has travelled, as this end calls it.
  void OnTravelled(const ItemId& id, const Status& status, Done done);

  StateRunnerOptions options_;
  CommandRunner commands_;
  link::Loop& loop_;
  std::map<ItemId, CommandRunner::Id> running_;
  struct Travelling {
    std::unique_ptr<bulk::SnapshotShelf> shelf;
    std::set<std::string> seen = {};  // names, as they travel
    std::string reference = {};       // the last of them, as it is called here
  };
  std::map<ItemId, Travelling> travelling_;
  std::optional<DepotClient> depot_;
};

}  // namespace eris
