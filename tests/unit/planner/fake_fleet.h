// Targets and builders in memory that answer work items as workers do: with leases, locks, grades
// and a ledger. A test scripts what goes wrong.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "planner/effect.h"
#include "schema/values/ids.h"
#include "schema/values/work_item.h"

namespace eris::planner::testing {

class FakeFleet {
 public:
  struct Target {
    StorePath profile;
    std::set<ActiveMapping> active;
    std::set<std::string> locked;  // names of services
    TransactionId lease;
    bool confirmed = false;
    bool connected = true;
    TransactionId low_water;
    std::map<std::string, std::string> states;  // what there is to take, by name of service
    bool operator==(const Target&) const = default;
  };
  struct Answer {
    std::string queue;
    ItemOutcome outcome;
  };
  // Overrides what an item would do. Called once an attempt that is run for the first time.
  using Script = std::function<std::optional<Outcome>(const WorkItem& item, Target& target)>;

  void Deliver(const PublishItem& publish);
  // Runs the oldest item of a connected queue; nothing when none is left.
  std::optional<Answer> RunNext();
  bool idle() const;

  Target& target(const std::string& name) { return targets_[name]; }
  const std::map<std::string, Target>& targets() const { return targets_; }
  std::vector<std::string> queues() const;
  bool IsConnected(const std::string& queue) const;
  void AddBuilder(const std::string& system) { builders_.insert("builder." + system); }
  void Connect(const std::string& name) { targets_[name].connected = true; }
  void Disconnect(const std::string& name) { targets_[name].connected = false; }
  void ForgetQueued() { queued_.clear(); }  // the broker has restarted
  void SetScript(Script script) { script_ = std::move(script); }

  // Every attempt that was run, in order, as "activate web 1" or "deactivate web -1".
  const std::vector<std::string>& log() const { return log_; }

 private:
  struct Step {
    Grade highest;
    std::map<Grade, Outcome> outcomes;
  };
  Outcome Run(const WorkItem& item, Target& target);
  Outcome Perform(const WorkItem& item, Target& target);
  Outcome TransferState(const TransferStateItem& item);

  std::map<std::string, Target> targets_;
  std::set<std::string> builders_;
  std::deque<PublishItem> queued_;
  std::map<std::string, std::string> depot_;  // the newest state, by name of service
  std::map<std::string, std::map<StepId, Step>> ledgers_;
  std::vector<std::string> log_;
  Script script_;
};

// What an item does to what: "activate web", "lock lease", "setProfile".
std::string Describe(const ItemBody& body);
Outcome Says(Verdict verdict, std::string message = {});

}  // namespace eris::planner::testing
