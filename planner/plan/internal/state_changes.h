// Whose state the switch must take care of.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "planner/plan/diff.h"

namespace eris::plan_internal {

// Sorted by service and container; `obsolete` are the base's mappings that go. A copy that stays
// where a mapping of its service still is does not move, whether or not its state is still to be
// deployed.
std::vector<StateChange> FindStateChanges(const Manifest& base, const Manifest& next,
                                          std::span<const std::uint32_t> obsolete);

}  // namespace eris::plan_internal
