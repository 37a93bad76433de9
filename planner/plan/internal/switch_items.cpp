// What goes down and what comes up, and the profiles.
#include <map>
#include <tuple>
#include <utility>

#include "planner/plan/internal/activity.h"
#include "planner/plan/internal/batches.h"
#include "planner/plan/internal/plan_parts.h"

namespace eris::plan_internal {
namespace {

constexpr std::uint32_t kNoItem = Batches::kNone;
using ItemOfMapping = std::vector<std::uint32_t>;  // item index, or kNoItem

// What an old and a new mapping can not both be in: a component, or (component empty) the place of
// a container that both provide.
using Seat = std::tuple<TargetName, ContainerName, ComponentName>;

template <typename Callback>
void ForEachSeat(const Mapping& mapping, const Service& service, Callback callback) {
  callback(Seat(mapping.target, mapping.container, ComponentOf(service.package)));
  for (const auto& [container, properties] : service.provides_containers) {
    callback(Seat(mapping.target, container, ComponentName()));
  }
}

std::vector<bool> Flags(std::size_t size, const std::vector<std::uint32_t>& set) {
  std::vector<bool> flags(size, false);
  for (const std::uint32_t index : set) flags[index] = true;
  return flags;
}

// Of one mapping of `manifest`; its inverse is the other activity with the same properties.
template <typename Body, typename Inverse>
PlanItem SwitchItem(const Manifest& manifest, DagNode node) {
  const Mapping& mapping = manifest.mappings[node];
  const Activity activity = ActivityOf(manifest, mapping);
  return {.phase = PlanPhase::kSwitch,
          .queue = TargetQueue(mapping.target),
          .body = Body{activity},
          .inverse = Inverse{activity},
          .after = {},
          .deadline_ms = manifest.services.at(mapping.service).deadline_ms};
}

// What happens to obsolete mappings, by mapping of the base.
struct DownItems {
  ItemOfMapping deactivate;
  ItemOfMapping unlock;
};

// Dependents first; and who is in a container that this one provides is unlocked while it is up.
PlanItem Deactivation(const PlanContext& context, DagNode node,
                      const std::vector<DagNode>& dependents, const DownItems& down) {
  const Mapping& mapping = context.base.mappings[node];
  PlanItem item = SwitchItem<DeactivateItem, ActivateItem>(context.base, node);
  for (const DagNode dependent : dependents) {
    if (down.deactivate[dependent] == kNoItem) continue;
    item.after.push_back({down.deactivate[dependent]});
    const Mapping& user = context.base.mappings[dependent];
    if (user.provided_by == mapping.service && user.target == mapping.target) {
      item.after.push_back({down.unlock[dependent]});
    }
  }
  return item;
}

// No inverse: once its components are up again, the inverse of their lock unlocks them.
PlanItem UnlockOfObsolete(const Manifest& base, const Batch& batch, const DownItems& down) {
  PlanItem item{.phase = PlanPhase::kSwitch,
                .queue = TargetQueue(batch.target),
                .body = UnlockItem{UnlockComponents{ActivitiesOf(base, batch)}},
                .inverse = std::nullopt,
                .after = {},
                .deadline_ms = DeadlineOf(base, batch)};
  for (const DagNode node : batch.members) item.after.push_back({down.deactivate[node]});
  return item;
}

// What is down is unlocked at once.
DownItems AddDeactivations(const PlanContext& context, ItemList& items) {
  const MappingGraph& graph = context.graphs.base;
  const Dependencies dependents = Reversed(graph.dependencies);
  const std::vector<DagNode> dependents_first(graph.order.rbegin(), graph.order.rend());
  const Batches batches = MakeBatches(context.base, LayersOf(dependents, dependents_first),
                                      context.graphs.difference.obsolete);
  DownItems down{.deactivate = ItemOfMapping(graph.services.size(), kNoItem),
                 .unlock = ItemOfMapping(graph.services.size(), kNoItem)};
  for (const Batch& batch : batches.list) {
    for (const DagNode node : batch.members) {
      down.deactivate[node] =
          items.Add(Stage::kDown, Deactivation(context, node, dependents[node], down)).value;
    }
    const ItemIndex unlock = items.Add(Stage::kDown, UnlockOfObsolete(context.base, batch, down));
    for (const DagNode node : batch.members) down.unlock[node] = unlock.value;
  }
  return down;
}

using LeftSeats = std::map<Seat, ItemIndices>;

// A seat is free when who had it is down and unlocked.
LeftSeats FindLeftSeats(const PlanContext& context, const DownItems& down) {
  LeftSeats seats;
  for (const std::uint32_t node : context.graphs.difference.obsolete) {
    ForEachSeat(context.base.mappings[node], *context.graphs.base.services[node],
                [&](const Seat& seat) {
                  seats[seat].push_back({down.deactivate[node]});
                  seats[seat].push_back({down.unlock[node]});
                });
  }
  return seats;
}

// Dependencies first.
void AddActivations(const PlanContext& context, const LeftSeats& left_seats, ItemList& items) {
  const Manifest& next = context.input.next;
  const MappingGraph& graph = context.graphs.next;
  const Stage stage =
      context.input.options.switching == SwitchPolicy::kOverlap ? Stage::kDown : Stage::kUp;
  const std::vector<bool> added = Flags(graph.services.size(), context.graphs.difference.added);
  ItemOfMapping item_of(graph.services.size(), kNoItem);
  for (const DagNode node : graph.order) {
    if (!added[node]) continue;
    PlanItem item = SwitchItem<ActivateItem, DeactivateItem>(next, node);
    for (const DagNode dependency : graph.dependencies[node]) {
      if (item_of[dependency] != kNoItem) item.after.push_back({item_of[dependency]});
    }
    ForEachSeat(next.mappings[node], *graph.services[node], [&](const Seat& seat) {
      const auto left = left_seats.find(seat);
      if (left == left_seats.end()) return;
      item.after.insert(item.after.end(), left->second.begin(), left->second.end());
    });
    item_of[node] = items.Add(stage, std::move(item)).value;
  }
}

}  // namespace

void AddSwitch(const PlanContext& context, ItemList& items) {
  const DownItems down = AddDeactivations(context, items);
  AddActivations(context, FindLeftSeats(context, down), items);
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
