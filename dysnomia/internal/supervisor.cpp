#include "dysnomia/internal/supervisor.h"

#include <poll.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

#include "dysnomia/internal/process_table.h"

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

// How long after the last look the next one is due.
class Looks {
 public:
  Duration Next() { return std::exchange(pause_, std::min(2 * pause_, kMostBetweenLooks)); }

 private:
  Duration pause_ = kFirstLook;
};

// What ends the work by force as of now, after a wait for at most `pause` or until `ended_fd` is
// readable.
std::optional<EndedBy> Look(int ended_fd, const Supervision& supervision, Duration pause) {
  std::array<pollfd, 2> watched{{{ended_fd, POLLIN, 0}, {supervision.stop_fd, POLLIN, 0}}};
  const Duration wait = std::min(supervision.deadline.Left(), pause);
  const int ready = ::poll(watched.data(), watched.size(), static_cast<int>(wait.count()));
  if (IsOverLimit(supervision)) return EndedBy::kOutputLimit;
  if (ready > 0 && watched[0].revents != 0) return EndedBy::kItself;
  if (ready > 0 && watched[1].revents != 0) return EndedBy::kStopRequest;
  if (supervision.deadline.Passed()) return EndedBy::kDeadline;
  return std::nullopt;
}

// Returns when the program has ended (then `ended_fd` is readable) or must be.
EndedBy WatchProgram(int ended_fd, const Supervision& supervision) {
  Looks looks;
  for (;;) {
    if (const auto by = Look(ended_fd, supervision, looks.Next())) return *by;
  }
}

}  // namespace

Result<SupervisedEnd> SuperviseProgram(const Supervision& supervision, Child child) {
  SupervisedEnd end{.by = WatchProgram(child.pidfd.get(), supervision), .status = {}};
  if (end.by != EndedBy::kItself && !EndSession(::getpid(), supervision.kill_grace)) {
    return Fail(ErrorCode::kInternal, "a module's process does not even end when killed");
  }
  ERIS_ASSIGN(end.status, Reap(child));
  return end;
}

// Of the two threads; the watching one keeps it for as long as it needs it.
struct WorkWatch::Shared {
  explicit Shared(const Supervision& of) : supervision(of) {}

  const Supervision supervision;
  std::mutex mutex;                      // held while it is decided how a piece of work ends
  const AtForcedEnd* running = nullptr;  // of the present piece of work
  std::optional<EndedBy> all_ended;      // nothing may be started any more
  bool is_over = false;                  // nothing will

  // Whether there is no more to watch.
  bool Decide(EndedBy by) {
    const std::lock_guard<std::mutex> lock(mutex);
    if (is_over) return true;
    all_ended = by;
    if (running == nullptr) return true;
    EndSession(::getpid(), supervision.kill_grace);
    ::_exit((*running)({by, {ExitStatus::Kind::kSignaled, SIGKILL}}));
  }

  bool IsOver() {
    const std::lock_guard<std::mutex> lock(mutex);
    return is_over;
  }
};

WorkWatch::WorkWatch(const Supervision& supervision)
    : shared_(std::make_shared<Shared>(supervision)) {
  std::thread([shared = shared_] {
    constexpr int kNoProgram = -1;
    Looks looks;
    while (!shared->IsOver()) {
      const auto by = Look(kNoProgram, shared->supervision, looks.Next());
      if (by && shared->Decide(*by)) return;
    }
  }).detach();
}

WorkWatch::~WorkWatch() {
  const std::lock_guard<std::mutex> lock(shared_->mutex);
  shared_->is_over = true;
}

SupervisedEnd WorkWatch::Run(const Work& work, const AtForcedEnd& at_forced_end) {
  {
    const std::lock_guard<std::mutex> lock(shared_->mutex);
    if (shared_->all_ended) {
      return {*shared_->all_ended, {ExitStatus::Kind::kSignaled, SIGKILL}};
    }
    shared_->running = &at_forced_end;
  }
  const int exit_status = work();
  // Once its end by force is decided, this waits for the end of the process.
  const std::lock_guard<std::mutex> lock(shared_->mutex);
  shared_->running = nullptr;
  const bool is_over_limit = IsOverLimit(shared_->supervision);
  return {is_over_limit ? EndedBy::kOutputLimit : EndedBy::kItself,
          {ExitStatus::Kind::kExited, exit_status}};
}

}  // namespace eris::dysnomia
