#include "dysnomia/internal/supervisor.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "dysnomia/internal/process_table.h"
#include "schema/base/pidfd.h"
#include "schema/base/system_error.h"

namespace eris::dysnomia {
namespace {

// How often the size of the output is looked at: seldom enough to cost nothing, often enough that a
// module that floods its output is ended before the disk is full.
constexpr Duration kFirstLook{20};
constexpr Duration kMostBetweenLooks{200};

void DefaultSignals() {
  for (const int signal : {SIGTERM, SIGINT, SIGHUP, SIGPIPE, SIGQUIT, SIGCHLD}) {
    ::signal(signal, SIG_DFL);
  }
  sigset_t none;
  sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
}

[[noreturn]] void BeChild(int output_fd, const std::function<int()>& work) {
  constexpr int kCannotBegin = 125;
  ::setpgid(0, 0);
  DefaultSignals();
  const int null = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  if (null < 0 || ::dup2(null, STDIN_FILENO) < 0 || ::dup2(output_fd, STDOUT_FILENO) < 0 ||
      ::dup2(output_fd, STDERR_FILENO) < 0) {
    ::_exit(kCannotBegin);
  }
  ::close_range(STDERR_FILENO + 1, ~0U, 0);
  ::_exit(work());
}

Result<Child> Fork(int output_fd, const std::function<int()>& work) {
  Child child;
  child.pid = ::fork();
  if (child.pid < 0) return FailErrno(errno, "cannot fork");
  if (child.pid == 0) BeChild(output_fd, work);
  child.pidfd.Reset(PidfdOpen(child.pid));
  if (!child.pidfd.valid()) return FailErrno(errno, "cannot watch a child");
  return child;
}

bool IsOverLimit(const Supervision& supervision) {
  struct stat info {};
  return ::fstat(supervision.output_fd, &info) == 0 &&
         static_cast<std::uint64_t>(info.st_size) > supervision.max_output_bytes;
}

// Returns when the child has ended or must be.
EndedBy Watch(const Child& child, const Supervision& supervision) {
  std::array<pollfd, 2> watched{{{child.pidfd.get(), POLLIN, 0}, {supervision.stop_fd, POLLIN, 0}}};
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

Result<SupervisedEnd> RunSupervised(const Supervision& supervision,
                                    const std::function<int()>& work) {
  ERIS_ASSIGN(Child child, Fork(supervision.output_fd, work));
  SupervisedEnd end{.by = Watch(child, supervision), .status = {}};
  if (end.by != EndedBy::kItself && !EndSession(::getpid(), supervision.kill_grace)) {
    return Fail(ErrorCode::kInternal, "a module's process does not even end when killed");
  }
  ERIS_ASSIGN(end.status, Reap(child));
  return end;
}

}  // namespace eris::dysnomia
