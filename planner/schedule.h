// Order of execution: which steps may start, given what became of others. Pure and incremental: the
// cost of settling a step is its number of dependents, never the size of the plan.
//
// It knows edges and stages only. Phases, queues, attempts and time belong to the transaction.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "planner/plan/rollback.h"
#include "schema/values/ids.h"
#include "schema/values/plan.h"

namespace eris::planner {

// Owned by a transaction; one for the way forward, one for the way back, and one for each target
// whose part waits for its return.
//
// Invariants: (1) a step becomes ready once, after all steps it is ordered after have succeeded (or
// were left) and all steps of earlier stages are settled; (2) what is ordered after a failed step,
// directly or not, is held back and never becomes ready; (3) a settled step stays settled.
class Schedule {
 public:
  struct Step {
    ItemIndex item;
    std::uint32_t stage = 0;       // of the plan
    std::vector<ItemIndex> after;  // of this schedule's items; others count as succeeded
  };
  enum class Standing : std::uint8_t {
    kAbsent,   // not in this schedule
    kBlocked,  // waits for others
    kReady,    // has been handed out by TakeReady
    kSucceeded,
    kFailed,
    kHeldBack,  // ordered after one that failed
    kLeft,      // nobody waits for it any more: it counts as succeeded
  };

  Schedule() = default;
  // Steps in an order of execution: stages never go back (they only grow, or only shrink), and
  // `after` names earlier steps.
  explicit Schedule(std::vector<Step> steps);
  static Schedule Forward(const Plan& plan);
  static Schedule Backward(std::span<const InverseStep> steps);

  // Opens stages up to and including `stage`, one after the other as each gets settled.
  void OpenThrough(std::uint32_t stage);
  void OpenAll();

  // Precondition: the step is in the schedule and not settled.
  void Succeed(ItemIndex item) { Settle(item, Standing::kSucceeded); }
  // Returns what is held back by it.
  std::vector<ItemIndex> Fail(ItemIndex item);
  void Leave(ItemIndex item) { Settle(item, Standing::kLeft); }

  // What became ready since the last call, ascending by place in the order.
  std::vector<ItemIndex> TakeReady();

  Standing StandingOf(ItemIndex item) const;
  bool IsSettled(ItemIndex item) const { return StandingOf(item) > Standing::kReady; }
  // Everything that has been opened is settled, and nothing waits to be taken.
  bool opened_is_settled() const { return open_unsettled_ == 0; }
  bool settled() const { return unsettled_ == 0; }
  std::size_t size() const { return items_.size(); }
  std::size_t unsettled() const { return unsettled_; }
  // All items, in the order of execution.
  std::span<const ItemIndex> items() const { return items_; }

 private:
  struct Stage {
    std::uint32_t number;
    std::uint32_t end;        // one behind its last position
    std::uint32_t unsettled;  // of its steps
  };

  std::uint32_t PositionOf(ItemIndex item) const;
  std::uint32_t UnsettledPositionOf(ItemIndex item) const;
  void Settle(ItemIndex item, Standing standing);
  void SettleAt(std::uint32_t position, Standing standing);
  std::vector<ItemIndex> HoldBackAfter(std::uint32_t position);
  void OpenStages();

  std::vector<ItemIndex> items_;               // by position
  std::vector<std::uint32_t> positions_;       // by item index; kNowhere
  std::vector<Standing> standing_;             // by position
  std::vector<std::uint32_t> stage_of_;        // by position: index into stages_
  std::vector<std::uint32_t> missing_;         // by position: unmet edges
  std::vector<std::uint32_t> first_follower_;  // by position, one more than steps: into followers_
  std::vector<std::uint32_t> followers_;       // positions
  std::vector<Stage> stages_;
  std::vector<ItemIndex> ready_;
  std::size_t opened_ = 0;  // stages that are open
  std::size_t limit_ = 0;   // stages that may be open
  std::size_t unsettled_ = 0;
  std::size_t open_unsettled_ = 0;
};

}  // namespace eris::planner
