// The plan of a backup: snapshots of states that are in use, sent to the depot. An operation: it
// locks nothing, moves nothing and makes no generation. Pure.
#pragma once

#include "schema/base/error.h"
#include "schema/values/ids.h"
#include "schema/values/manifest.h"
#include "schema/values/plan.h"
#include "schema/values/submission.h"

namespace eris {

struct SnapshotPlanInput {
  const ProfileName& profile;
  GenerationNumber base_generation;
  const Manifest& manifest;         // of that generation
  const StateOperation& operation;  // kSnapshot
};

// Dependents come before what they depend on: their state is never the newer one. All snapshots are
// taken before the first is sent, unless it goes one by one. kNotFound when nothing is meant.
Result<Plan> PlanSnapshots(const SnapshotPlanInput& input);

}  // namespace eris
