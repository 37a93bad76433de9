// Makes a failing run smaller: fewer kinds of faults, fewer submissions, fewer services, as long as
// the same checker still complains.
#pragma once

#include <string>

#include "tests/sim/options.h"

namespace eris::sim {

// The checker's name in a violation: "at 12 ms, order: …" → "order".
std::string CheckerOf(const std::string& violation);

// Precondition: the run fails with `violation` first. Runs it some dozens of times, each in a
// process of its own.
Cuts Shrink(const RunOptions& run, const std::string& violation);

// The command that shows the run again.
std::string CommandOf(const RunOptions& run);

}  // namespace eris::sim
