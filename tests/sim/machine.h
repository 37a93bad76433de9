// The machine below a worker: it runs activities, which take time, may fail, hang or die, and live
// on when the worker dies (design D8); what they leave behind is found by the next worker. Plays
// the executor and everything below it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>

#include "schema/values/ledger.h"
#include "schema/values/work_item.h"
#include "tests/sim/process.h"
#include "worker/agent.h"

namespace eris::sim {

// What is planted in the scenario: these packages never start, forwards.
struct MachineOptions {
  TargetName target;
  std::set<StorePath> broken;
  bool has_status = true;  // modules can tell whether their component is active
};

// Owned by the simulation; a worker attaches to it and is told of ends while it is attached.
class Machine {
 public:
  struct Worker {
    std::function<void(const ItemId&, Outcome)> done;
    std::function<const LedgerState&()> ledger;
  };

  Machine(Context& context, MachineOptions options);

  void Attach(Worker worker);
  void Detach();

  // ---- what an executor does; completions come later, never from within ----
  void Start(const StartWork& work);
  void Stop(const ItemId& id);
  void Forget(const ItemId& id);
  void DropRootsOf(TransactionId transaction);
  void KeepOnlyRoots(const std::map<TransactionId, std::set<StorePath>>& kept);

  // What nothing keeps is gone: anybody may collect garbage at any time.
  void CollectGarbage();

  const TargetName& target() const { return options_.target; }

 private:
  enum class Fate : std::uint8_t { kSucceeds, kFails, kHangs, kDies };
  struct Attempt {
    ItemBody body;
    SteadyTime deadline;
    std::size_t part = 0;     // of its activities: the one that runs
    std::uint64_t stage = 0;  // what was planned for an earlier one is void
    bool effect_due = false;  // the running activity has not taken effect yet
    bool stopped = false;
    std::string taken;               // the snapshot
    std::optional<Outcome> outcome;  // left behind: it has ended
  };

  // ---- what the worker's own process does, and loses when it dies ----
  void StartControl(const StartWork& work);
  Outcome EndControl(const StartWork& work);
  void Transfer(const StartWork& work, const TransferItem& transfer);
  Outcome TransferState(const TransferStateItem& transfer);
  TargetReport Report(const ProfileName& profile) const;

  // ---- activities ----
  void Resume(const StartWork& work);
  void RunActivities(const StartWork& work);
  void RunPart(const ItemId& id);
  void EndPart(const ItemId& id, Fate fate);
  void End(const ItemId& id, Outcome outcome);
  void Die(const ItemId& id);
  void Judge(const StartWork& work);
  Fate FateOf(const ItemId& id, const ItemBody& body, const Activity& activity);
  void TakeEffect(const ItemId& id);
  void TakeEffectOnState(Attempt& attempt, const Seat& seat);
  bool IsReached(const ItemBody& body) const;
  // To the worker that awaits it, if there is one.
  void Tell(const ItemId& id, Outcome outcome, Duration delay);
  // Of the attempt, unless it has moved on meanwhile.
  void AfterOf(const ItemId& id, Duration delay, std::function<void()> action);

  Context& context_;
  MachineOptions options_;
  std::optional<Worker> worker_;
  std::uint64_t worker_life_ = 0;
  std::set<ItemId> awaited_;  // by this worker: it started or resumed them
  std::uint64_t next_stage_ = 1;
  std::map<ItemId, Attempt> attempts_;
};

}  // namespace eris::sim
