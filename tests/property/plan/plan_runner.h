// Runs a plan, or its way back, in a world, in any order that stages and edges allow, with any
// number of items in flight at once. The order comes from the random source.
#pragma once

#include <functional>
#include <vector>

#include "planner/plan/rollback.h"
#include "schema/values/plan.h"
#include "tests/property/plan/random_manifests.h"
#include "tests/property/plan/world.h"

namespace eris::testing {

// Begins and ends up to `turns` times; then what is in flight ends, with or without an effect.
// Returns what may have taken effect.
StepEffects RunForward(const Plan& plan, World& world, RandomSource& random, std::size_t turns);

struct BackwardResult {
  std::vector<ItemIndex> refused;
  std::vector<ItemIndex> held_back;  // never begun, sorted by decreasing index
};

// Runs all inverses; `refuses` says which say no (and have no effect then).
BackwardResult RunBackward(const Plan& plan, const StepEffects& effects, World& world,
                           RandomSource& random,
                           const std::function<bool(const PlanItem&)>& refuses);

}  // namespace eris::testing
