// Whose state is not where the new manifest wants it.
#pragma once

#include <vector>

#include "planner/plan/diff.h"

namespace eris::plan_internal {

// Sorted by service and container. A copy that stays where a mapping of its service still is does
// not move, whether or not its state is still to be deployed.
std::vector<StateMove> FindStateMoves(const Manifest& base, const Manifest& next);

}  // namespace eris::plan_internal
