// Copies of states that earlier generations have left where they were.
#pragma once

#include <vector>

#include "schema/base/error.h"
#include "schema/dag.h"
#include "schema/values/manifest.h"
#include "schema/values/submission.h"

namespace eris::plan_internal {

// A mapping of an earlier manifest, whose place no mapping has now. Borrows from the manifest.
struct LeftState {
  const Manifest* manifest = nullptr;
  std::uint32_t node = 0;

  const Mapping& mapping() const { return manifest->mappings[node]; }
  ComponentName component() const {
    return ComponentOf(manifest->services.at(mapping().service).package);
  }
};

// Of `earlier` the copies of the state that the mapping `node` of `now` holds; by `choices` of one
// target only. None when they are where it is now. kInvalid when they cannot be read any more.
Result<std::vector<LeftState>> CopiesFor(const Manifest& now, DagNode node, const Manifest& earlier,
                                         const std::vector<StateChoice>& choices);

// All that is left of `earlier` (newest first) and meant, each place once, as it was there last.
std::vector<LeftState> StatesLeft(const Manifest& now, const std::vector<const Manifest*>& earlier,
                                  const StateFilter& which);

// Whether the copy on `target` is one that may be taken of the service's state.
bool IsChosen(const std::vector<StateChoice>& choices, const ServiceName& name,
              const TargetName& target);

// Whether the container of an earlier mapping is there in `now`; on a target that is in no model
// any more only its worker knows.
bool IsContainerThere(const Manifest& now, const Mapping& earlier);

}  // namespace eris::plan_internal
