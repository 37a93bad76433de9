// The plan of a backup: snapshots of states that are in use, sent to the depot. An operation: it
// locks nothing, moves nothing and makes no generation. Pure.
#pragma once

#include <span>

#include "schema/base/error.h"
#include "schema/values/ids.h"
#include "schema/values/manifest.h"
#include "schema/values/plan.h"
#include "schema/values/work_item.h"

namespace eris {

struct SnapshotPlanInput {
  const ProfileName& profile;
  GenerationNumber base_generation;
  const Manifest& manifest;  // of that generation
  // Service, container and component that it is about; what is empty is any. A service that is
  // named is taken whether or not its state is deployed with it.
  const Activity& which;
  std::span<const TargetName> targets;  // empty: all
};

// Dependents come before what they depend on: their state is never the newer one. All snapshots are
// taken before the first is sent. kNotFound when nothing is meant.
Result<Plan> PlanSnapshots(const SnapshotPlanInput& input);

}  // namespace eris
