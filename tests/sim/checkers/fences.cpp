// D1, D3, D4: nothing is begun under an older epoch than the worker knew, of a grade that is not
// above all that were begun, or for a foreign journal; no epoch is used twice; and what a planner
// on an old or copied journal asks for is refused, never answered.
#include <algorithm>
#include <map>
#include <utility>

#include "tests/sim/checkers/all.h"

namespace eris::sim {
namespace {

class FenceChecker final : public Checker {
 public:
  using Checker::Checker;

  void OnJournaled(const Event& event) override {
    if (const auto* started = std::get_if<PlannerStarted>(&event.body)) {
      if (started->epoch <= epoch_) verdicts_.Report("fences", "an epoch is used twice");
      epoch_ = started->epoch;
    }
  }

  void OnWork(const WorkSeen& seen) override {
    const ItemId& id = seen.work.id;
    if (seen.serves && id.step.journal != seen.serves) {
      verdicts_.Report("fences", Describe(id) + " was begun for a foreign journal");
    }
    if (seen.work.mode == StartMode::kResumed) return;
    if (seen.delivered < seen.newest) {
      verdicts_.Report("fences", Describe(id) + " was begun under an old epoch");
    }
    Grade& highest = highest_[{seen.target, id.step}];
    if (id.grade < highest) {
      verdicts_.Report("fences", Describe(id) + " was begun after a higher grade");
    }
    if (id.grade == highest) verdicts_.Report("fences", Describe(id) + " was begun twice");
    highest = std::max(highest, id.grade);
  }

  void OnForeignAnswer(const ForeignAnswerSeen& seen) override {
    if (seen.verdict == Verdict::kRefused) return;
    verdicts_.Report("fences", Describe(seen.id) + " of a foreign planner was answered");
  }

 private:
  Epoch epoch_;
  std::map<std::pair<TargetName, StepId>, Grade> highest_;
};

}  // namespace

std::unique_ptr<Checker> MakeFenceChecker(const World& world, Verdicts& verdicts) {
  return std::make_unique<FenceChecker>(world, verdicts);
}

}  // namespace eris::sim
