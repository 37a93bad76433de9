// The difference of two manifests together with the graphs that it was found with.
#pragma once

#include "planner/plan/diff.h"
#include "planner/plan/internal/mapping_graph.h"

namespace eris::plan_internal {

struct GraphDifference {
  MappingGraph base;  // empty without a base
  MappingGraph next;
  Difference difference;
};

// As DiffManifests, for who goes on with the graphs.
Result<GraphDifference> DiffWithGraphs(const Manifest* base, const Manifest& next);

}  // namespace eris::plan_internal
