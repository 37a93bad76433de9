// Mappings put together by target and layer, so that one item serves many of them: as many as fit
// well into a message.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <vector>

#include "schema/dag.h"
#include "schema/values/manifest.h"
#include "schema/values/work_item.h"

namespace eris::plan_internal {

// Members do not depend on each other: they are of one layer.
struct Batch {
  std::uint32_t layer = 0;
  TargetName target;
  std::vector<DagNode> members;  // ascending
};

struct Batches {
  static constexpr std::uint32_t kNone = std::numeric_limits<std::uint32_t>::max();
  std::vector<Batch> list;              // by layer, then target
  std::vector<std::uint32_t> batch_of;  // by mapping; kNone = in no batch
};

// `layers` by mapping.
Batches MakeBatches(const Manifest& manifest, std::span<const std::uint32_t> layers,
                    std::span<const DagNode> members);

std::vector<Activity> ActivitiesOf(const Manifest& manifest, const Batch& batch);

// The longest deadline that a service of the batch sets; absent when none does.
std::optional<std::int64_t> DeadlineOf(const Manifest& manifest, const Batch& batch);

}  // namespace eris::plan_internal
