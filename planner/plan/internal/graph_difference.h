// The difference of two manifests together with the graphs that it was found with.
#pragma once

#include <span>

#include "planner/plan/diff.h"
#include "planner/plan/internal/mapping_graph.h"

namespace eris::plan_internal {

struct GraphDifference {
  MappingGraph base;  // empty without a base
  MappingGraph next;
  Difference difference;
};

// As DiffManifests, for who goes on with the graphs. What is on `left_out` (sorted) is kept,
// whatever becomes of what it comes after.
Result<GraphDifference> DiffWithGraphs(const Manifest* base, const Manifest& next,
                                       std::span<const TargetName> left_out);

}  // namespace eris::plan_internal
