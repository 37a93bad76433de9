// Leases and locks, before the switch and after it.
#include <algorithm>
#include <map>
#include <span>

#include "planner/plan/internal/batches.h"
#include "planner/plan/internal/plan_parts.h"
#include "schema/base/planted.h"

namespace eris::plan_internal {
namespace {

std::vector<DagNode> ActiveMappings(const PlanInput& input, const Manifest& manifest,
                                    const MappingGraph& graph) {
  std::vector<DagNode> active;
  for (DagNode node = 0; node < graph.services.size(); ++node) {
    if (IsLeftOut(input, manifest.mappings[node].target)) continue;
    if (graph.HasActivities(node)) active.push_back(node);
  }
  return active;
}

// Of either manifest.
std::vector<DagNode> Bounced(const PlanContext& context, std::uint32_t KeptMapping::*node) {
  std::vector<DagNode> bounced;
  for (const KeptMapping& kept : context.states.bounced) bounced.push_back(kept.*node);
  return bounced;
}

std::vector<DagNode> ActiveAfterwards(const PlanContext& context) {
  if (context.locks == PlanContext::Locks::kWhatGoesDown) {
    return Bounced(context, &KeptMapping::next);
  }
  return ActiveMappings(context.input, context.input.next, context.graphs.next);
}

// Those of the base that run.
std::vector<DagNode> RunningMappings(const PlanContext& context) {
  if (context.locks == PlanContext::Locks::kWhatGoesDown) {
    return Bounced(context, &KeptMapping::base);
  }
  std::vector<DagNode> running = ActiveMappings(context.input, context.base, context.graphs.base);
  std::erase_if(running, [&](DagNode node) {
    return context.input.down.contains(MappingPlaceOf(context.base.mappings[node]));
  });
  return running;
}

// Which batches come before each: those that hold what a member comes after in `before`.
std::vector<ItemIndices> BatchEdges(const Batches& batches, const Dependencies& before,
                                    ItemIndex first) {
  std::vector<ItemIndices> edges(batches.list.size());
  for (std::uint32_t batch = 0; batch < batches.list.size(); ++batch) {
    for (const DagNode member : batches.list[batch].members) {
      for (const DagNode other : before[member]) {
        const std::uint32_t earlier = batches.batch_of[other];
        if (earlier != Batches::kNone) edges[batch].push_back({first.value + earlier});
      }
    }
  }
  return edges;
}

PlanItem UnlockBatch(const Manifest& manifest, const Batch& batch) {
  std::vector<Activity> activities = ActivitiesOf(manifest, batch);
  if (IsPlanted(Bug::kUnlockTooLittle)) activities.pop_back();
  return {.phase = PlanPhase::kUnlock,
          .queue = TargetQueue(batch.target),
          .body = UnlockItem{UnlockComponents{std::move(activities)}},
          .inverse = std::nullopt,
          .after = {},
          .deadline_ms = DeadlineOf(manifest, batch)};
}

PlanItem LockBatch(const Manifest& manifest, const Batch& batch) {
  std::vector<Activity> activities = ActivitiesOf(manifest, batch);
  std::vector<Activity> reverse(activities.rbegin(), activities.rend());
  return {.phase = PlanPhase::kLock,
          .queue = TargetQueue(batch.target),
          .body = LockItem{LockComponents{std::move(activities)}},
          .inverse = UnlockItem{UnlockComponents{std::move(reverse)}},
          .after = {},
          .deadline_ms = DeadlineOf(manifest, batch)};
}

}  // namespace

void AddLeases(const PlanContext& context, ItemList& items) {
  for (const TargetName& target : context.participants) {
    items.Add(Stage::kLease,
              {.phase = PlanPhase::kLease,
               .queue = TargetQueue(target),
               .body = LockItem{AcquireLease{.profile = context.input.profile,
                                             .lease_ms = context.input.options.lease_ms}},
               .inverse = UnlockItem{ReleaseLease{}},
               .after = {},
               .deadline_ms = std::nullopt});
  }
}

void AddLocks(const PlanContext& context, ItemList& items) {
  const MappingGraph& graph = context.graphs.base;
  const Dependencies dependents = Reversed(graph.dependencies);
  const std::vector<DagNode> dependents_first(graph.order.rbegin(), graph.order.rend());
  const Batches batches =
      MakeBatches(context.base, LayersOf(dependents, dependents_first), RunningMappings(context));
  std::vector<ItemIndices> edges = BatchEdges(batches, dependents, items.Next());
  for (std::size_t i = 0; i < batches.list.size(); ++i) {
    PlanItem item = LockBatch(context.base, batches.list[i]);
    item.after = std::move(edges[i]);
    items.Add(Stage::kLock, std::move(item));
  }
}

void AddConfirmations(const PlanContext& context, ItemList& items) {
  for (const TargetName& target : context.participants) {
    items.Add(Stage::kConfirm, {.phase = PlanPhase::kConfirm,
                                .queue = TargetQueue(target),
                                .body = LockItem{ConfirmLease{}},
                                .inverse = QueryItem{context.input.profile},
                                .after = {},
                                .deadline_ms = std::nullopt});
  }
}

void AddUnlocksAndReleases(const PlanContext& context, ItemList& items) {
  const Manifest& next = context.input.next;
  const MappingGraph& graph = context.graphs.next;
  const Batches batches =
      MakeBatches(next, LayersOf(graph.dependencies, graph.order), ActiveAfterwards(context));
  std::vector<ItemIndices> edges = BatchEdges(batches, graph.dependencies, items.Next());
  std::map<TargetName, ItemIndices> unlocks;
  for (std::size_t i = 0; i < batches.list.size(); ++i) {
    PlanItem item = UnlockBatch(next, batches.list[i]);
    item.after = std::move(edges[i]);
    unlocks[batches.list[i].target].push_back(items.Add(Stage::kUnlock, std::move(item)));
  }
  for (const TargetName& target : context.participants) {
    items.Add(Stage::kUnlock, {.phase = PlanPhase::kUnlock,
                               .queue = TargetQueue(target),
                               .body = UnlockItem{ReleaseLease{}},
                               .inverse = std::nullopt,
                               .after = std::move(unlocks[target]),
                               .deadline_ms = std::nullopt});
  }
}

}  // namespace eris::plan_internal
