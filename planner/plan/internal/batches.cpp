#include "planner/plan/internal/batches.h"

#include <algorithm>
#include <cstddef>
#include <tuple>

#include "planner/plan/internal/activity.h"

namespace eris::plan_internal {
namespace {

// An item travels in one message (limits::kBodyBytes): what its batch carries stays well below.
constexpr std::size_t kBatchBytes = 256 * 1024;

// At least what the activity takes up in a message.
std::size_t RoughBytesOf(const Activity& activity) {
  constexpr std::size_t kNamesAndPaths = 1024;
  constexpr std::size_t kOfEach = 64;
  std::size_t bytes = kNamesAndPaths;
  for (const Property& property : activity.properties) {
    bytes += kOfEach + property.name.size() + property.text.size() + property.json.size();
  }
  return bytes;
}

}  // namespace

Batches MakeBatches(const Manifest& manifest, std::span<const std::uint32_t> layers,
                    std::span<const DagNode> members) {
  // Mappings are sorted by target: their index orders by target within a layer.
  std::vector<DagNode> sorted(members.begin(), members.end());
  std::sort(sorted.begin(), sorted.end(), [&](DagNode a, DagNode b) {
    return std::tuple(layers[a], a) < std::tuple(layers[b], b);
  });
  Batches batches;
  batches.batch_of.assign(manifest.mappings.size(), Batches::kNone);
  std::size_t bytes = 0;  // of the last batch
  for (const DagNode node : sorted) {
    const Mapping& mapping = manifest.mappings[node];
    const std::size_t more = RoughBytesOf(ActivityOf(manifest, mapping));
    bytes += more;
    if (batches.list.empty() || batches.list.back().layer != layers[node] ||
        batches.list.back().target != mapping.target || bytes > kBatchBytes) {
      batches.list.push_back({.layer = layers[node], .target = mapping.target, .members = {}});
      bytes = more;
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
