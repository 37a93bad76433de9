// Which mappings of a manifest somebody means who speaks of states.
#pragma once

#include <set>
#include <vector>

#include "planner/plan/internal/mapping_graph.h"
#include "schema/values/manifest.h"
#include "schema/values/submission.h"

namespace eris::plan_internal {

// Borrows both for its lifetime.
class StateChooser {
 public:
  StateChooser(const Manifest& manifest, const StateFilter& which);

  bool IsMeant(const Mapping& mapping) const;
  // In ascending order. `graph` is of the manifest.
  std::vector<DagNode> Chosen(const MappingGraph& graph) const;

 private:
  const Manifest& manifest_;
  const StateFilter& which_;
  std::set<SnapshotMapping> deployed_;
};

// What to say when none is.
Error NoStateMeant();

}  // namespace eris::plan_internal
