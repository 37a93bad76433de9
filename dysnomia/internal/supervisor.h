// Sees to it that a piece of work ends: by itself, at its deadline, when it prints too much or when
// the runner is told to stop. Knows nothing of modules.
//
// A program is watched from here. Work of this process itself is watched by a second thread: a fork
// would cost more than all the rest of a start.
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
  int output_fd = -1;
  int stop_fd = -1;  // becomes readable when the work shall end
};

// Precondition of both: the caller leads its session. When the work does not end by itself, all of
// the session but the caller is ended: SIGTERM, after the grace SIGKILL. Who left the session is
// spared.

// Waits for a program that was spawned into the session, and reaps it.
Result<SupervisedEnd> SuperviseProgram(const Supervision& supervision, Child child);

// Runs `work` in the calling thread; its value is the exit status. When it must end, the session is
// ended and `at_forced_end` is called in another thread; this process exits with what that returns,
// and `work` never returns.
SupervisedEnd SuperviseWork(const Supervision& supervision, const std::function<int()>& work,
                            const std::function<int(const SupervisedEnd&)>& at_forced_end);

}  // namespace eris::dysnomia
