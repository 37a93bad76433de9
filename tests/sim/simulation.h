// One run: an installation with broker, planner, two workers (one of which also builds) and a
// client, in virtual time; first a phase of faults, then a calm one with a deadline for progress.
#pragma once

#include "tests/sim/options.h"

namespace eris::sim {

RunReport Simulate(const RunOptions& options);

}  // namespace eris::sim
