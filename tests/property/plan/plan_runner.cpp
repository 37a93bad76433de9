#include "tests/property/plan/plan_runner.h"

#include <algorithm>
#include <cstdint>

namespace eris::testing {
namespace {

enum class Progress : std::uint8_t { kWaiting, kInFlight, kSucceeded, kRefused, kHeldBack };

// Ready by the letter of docs/decisions/0001: quadratic, and obviously so.
bool IsReady(const Plan& plan, const std::vector<Progress>& progress, std::size_t index) {
  if (progress[index] != Progress::kWaiting) return false;
  for (const ItemIndex before : plan.items[index].after) {
    if (progress[before.value] != Progress::kSucceeded) return false;
  }
  for (std::size_t other = 0; other < index; ++other) {
    if (plan.items[other].stage < plan.items[index].stage &&
        progress[other] != Progress::kSucceeded) {
      return false;
    }
  }
  return true;
}

std::vector<std::size_t> All(const std::vector<Progress>& progress, Progress wanted) {
  std::vector<std::size_t> found;
  for (std::size_t i = 0; i < progress.size(); ++i) {
    if (progress[i] == wanted) found.push_back(i);
  }
  return found;
}

class BackwardRun {
 public:
  BackwardRun(const Plan& plan, const std::vector<InverseStep>& steps)
      : plan_(plan), steps_(steps), progress_(steps.size(), Progress::kWaiting) {
    place_.resize(plan.items.size());
    for (std::size_t i = 0; i < steps.size(); ++i) place_[steps[i].item.value] = i;
  }

  bool IsSettled(std::size_t i) const {
    return progress_[i] != Progress::kWaiting && progress_[i] != Progress::kInFlight;
  }

  // Marks what can never begin; returns what can begin now.
  std::vector<std::size_t> Ready() {
    std::vector<std::size_t> ready;
    for (std::size_t i = 0; i < steps_.size(); ++i) {
      if (progress_[i] != Progress::kWaiting) continue;
      bool waits = false;
      for (const ItemIndex before : steps_[i].after) {
        const Progress other = progress_[place_[before.value]];
        if (other == Progress::kRefused || other == Progress::kHeldBack) {
          progress_[i] = Progress::kHeldBack;
        }
        waits |= other != Progress::kSucceeded;
      }
      for (std::size_t other = 0; other < steps_.size(); ++other) {
        waits |= steps_[other].stage > steps_[i].stage && !IsSettled(other);
      }
      if (progress_[i] == Progress::kWaiting && !waits) ready.push_back(i);
    }
    return ready;
  }

  std::vector<Progress>& progress() { return progress_; }
  const PlanItem& ItemOf(std::size_t i) const { return plan_.items[steps_[i].item.value]; }

  std::vector<ItemIndex> ItemsThat(Progress wanted) const {
    std::vector<ItemIndex> items;
    for (const std::size_t i : All(progress_, wanted)) items.push_back(steps_[i].item);
    return items;
  }

 private:
  const Plan& plan_;
  const std::vector<InverseStep>& steps_;
  std::vector<Progress> progress_;
  std::vector<std::size_t> place_;  // of an item in steps_
};

}  // namespace

StepEffects RunForward(const Plan& plan, World& world, RandomSource& random, std::size_t turns) {
  std::vector<Progress> progress(plan.items.size(), Progress::kWaiting);
  world.Expect(plan);
  for (; turns > 0; --turns) {
    std::vector<std::size_t> ready;
    for (std::size_t i = 0; i < plan.items.size(); ++i) {
      if (IsReady(plan, progress, i)) ready.push_back(i);
    }
    const std::vector<std::size_t> in_flight = All(progress, Progress::kInFlight);
    if (ready.empty() && in_flight.empty()) break;
    const std::size_t pick = Below(random, ready.size() + in_flight.size());
    if (pick < ready.size()) {
      progress[ready[pick]] = Progress::kInFlight;
      world.Begin(plan.items[ready[pick]].queue, plan.items[ready[pick]].body);
    } else {
      const std::size_t index = in_flight[pick - ready.size()];
      progress[index] = Progress::kSucceeded;
      world.End(plan.items[index].queue, plan.items[index].body, Effect::kHappens);
    }
  }
  StepEffects effects(plan.items.size(), StepEffect::kNone);
  for (std::size_t i = 0; i < plan.items.size(); ++i) {
    if (progress[i] == Progress::kWaiting) continue;
    effects[i] = StepEffect::kPossible;
    if (progress[i] != Progress::kInFlight) continue;
    world.End(plan.items[i].queue, plan.items[i].body,
              Below(random, 2) == 0 ? Effect::kHappens : Effect::kDoesNotHappen);
  }
  return effects;
}

BackwardResult RunBackward(const Plan& plan, const StepEffects& effects, World& world,
                           RandomSource& random,
                           const std::function<bool(const PlanItem&)>& refuses) {
  const std::vector<InverseStep> steps = RollbackOf(plan, effects);
  world.TurnBack();
  BackwardRun run(plan, steps);
  for (;;) {
    const std::vector<std::size_t> ready = run.Ready();
    const std::vector<std::size_t> in_flight = All(run.progress(), Progress::kInFlight);
    if (ready.empty() && in_flight.empty()) break;
    const std::size_t pick = Below(random, ready.size() + in_flight.size());
    if (pick < ready.size()) {
      run.progress()[ready[pick]] = Progress::kInFlight;
      world.Begin(run.ItemOf(ready[pick]).queue, *run.ItemOf(ready[pick]).inverse);
      continue;
    }
    const std::size_t i = in_flight[pick - ready.size()];
    const bool refused = refuses(run.ItemOf(i));
    run.progress()[i] = refused ? Progress::kRefused : Progress::kSucceeded;
    world.End(run.ItemOf(i).queue, *run.ItemOf(i).inverse,
              refused ? Effect::kDoesNotHappen : Effect::kHappens);
  }
  return {.refused = run.ItemsThat(Progress::kRefused),
          .held_back = run.ItemsThat(Progress::kHeldBack)};
}

}  // namespace eris::testing
