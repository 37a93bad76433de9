// What the planner itself does to the depot's stores of snapshots: old generations go when a
// command says so, and bases once nobody needs them. By `dysnomia --snapshots` in child processes.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "broker/link/loop.h"
#include "broker/link/piped_program.h"
#include "schema/values/work_item.h"

namespace eris::planner {

// Owned by the daemon; uses the loop that outlives it.
class DepotKeeper {
 public:
  struct Options {
    std::filesystem::path dysnomia;   // the program
    std::filesystem::path snapshots;  // a store for each profile
  };
  // From the loop.
  using Done = std::function<void(const ItemId& item, Outcome outcome)>;

  DepotKeeper(Options options, link::Loop& loop, Done done);

  // Nothing happens when the item is being done: it is published again after each loss of the
  // broker.
  void Perform(const WorkItem& item, const ProfileName& profile);
  // Of all profiles, those that no snapshot and no open transaction needs.
  void DropBases();

 private:
  using OnEnd = std::function<void(const Status& status, const std::string& printed)>;
  struct Running {
    std::unique_ptr<link::PipedProgram> program;
    std::string printed;
    OnEnd on_end;
  };
  void EndLater(std::uint64_t number, Duration delay, const Status& status);
  void Run(const std::vector<std::string>& words, OnEnd on_end);
  void Finish(const ItemId& item, Outcome outcome);

  Options options_;
  link::Loop& loop_;
  Done done_;
  std::map<std::uint64_t, Running> running_;
  std::uint64_t last_ = 0;
  std::set<ItemId> items_;  // being done
  std::shared_ptr<bool> alive_;
};

}  // namespace eris::planner
