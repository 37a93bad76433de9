// The switch as a whole, and the profiles.
#include "planner/plan/internal/switch_parts.h"

namespace eris::plan_internal {

Status AddSwitch(const PlanContext& context, const BaseItems& bases, ItemList& items) {
  ERIS_ASSIGN(const DownItems down, AddDowns(context, bases, items));
  const ArrivalItems arrivals = AddStateTransfers(context, down, items);
  return AddUps(context, down, arrivals, items);
}

Status AddRefills(const PlanContext& context, const ArrivalItems& arrivals, ItemList& items) {
  ERIS_ASSIGN(const DownItems down, AddDowns(context, {}, items));
  return AddUps(context, down, arrivals, items);
}

void AddProfiles(const PlanContext& context, ItemList& items) {
  const ProfileName& profile = context.input.profile;
  for (const ProfileChange& change : context.graphs.difference.profiles) {
    items.Add(Stage::kCommit, {.phase = PlanPhase::kCommit,
                               .queue = TargetQueue(change.target),
                               .body = SetProfileItem{profile, change.to},
                               .inverse = SetProfileItem{profile, change.from},
                               .after = {},
                               .deadline_ms = std::nullopt});
  }
}

}  // namespace eris::plan_internal
