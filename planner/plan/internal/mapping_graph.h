// The order among the mappings of one manifest: which come before which by their interdependencies
// and by the services that provide their containers.
#pragma once

#include <vector>

#include "schema/base/error.h"
#include "schema/dag.h"
#include "schema/values/manifest.h"

namespace eris::plan_internal {

// Nodes are indices into manifest.mappings. Borrows from the manifest.
struct MappingGraph {
  std::vector<const Service*> services;  // of each mapping
  Dependencies dependencies;             // each list sorted, without repetitions
  std::vector<DagNode> order;            // dependencies first

  // Services of type "package" are installed only.
  bool HasActivities(DagNode mapping) const { return services[mapping]->type != "package"; }
};

// kInvalid when the manifest breaks its invariants: a name without a meaning, a cycle, disorder.
Result<MappingGraph> MakeMappingGraph(const Manifest& manifest);

// Whether the one provides the container that the other is in.
bool Provides(const Manifest& manifest, DagNode provider, DagNode user);

// Whose state each mapping may write: what it has a dependsOn or a connectsTo on. Sorted, without
// repetitions; what is not mapped is left out.
Dependencies WrittenBy(const Manifest& manifest, const MappingGraph& graph);

}  // namespace eris::plan_internal
