// The difference of two manifests together with the graphs that it was found with.
#pragma once

#include <set>
#include <span>

#include "planner/plan/diff.h"
#include "planner/plan/internal/mapping_graph.h"
#include "planner/plan/plan.h"

namespace eris::plan_internal {

struct GraphDifference {
  MappingGraph base;  // empty without a base
  MappingGraph next;
  Difference difference;
};

// As DiffManifests, for who goes on with the graphs. What is on `left_out` (sorted) is kept,
// whatever becomes of what it comes after. A mapping at a place of `down` that is in both manifests
// is added, and not obsolete (PlanInput::down).
Result<GraphDifference> DiffWithGraphs(const Manifest* base, const Manifest& next,
                                       std::span<const TargetName> left_out,
                                       const std::set<MappingPlace>& down);

}  // namespace eris::plan_internal
