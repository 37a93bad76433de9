#include "dysnomia/internal/supervisor.h"

#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <thread>

#include "dysnomia/internal/process_table.h"
#include "schema/base/check.h"

namespace eris::dysnomia {
namespace {

// How often the size of the output is looked at: seldom enough to cost nothing, often enough that a
// module that floods its output is ended before the disk is full.
constexpr Duration kFirstLook{20};
constexpr Duration kMostBetweenLooks{200};

bool IsOverLimit(const Supervision& supervision) {
  struct stat info {};
  return ::fstat(supervision.output_fd, &info) == 0 &&
         static_cast<std::uint64_t>(info.st_size) > supervision.max_output_bytes;
}

// Returns when the work has ended (then `ended_fd` is readable) or must be.
EndedBy Watch(int ended_fd, const Supervision& supervision) {
  std::array<pollfd, 2> watched{{{ended_fd, POLLIN, 0}, {supervision.stop_fd, POLLIN, 0}}};
  for (Duration pause = kFirstLook;; pause = std::min(2 * pause, kMostBetweenLooks)) {
    const Duration wait = std::min(supervision.deadline.Left(), pause);
    const int ready = ::poll(watched.data(), watched.size(), static_cast<int>(wait.count()));
    if (IsOverLimit(supervision)) return EndedBy::kOutputLimit;
    if (ready > 0 && watched[0].revents != 0) return EndedBy::kItself;
    if (ready > 0 && watched[1].revents != 0) return EndedBy::kStopRequest;
    if (supervision.deadline.Passed()) return EndedBy::kDeadline;
  }
}

}  // namespace

Result<SupervisedEnd> SuperviseProgram(const Supervision& supervision, Child child) {
  SupervisedEnd end{.by = Watch(child.pidfd.get(), supervision), .status = {}};
  if (end.by != EndedBy::kItself && !EndSession(::getpid(), supervision.kill_grace)) {
    return Fail(ErrorCode::kInternal, "a module's process does not even end when killed");
  }
  ERIS_ASSIGN(end.status, Reap(child));
  return end;
}

SupervisedEnd SuperviseWork(const Supervision& supervision, const std::function<int()>& work,
                            const std::function<int(const SupervisedEnd&)>& at_forced_end) {
  const UniqueFd ended(::eventfd(0, EFD_CLOEXEC));
  ERIS_CHECK(ended.valid(), "a process can make an event");
  std::atomic<bool> decided = false;  // by the one who sets it: how the work ended
  std::thread watcher([&] {
    SupervisedEnd end{.by = Watch(ended.get(), supervision),
                      .status = {ExitStatus::Kind::kSignaled, SIGKILL}};
    if (end.by == EndedBy::kItself || decided.exchange(true)) return;
    EndSession(::getpid(), supervision.kill_grace);
    ::_exit(at_forced_end(end));
  });
  const int exit_status = work();
  if (decided.exchange(true)) watcher.join();  // the process ends there
  ::eventfd_write(ended.get(), 1);
  watcher.join();
  const EndedBy by = IsOverLimit(supervision) ? EndedBy::kOutputLimit : EndedBy::kItself;
  return {by, {ExitStatus::Kind::kExited, exit_status}};
}

}  // namespace eris::dysnomia
