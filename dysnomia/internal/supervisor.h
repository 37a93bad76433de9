// Runs one piece of work in a child process and sees to it that it ends: by itself, at its
// deadline, when it prints too much or when the runner is told to stop. Knows nothing of modules.
#pragma once

#include <cstdint>
#include <functional>

#include "dysnomia/internal/deadline.h"
#include "schema/base/clock.h"
#include "schema/base/error.h"
#include "schema/base/process.h"

namespace eris::dysnomia {

enum class EndedBy : std::uint8_t { kItself, kDeadline, kOutputLimit, kStopRequest };

struct SupervisedEnd {
  EndedBy by = EndedBy::kItself;
  ExitStatus status;
};

struct Supervision {
  Deadline deadline;
  Duration kill_grace{};
  std::uint64_t max_output_bytes = 0;  // of the whole file
  int output_fd = -1;                  // the child's standard output and error
  int stop_fd = -1;                    // becomes readable when the work shall end
};

// Precondition: the caller leads its session. `work` runs in a forked child that has default
// signals and /dev/null as standard input and no other descriptor open; its value is the exit
// status. When it does not end by itself, all of the session but the caller is ended: SIGTERM,
// after the grace SIGKILL. Processes that left the session are spared.
Result<SupervisedEnd> RunSupervised(const Supervision& supervision,
                                    const std::function<int()>& work);

}  // namespace eris::dysnomia
