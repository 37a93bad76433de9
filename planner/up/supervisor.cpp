#include "planner/up/supervisor.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <utility>

#include "schema/base/check.h"
#include "schema/base/files.h"
#include "schema/base/system_error.h"

namespace eris::up {
namespace {

// A log that has grown beyond this is set aside when its child starts.
constexpr off_t kMaxLogBytes = off_t{16} << 20;

Result<UniqueFd> OpenLogFile(const std::string& path) {
  constexpr mode_t kMode = 0600;
  UniqueFd file(::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, kMode));
  if (!file.valid()) return FailErrno(errno, "cannot open " + path);
  if (::lseek(file.get(), 0, SEEK_END) <= kMaxLogBytes) return file;
  const std::string old = path + ".1";
  if (::rename(path.c_str(), old.c_str()) != 0) return FailErrno(errno, "cannot rename " + path);
  return OpenLogFile(path);
}

bool IsFinal(const ChildSpec& spec, const ExitStatus& ended) {
  return spec.final_status != 0 && ended.kind == ExitStatus::Kind::kExited &&
         ended.value == spec.final_status;
}

}  // namespace

Duration NextPause(const SupervisorOptions& options, Duration before, Duration lived) {
  if (lived >= options.stable || before < options.pause_min) return options.pause_min;
  return std::min(2 * before, options.pause_max);
}

Supervisor::Supervisor(link::Loop& loop, SupervisorOptions options, Notice notice)
    : loop_(loop), options_(std::move(options)), notice_(std::move(notice)) {}

Supervisor::~Supervisor() {
  loop_.Cancel(kill_timer_);
  for (const auto& kept : children_) {
    loop_.Cancel(kept->restart);
    if (kept->state == Kept::State::kRunning) loop_.Unwatch(kept->watch);
  }
}

Status Supervisor::Start(ChildSpec spec) {
  ERIS_CHECK(!stopping_, "nothing is started after Stop");
  auto kept = std::make_unique<Kept>();
  kept->spec = std::move(spec);
  ERIS_TRY(Launch(*kept));
  children_.push_back(std::move(kept));
  return {};
}

Status Supervisor::Launch(Kept& kept) {
  ERIS_ASSIGN(const UniqueFd log, OpenLogFile(kept.spec.log_file));
  Result<Child> child = Spawn({.argv = kept.spec.argv,
                               .environment = options_.environment,
                               .stdout_fd = log.get(),
                               .stderr_fd = log.get(),
                               .session = SpawnSession::kNew});
  if (!child) return Fail(std::move(child.error()).In(kept.spec.name));
  kept.child = std::move(*child);
  kept.started_at = loop_.now().steady;
  kept.state = Kept::State::kRunning;
  ERIS_ASSIGN(kept.watch, loop_.Watch(kept.child.pidfd.get(), link::Interest::kRead,
                                      [this, &kept](link::Readiness) { OnEnd(kept); }));
  const Status written =
      WriteFileAtomically(kept.spec.pid_file, std::to_string(kept.child.pid) + "\n", 0600);
  if (!written) notice_(kept.spec.name + ": " + written.error().message);
  return {};
}

void Supervisor::OnEnd(Kept& kept) {
  const Result<std::optional<ExitStatus>> ended = TryReap(kept.child);
  if (ended && !*ended) return;
  loop_.Unwatch(kept.watch);
  const std::string how = ended ? ToString(**ended) : ended.error().message;
  kept.child = {};
  static_cast<void>(::unlink(kept.spec.pid_file.c_str()));
  if (stopping_) {
    kept.state = Kept::State::kEnded;
    CheckStopped();
    return;
  }
  if (ended && IsFinal(kept.spec, **ended)) {
    kept.state = Kept::State::kEnded;
    return notice_(kept.spec.name + " ended for good (" + how +
                   "), it waits for you; its log: " + kept.spec.log_file);
  }
  kept.pause = NextPause(options_, kept.pause, loop_.now().steady - kept.started_at);
  notice_(kept.spec.name + " ended (" + how + "); starting it again in " +
          std::to_string(kept.pause.count()) + " ms; its log: " + kept.spec.log_file);
  Pause(kept);
}

void Supervisor::Pause(Kept& kept) {
  kept.state = Kept::State::kPausing;
  kept.restart = loop_.After(kept.pause, [this, &kept] {
    const Status started = Launch(kept);
    if (started) return;
    notice_(started.error().message);
    kept.pause = NextPause(options_, kept.pause, Duration(0));
    Pause(kept);
  });
}

void Supervisor::Stop(std::function<void()> stopped) {
  stopping_ = true;
  stopped_ = std::move(stopped);
  for (const auto& kept : children_) {
    loop_.Cancel(kept->restart);
    if (kept->state == Kept::State::kPausing) kept->state = Kept::State::kEnded;
    if (kept->state == Kept::State::kRunning) static_cast<void>(Kill(kept->child, SIGTERM));
  }
  kill_timer_ = loop_.After(options_.stop_patience, [this] {
    for (const auto& kept : children_) {
      if (kept->state != Kept::State::kRunning) continue;
      notice_(kept->spec.name + " does not stop; killing it");
      static_cast<void>(Kill(kept->child, SIGKILL));
    }
  });
  CheckStopped();
}

std::size_t Supervisor::running() const {
  return static_cast<std::size_t>(
      std::count_if(children_.begin(), children_.end(),
                    [](const auto& kept) { return kept->state == Kept::State::kRunning; }));
}

void Supervisor::CheckStopped() {
  if (running() > 0 || !stopped_) return;
  loop_.Cancel(kill_timer_);
  std::exchange(stopped_, nullptr)();
}

}  // namespace eris::up
