// `eris up`: a whole system on this machine, in the foreground.
#pragma once

#include "planner/cli/call.h"
#include "planner/cli/client_config.h"
#include "planner/cli/exit_code.h"
#include "planner/cli/output.h"
#include "schema/base/clock.h"
#include "schema/base/error.h"
#include "schema/base/random.h"

namespace eris::up {

// Borrowed from main.
struct UpContext {
  const cli::Surroundings& surroundings;
  cli::Output& output;
  Clock& clock;
  Random& random;
};

// Runs until SIGTERM or SIGINT; then stops what it started, which leaves the services running.
Result<cli::ExitCode> RunUp(const cli::UpCommand& command, const UpContext& context);

}  // namespace eris::up
