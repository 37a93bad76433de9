// Whose state the switch must take care of.
#pragma once

#include <cstdint>
#include <set>
#include <span>
#include <vector>

#include "planner/plan/diff.h"

namespace eris::plan_internal {

// Whether a service that was in these containers, and is in those now, has a state in each. One
// state that gains a container comes there, too; several that are all to leave for other containers
// come together there: they must be equal, or one of them is chosen.
bool HasStateInEach(const std::set<ContainerName>& before, const std::set<ContainerName>& after);

// Sorted by service and container; `obsolete` are the base's mappings that go. A copy that stays
// where a mapping of its service still is does not move, whether or not its state is still to be
// deployed.
std::vector<StateChange> FindStateChanges(const Manifest& base, const Manifest& next,
                                          std::span<const std::uint32_t> obsolete);

}  // namespace eris::plan_internal
