#include "planner/plan/rollback.h"

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <utility>
#include <variant>

#include "schema/base/check.h"
#include "schema/base/planted.h"

namespace eris {

namespace {

// Behind everything that gives users back what they had.
void InsertLastDumps(const Plan& plan, std::vector<InverseStep> dumps,
                     std::vector<InverseStep>& steps) {
  if (dumps.empty()) return;
  const auto locks =
      std::partition_point(plan.items.begin(), plan.items.end(),
                           [](const PlanItem& item) { return item.phase < PlanPhase::kLock; });
  for (InverseStep& dump : dumps) dump.stage = locks->stage;
  const auto place = std::partition_point(steps.begin(), steps.end(), [&](const InverseStep& step) {
    return step.stage >= locks->stage;
  });
  steps.insert(place, std::make_move_iterator(dumps.begin()), std::make_move_iterator(dumps.end()));
}

}  // namespace

bool IsLastDump(const PlanItem& item) {
  return item.inverse && std::holds_alternative<SnapshotItem>(*item.inverse);
}

std::vector<InverseStep> RollbackOf(const Plan& plan, const StepEffects& effects) {
  ERIS_CHECK(effects.size() == plan.items.size(), "one effect per item of the plan");
  const auto runs = [&](std::size_t index) {
    return effects[index] == StepEffect::kPossible && plan.items[index].inverse.has_value();
  };
  std::vector<std::vector<ItemIndex>> after(plan.items.size());
  std::vector<InverseStep> steps;
  std::vector<InverseStep> dumps;
  for (std::size_t index = plan.items.size(); index-- > 0;) {
    if (!runs(index)) continue;
    const PlanItem& item = plan.items[index];
    const ItemIndex self{static_cast<std::uint32_t>(index)};
    // Whoever is ordered after this item stands behind it in the list, and was visited: complete.
    std::reverse(after[index].begin(), after[index].end());
    InverseStep step{.item = self, .stage = item.stage, .after = std::move(after[index])};
    if (IsLastDump(item)) {
      dumps.push_back(std::move(step));
      continue;
    }
    steps.push_back(std::move(step));
    for (const ItemIndex before : item.after) {
      if (runs(before.value)) after[before.value].push_back(self);
    }
  }
  InsertLastDumps(plan, std::move(dumps), steps);
  if (IsPlanted(Bug::kRollBackInOrder)) {
    for (InverseStep& step : steps) step = {.item = step.item, .stage = 0, .after = {}};
    std::reverse(steps.begin(), steps.end());
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
