#include "planner/plan/rollback.h"

#include <algorithm>
#include <cstddef>

#include "schema/base/check.h"

namespace eris {

std::vector<InverseStep> RollbackOf(const Plan& plan, const StepEffects& effects) {
  ERIS_CHECK(effects.size() == plan.items.size(), "one effect per item of the plan");
  const auto runs = [&](std::size_t index) {
    return effects[index] == StepEffect::kPossible && plan.items[index].inverse.has_value();
  };
  std::vector<std::vector<ItemIndex>> after(plan.items.size());
  std::vector<InverseStep> steps;
  for (std::size_t index = plan.items.size(); index-- > 0;) {
    if (!runs(index)) continue;
    const PlanItem& item = plan.items[index];
    const ItemIndex self{static_cast<std::uint32_t>(index)};
    // Whoever is ordered after this item stands behind it in the list, and was visited: complete.
    std::reverse(after[index].begin(), after[index].end());
    steps.push_back({.item = self, .stage = item.stage, .after = std::move(after[index])});
    for (const ItemIndex before : item.after) {
      if (runs(before.value)) after[before.value].push_back(self);
    }
  }
  return steps;
}

std::vector<ItemIndex> HeldBackBy(std::span<const InverseStep> rollback,
                                  std::span<const ItemIndex> failed) {
  enum class Mark : std::uint8_t { kGoesOn, kHeldBack, kFailed };
  std::uint32_t size = 0;
  for (const InverseStep& step : rollback) size = std::max(size, step.item.value + 1);
  std::vector<Mark> marks(size, Mark::kGoesOn);
  for (const ItemIndex item : failed) {
    if (item.value < size) marks[item.value] = Mark::kFailed;
  }
  std::vector<ItemIndex> held_back;
  for (const InverseStep& step : rollback) {
    const bool waits_for_ever =
        std::any_of(step.after.begin(), step.after.end(),
                    [&](ItemIndex other) { return marks[other.value] != Mark::kGoesOn; });
    if (!waits_for_ever || marks[step.item.value] == Mark::kFailed) continue;
    marks[step.item.value] = Mark::kHeldBack;
    held_back.push_back(step.item);
  }
  return held_back;
}

}  // namespace eris
