// One activity as a person or Disnix asks for it on the command line, in the foreground: no
// attempt, no deadline, output to the terminal.
#pragma once

#include "dysnomia/module.h"
#include "dysnomia/options.h"
#include "schema/base/error.h"

namespace eris::dysnomia {

// "The module does not implement this": told from success and from failure.
inline constexpr int kExitUnimplemented = 95;

// Returns the exit status; a foreign module replaces the process instead. `environment` is the
// process'.
Result<int> RunCommandLine(const Options& options, const Environment& environment);

}  // namespace eris::dysnomia
