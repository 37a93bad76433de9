// Sees to it that a piece of work ends: by itself, at its deadline, when it prints too much or when
// the runner is told to stop. Knows nothing of modules.
//
// A program is watched from here. Work of this process itself is watched by a second thread: a fork
// would cost more than all the rest of a start. A batch has one such thread, which nobody waits
// for: to start one and to see it end costs as much as half a start.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>

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

// Precondition of all: the caller leads its session. When the work does not end by itself, all of
// the session but the caller is ended: SIGTERM, after the grace SIGKILL. Who left the session is
// spared.

// Waits for a program that was spawned into the session, and reaps it.
Result<SupervisedEnd> SuperviseProgram(const Supervision& supervision, Child child);

// Watches over pieces of work that this process does itself, one after the other. The descriptors
// of its supervision may be closed when it is destroyed; its thread ends some time later.
class WorkWatch {
 public:
  using Work = std::function<int()>;
  using AtForcedEnd = std::function<int(const SupervisedEnd&)>;

  explicit WorkWatch(const Supervision& supervision);
  ~WorkWatch();
  WorkWatch(const WorkWatch&) = delete;
  WorkWatch& operator=(const WorkWatch&) = delete;

  // Runs `work` in the calling thread; its value is the exit status. When it must end, the session
  // is ended and `at_forced_end` is called in another thread; this process exits with what that
  // returns, and `work` never returns. Work that comes when all should have ended is not started.
  SupervisedEnd Run(const Work& work, const AtForcedEnd& at_forced_end);

 private:
  struct Shared;
  std::shared_ptr<Shared> shared_;
};

}  // namespace eris::dysnomia
