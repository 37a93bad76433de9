// RunCommand: runs a program to its end and gives its output. Blocks: for command line tools and
// child processes only, never in a daemon's loop.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "schema/base/clock.h"
#include "schema/base/error.h"
#include "schema/base/process.h"

namespace eris {

struct CommandOptions {
  std::vector<std::string> environment = CurrentEnvironment();
  std::string working_directory;                           // empty: the caller's
  std::string input;                                       // the program's standard input
  Duration timeout = std::chrono::minutes(10);             // then the program's session is killed
  std::size_t stdout_limit_bytes = std::size_t{64} << 20;  // more is an error
  std::size_t stderr_tail_bytes = std::size_t{16} << 10;   // the end of it that is kept
};

struct CommandOutput {
  ExitStatus status;
  std::string stdout_text;
  std::string stderr_tail;
};

// The program leads its own session. Any exit status is a success of RunCommand; kTimeout after the
// timeout, kInvalid when it writes more than the limit: its session is killed and it is reaped
// then.
Result<CommandOutput> RunCommand(const std::vector<std::string>& argv,
                                 const CommandOptions& options = {});

}  // namespace eris
