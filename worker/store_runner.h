// The part of a worker's items that is about the Nix store: building, rooting closures, the
// profile, collecting garbage. What blocks runs in child processes.
//
// A transfer first roots, which also checks that the paths are there: where target and planner
// share a store that is all. What is missing is fetched from the depot, and what was built for
// others is pushed to it.
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "broker/bulk/store_shelf.h"
#include "broker/link/loop.h"
#include "schema/values/work_item.h"
#include "state/profile.h"
#include "state/store_location.h"
#include "state/store_roots.h"
#include "worker/command_runner.h"
#include "worker/depot_client.h"

namespace eris {

struct StoreRunnerOptions {
  StoreLocation location;
  std::filesystem::path roots_dir;  // one directory a transaction below it
  std::filesystem::path profiles_dir;
  std::filesystem::path work_dir;    // output of child processes
  std::uint32_t max_build_jobs = 1;  // of Nix, at the same time
  Duration build_silence{600'000};   // a build that prints nothing for so long is ended
};

// Owned by the executor; uses the loop that outlives it.
class StoreRunner {
 public:
  using Done = std::function<void(Outcome)>;

  // An item and where its objects are to be had.
  struct ItemAt {
    ItemId id;
    DepotAccess depot;
  };

  StoreRunner(StoreRunnerOptions options, link::Loop& loop, DepotClient::Dial dial = {});
  ~StoreRunner();

  // Success is judged for each output.
  void Build(const ItemAt& at, const BuildItem& item, Done done);
  void Transfer(const ItemAt& at, const TransferItem& item, Done done);
  void SetProfile(const ItemId& id, const SetProfileItem& item, Done done);
  void Collect(const ItemId& id, const CollectItem& item, Done done);
  // Where the profile points to; empty when there is none.
  Result<StorePath> ProfileTarget(const ProfileName& name) const {
    return ProfileOf(name).Current();
  }

  void Stop(const ItemId& id);
  Status DropRoots(TransactionId transaction);
  // Drops those of all other transactions.
  Status KeepOnlyRoots(const std::set<TransactionId>& kept);

 private:
  using OnResult = std::function<void(CommandsResult)>;
  void Run(const ItemId& id, std::vector<std::vector<std::string>> commands, OnResult on_result);
  using OnFetched = std::function<void(Status)>;
  struct Moved {  // between this store and the depot
    BulkOpen::Direction direction;
    const std::vector<StorePath>& paths;
    std::vector<std::string> substituters{};  // asked before the depot
  };
  void Ask(const ItemAt& at, const Moved& moved, OnFetched on_end);
  void Realise(const ItemAt& at, const BuildItem& item, Done done);
  void Push(const ItemAt& at, Outcome outcome, const Done& done);
  // To the planner, once `root` has made sure that they are here.
  void Bring(const ItemAt& at, const std::vector<StorePath>& paths,
             const std::function<void(OnResult)>& root, const Done& done);
  void JudgeBuild(const ItemId& id, const BuildItem& item, const CommandsResult& built,
                  const Done& done);
  std::filesystem::path RootsOf(const ItemId& id) const;
  std::filesystem::path RootsOf(TransactionId transaction) const;
  // False: Nix has to.
  bool RootWithoutNix(const ItemId& id, const StoreRoot& wanted);
  Profile ProfileOf(const ProfileName& name) const {
    return {options_.profiles_dir.string(), name.text};
  }

  StoreRunnerOptions options_;
  link::Loop& loop_;
  CommandRunner commands_;
  std::vector<std::string> environment_;
  std::map<ItemId, CommandRunner::Id> running_;
  // Of items that the depot is asked for; they protect what has come until it is rooted.
  std::map<ItemId, std::unique_ptr<bulk::StoreShelf>> shelves_;
  std::optional<DepotClient> depot_;
  std::optional<std::string> collectors_links_;  // once it is known
};

}  // namespace eris
