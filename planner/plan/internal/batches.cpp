#include "planner/plan/internal/batches.h"

#include <algorithm>
#include <tuple>

#include "planner/plan/internal/activity.h"

namespace eris::plan_internal {

Batches MakeBatches(const Manifest& manifest, std::span<const std::uint32_t> layers,
                    std::span<const DagNode> members) {
  // Mappings are sorted by target: their index orders by target within a layer.
  std::vector<DagNode> sorted(members.begin(), members.end());
  std::sort(sorted.begin(), sorted.end(), [&](DagNode a, DagNode b) {
    return std::tuple(layers[a], a) < std::tuple(layers[b], b);
  });
  Batches batches;
  batches.batch_of.assign(manifest.mappings.size(), Batches::kNone);
  for (const DagNode node : sorted) {
    const TargetName& target = manifest.mappings[node].target;
    if (batches.list.empty() || batches.list.back().layer != layers[node] ||
        batches.list.back().target != target) {
      batches.list.push_back({.layer = layers[node], .target = target, .members = {}});
    }
    batches.list.back().members.push_back(node);
    batches.batch_of[node] = static_cast<std::uint32_t>(batches.list.size() - 1);
  }
  return batches;
}

std::vector<Activity> ActivitiesOf(const Manifest& manifest, const Batch& batch) {
  std::vector<Activity> activities;
  activities.reserve(batch.members.size());
  for (const DagNode node : batch.members) {
    activities.push_back(ActivityOf(manifest, manifest.mappings[node]));
  }
  return activities;
}

std::optional<std::int64_t> DeadlineOf(const Manifest& manifest, const Batch& batch) {
  std::optional<std::int64_t> longest;
  for (const DagNode node : batch.members) {
    // Absent orders below every deadline.
    longest = std::max(longest, manifest.services.at(manifest.mappings[node].service).deadline_ms);
  }
  return longest;
}

}  // namespace eris::plan_internal
