#include "dysnomia/runner.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <functional>
#include <optional>

#include "dysnomia/internal/attempt_files.h"
#include "dysnomia/internal/attempt_format.h"
#include "dysnomia/internal/capture.h"
#include "dysnomia/internal/deadline.h"
#include "dysnomia/internal/process_table.h"
#include "dysnomia/internal/supervisor.h"
#include "schema/base/files.h"
#include "schema/base/process.h"
#include "schema/base/system_error.h"
#include "schema/base/text.h"

namespace eris::dysnomia {
namespace {

namespace fs = std::filesystem;

void Reached(const RunnerSettings& settings, std::string_view point) {
  if (settings.observer != nullptr) settings.observer->Reached(point);
}

// The lock is held by probes for an instant at a time, by another runner for long.
Result<FileLock> TakeLock(const std::string& path) {
  constexpr int kTries = 100;
  constexpr Duration kPause{20};
  for (int i = 0;; ++i) {
    auto lock = FileLock::TryAcquire(path);
    if (lock || lock.error().code != ErrorCode::kConflict || i == kTries) return lock;
    Pause(kPause);
  }
}

Status NameHolder(const FileLock& lock) {
  const auto self = IdentifyProcess(::getpid());
  if (!self) return Fail(ErrorCode::kInternal, "/proc does not know this process");
  if (::ftruncate(lock.fd(), 0) != 0) return FailErrno(errno, "cannot write the lock");
  return WriteAll(lock.fd(), self->ToText());
}

// Leads a session from here on. A process group's leader cannot make one: then a child goes on and
// this process only passes its exit status on.
Status LeadSession() {
  if (::getsid(0) == ::getpid() || ::setsid() >= 0) return {};
  const pid_t child = ::fork();
  if (child < 0) return FailErrno(errno, "cannot fork");
  if (child == 0) {
    if (::setsid() < 0) return FailErrno(errno, "cannot lead a session");
    return {};
  }
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  ::_exit(WIFEXITED(status) ? WEXITSTATUS(status) : 1);
}

// Requests to stop arrive here instead of ending the runner.
Result<UniqueFd> CatchStopRequests() {
  ::signal(SIGPIPE, SIG_IGN);
  ::signal(SIGHUP, SIG_IGN);
  sigset_t requests;
  sigemptyset(&requests);
  sigaddset(&requests, SIGTERM);
  sigaddset(&requests, SIGINT);
  ::sigprocmask(SIG_BLOCK, &requests, nullptr);
  UniqueFd fd(::signalfd(-1, &requests, SFD_CLOEXEC | SFD_NONBLOCK));
  if (!fd.valid()) return FailErrno(errno, "cannot watch signals");
  return fd;
}

std::vector<std::string> ModuleArguments(const FoundModule& module,
                                         const ActivityContext& context) {
  return {module.path.string(), std::string(ModuleWord(context.kind)), context.component.string(),
          context.container};
}

ActivityOutcome Ended(ActivityResult result, std::string message) {
  ActivityOutcome outcome;
  outcome.result = result;
  outcome.message = std::move(message);
  return outcome;
}

std::string LastLine(std::string_view text) {
  constexpr std::size_t kMost = 300;
  text = Trim(text);
  return std::string(text.substr(text.rfind('\n') + 1).substr(0, kMost));
}

// Runs one batch; holds what its activities share.
class BatchRun {
 public:
  BatchRun(const AttemptRequest& request, const RunnerSettings& settings, Capture& capture,
           const UniqueFd& stop)
      : request_(request),
        settings_(settings),
        capture_(capture),
        supervision_{.deadline = Deadline::After(request.time_limit),
                     .kill_grace = request.kill_grace,
                     .max_output_bytes = kMaxOutputBytes,
                     .output_fd = capture.fd(),
                     .stop_fd = stop.get()} {}

  // Calls `finish` once with the outcome; where an activity is ended by force, within another
  // thread and as the last act of this process.
  Status Run(const std::function<Status(const AttemptOutcome&)>& finish) {
    finish_ = finish;
    for (const ActivityRequest& activity : request_.activities) {
      Reached(settings_, kBeforeActivity);
      outcome_.activities.push_back(RunOne(activity));
      Reached(settings_, kAfterActivity);
      const ActivityResult result = outcome_.activities.back().result;
      if (result != ActivityResult::kSucceeded && result != ActivityResult::kUnimplemented) break;
    }
    return finish_(outcome_);
  }

 private:
  ActivityOutcome RunOne(const ActivityRequest& activity) {
    const auto module = FindModule(activity.module, settings_.modules_path);
    if (!module) return Ended(ActivityResult::kNotStarted, module.error().message);
    if (!module->activities.Contains(activity.kind)) {
      ActivityOutcome outcome;
      outcome.result = ActivityResult::kUnimplemented;
      return outcome;
    }
    const auto context = MakeContext(activity);
    if (!context) return Ended(ActivityResult::kNotStarted, context.error().message);
    if (request_.activities.size() > 1) {
      capture_.Say("--- " + std::string(ModuleWord(activity.kind)) + " " + activity.component +
                   " " + activity.container);
    }
    const std::uint64_t from = capture_.Size();
    if (module->IsBuiltIn())
      return Conclude(activity, RunBuiltIn(activity, *module, *context), from);
    auto child = SpawnForeign(*module, *context);
    if (!child) return Ended(ActivityResult::kNotStarted, child.error().message);
    const auto end = SuperviseProgram(supervision_, *std::move(child));
    if (!end) return Ended(ActivityResult::kFailed, end.error().message);
    return Conclude(activity, *end, from);
  }

  SupervisedEnd RunBuiltIn(const ActivityRequest& activity, const FoundModule& module,
                           const ActivityContext& context) {
    const std::uint64_t from = capture_.Size();
    if (!watch_) watch_.emplace(supervision_);
    return watch_->Run([&] { return ExecuteActivity(module, context); },
                       [&, from](const SupervisedEnd& end) {
                         outcome_.activities.push_back(Conclude(activity, end, from));
                         return finish_(outcome_) ? 0 : 1;
                       });
  }

  Result<Child> SpawnForeign(const FoundModule& module, const ActivityContext& context) const {
    SpawnOptions options;
    options.argv = ModuleArguments(module, context);
    options.environment = context.EnvironmentList();
    options.stdout_fd = capture_.fd();
    options.stderr_fd = capture_.fd();
    options.session = SpawnSession::kNewGroup;
    return Spawn(options);
  }

  ActivityOutcome Conclude(const ActivityRequest& activity, const SupervisedEnd& end,
                           std::uint64_t from) const {
    ActivityOutcome outcome = Judge(activity, end);
    const bool goes_on =
        outcome.result == ActivityResult::kSucceeded && &activity != &request_.activities.back();
    if (goes_on) return outcome;
    outcome.tail = capture_.Tail(from);
    const std::string last = LastLine(outcome.tail);
    if (outcome.result == ActivityResult::kFailed && !last.empty()) outcome.message += ": " + last;
    return outcome;
  }

  Result<ActivityContext> MakeContext(const ActivityRequest& activity) {
    ActivityContext context{.kind = activity.kind,
                            .component = activity.component,
                            .container = activity.container,
                            .state_dir = request_.state_dir,
                            .environment = settings_.inherited};
    const fs::path& secrets =
        request_.secrets_dir.empty() ? settings_.secrets_dir : request_.secrets_dir;
    for (const auto& [name, value] : activity.properties) {
      if (const auto* secret = std::get_if<SecretName>(&value)) {
        ERIS_ASSIGN(std::string content, ReadSecret(secrets, secret->name));
        capture_.masker().Add(content);
        context.environment[name] = std::move(content);
      } else {
        context.environment[name] = std::get<std::string>(value);
      }
    }
    context.environment["DYSNOMIA_STATEDIR"] = request_.state_dir.string();
    return context;
  }

  ActivityOutcome Judge(const ActivityRequest& activity, const SupervisedEnd& end) const {
    const std::string what = activity.module + " " + std::string(ModuleWord(activity.kind)) +
                             " of " + activity.component;
    const bool exited = end.status.kind == ExitStatus::Kind::kExited;
    ActivityOutcome outcome;
    outcome.exit_status = exited ? end.status.value : 128 + end.status.value;
    switch (end.by) {
      case EndedBy::kDeadline:
        outcome.result = ActivityResult::kTimedOut;
        outcome.message = what + " was ended at its time limit of " +
                          std::to_string(request_.time_limit.count()) + " ms";
        return outcome;
      case EndedBy::kStopRequest:
        outcome.result = ActivityResult::kStopped;
        outcome.message = what + " was stopped";
        return outcome;
      case EndedBy::kOutputLimit:
        outcome.message = what + " printed more than " + std::to_string(kMaxOutputBytes >> 20U) +
                          " MiB and was ended";
        return outcome;
      case EndedBy::kItself:
        break;
    }
    if (activity.kind == ActivityKind::kStatus && exited) return JudgeStatus(outcome, what);
    outcome.result = end.status.success() ? ActivityResult::kSucceeded : ActivityResult::kFailed;
    if (!end.status.success()) outcome.message = what + ": " + ToString(end.status);
    return outcome;
  }

  static ActivityOutcome JudgeStatus(ActivityOutcome outcome, const std::string& what) {
    outcome.result = ActivityResult::kSucceeded;
    if (outcome.exit_status == kExitActive) {
      outcome.status = ComponentStatus::kActive;
    } else if (outcome.exit_status == kExitInactive) {
      outcome.status = ComponentStatus::kInactive;
    } else if (outcome.exit_status != kExitUnknown) {
      outcome.result = ActivityResult::kFailed;
      outcome.message = what + ": exit status " + std::to_string(outcome.exit_status);
    }
    return outcome;
  }

  const AttemptRequest& request_;
  const RunnerSettings& settings_;
  Capture& capture_;
  Supervision supervision_;
  std::optional<WorkWatch> watch_;  // since the first activity of a built-in module
  AttemptOutcome outcome_;
  std::function<Status(const AttemptOutcome&)> finish_;
};

CaptureMode ModeFor(const AttemptRequest& request) {
  for (const ActivityRequest& activity : request.activities) {
    for (const auto& [_, value] : activity.properties) {
      if (std::holds_alternative<SecretName>(value)) return CaptureMode::kMasked;
    }
  }
  return CaptureMode::kPlain;
}

int ReportFailure(const Error& error) {
  static_cast<void>(WriteAll(STDERR_FILENO, "error: " + error.message + "\n"));
  if (!error.fix.empty()) static_cast<void>(WriteAll(STDERR_FILENO, error.fix + "\n"));
  return 1;
}

int ExecuteBuiltIn(const BuiltInModule& module, const ActivityContext& context) {
  if (context.kind != ActivityKind::kStatus) {
    const Status status = module.run(context);
    return status ? 0 : ReportFailure(status.error());
  }
  const auto status = module.status(context);
  if (!status) return ReportFailure(status.error());
  switch (*status) {
    case ComponentStatus::kActive:
      return kExitActive;
    case ComponentStatus::kInactive:
      return kExitInactive;
    case ComponentStatus::kUnknown:
      break;
  }
  return kExitUnknown;
}

int ExecuteForeign(const FoundModule& module, const ActivityContext& context) {
  const auto pointers = [](std::vector<std::string>& strings) {
    std::vector<char*> list;
    list.reserve(strings.size() + 1);
    for (std::string& text : strings) list.push_back(text.data());
    list.push_back(nullptr);
    return list;
  };
  std::vector<std::string> argv = ModuleArguments(module, context);
  std::vector<std::string> environment = context.EnvironmentList();
  ::execve(module.path.c_str(), pointers(argv).data(), pointers(environment).data());
  return ReportFailure(SystemError(errno, "cannot run " + module.path.string()));
}

// The built-in modules print to the standard output and error of this process: the capture, for as
// long as this lives. Afterwards nobody prints but for errors.
class RedirectedOutput {
 public:
  static Result<RedirectedOutput> Start(const Capture& capture) {
    UniqueFd before(::fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1));
    if (::dup2(capture.fd(), STDOUT_FILENO) < 0 || ::dup2(capture.fd(), STDERR_FILENO) < 0) {
      return FailErrno(errno, "cannot redirect the output");
    }
    return RedirectedOutput(std::move(before));
  }
  RedirectedOutput(RedirectedOutput&&) = default;
  RedirectedOutput& operator=(RedirectedOutput&&) = delete;
  ~RedirectedOutput() {
    if (!standard_error_.valid()) return;
    ::dup2(standard_error_.get(), STDERR_FILENO);
    ::dup2(STDIN_FILENO, STDOUT_FILENO);
  }

 private:
  explicit RedirectedOutput(UniqueFd standard_error) : standard_error_(std::move(standard_error)) {}
  UniqueFd standard_error_;  // what it was before
};

// By temporary name, sync and rename. The directory is not synced, which would cost a second write
// to the disk for each activity: a power cut may take a whole outcome away, and then the attempt is
// judged as one whose runner was killed.
Status Publish(const AttemptFiles& files, std::string_view text) {
  const char* const temporary = files.unpublished.c_str();
  const UniqueFd fd(::open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
  if (!fd.valid()) return FailErrno(errno, "cannot make " + files.unpublished);
  ERIS_TRY(WriteAll(fd.get(), text));
  if (::fsync(fd.get()) != 0 || ::rename(temporary, files.outcome.c_str()) != 0) {
    return FailErrno(errno, "cannot write " + files.outcome);
  }
  return {};
}

// Changes the process. Gives what becomes readable when it shall stop.
Result<UniqueFd> BecomeRunner() {
  ERIS_TRY(LeadSession());
  const UniqueFd null(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  if (!null.valid() || ::dup2(null.get(), STDIN_FILENO) < 0) {
    return FailErrno(errno, "cannot redirect the input");
  }
  if (::chdir("/") != 0) return FailErrno(errno, "cannot go to /");
  return CatchStopRequests();
}

Status RunIn(const fs::path& dir, const RunnerSettings& settings, const UniqueFd& stop) {
  const AttemptFiles files(dir);
  Reached(settings, kBeforeLock);
  ERIS_ASSIGN(const FileLock lock, TakeLock(files.lock));
  ERIS_TRY(NameHolder(lock));
  Reached(settings, kAfterLock);
  ERIS_ASSIGN(const auto before, ReadOutcome(dir));
  if (before) return Fail(ErrorCode::kConflict, files.outcome + " exists already");
  ERIS_ASSIGN(const std::string text, ReadFile(files.request, kMaxAttemptFileBytes));
  auto request = DecodeRequest(text);
  if (!request) return Fail(std::move(request).error().In(files.request));
  ERIS_ASSIGN(Capture capture, Capture::Open(files.output, ModeFor(*request)));
  ERIS_ASSIGN(const RedirectedOutput redirected, RedirectedOutput::Start(capture));
  return BatchRun(*request, settings, capture, stop)
      .Run([&](const AttemptOutcome& outcome) -> Status {
        ERIS_TRY(capture.Finish());
        Reached(settings, kBeforeOutcome);
        ERIS_TRY(Publish(files, EncodeOutcome({dir.filename().string(), outcome})));
        Reached(settings, kAfterOutcome);
        return {};
      });
}

// The name that the worker sends next; empty when there is nothing more to do.
Result<std::string> NextAttempt(const UniqueFd& worker, const UniqueFd& stop) {
  std::array<pollfd, 2> watched{{{worker.get(), POLLIN, 0}, {stop.get(), POLLIN, 0}}};
  while (::poll(watched.data(), watched.size(), -1) < 0) {
    if (errno != EINTR) return FailErrno(errno, "cannot wait for an attempt");
  }
  if (watched[1].revents != 0) return std::string();
  std::array<char, kMaxAttemptName + 1> buffer{};
  const ssize_t size = ::recv(worker.get(), buffer.data(), buffer.size(), 0);
  if (size < 0 && errno != ECONNRESET) return FailErrno(errno, "cannot hear of an attempt");
  std::string name(buffer.data(), static_cast<std::size_t>(std::max<ssize_t>(size, 0)));
  const bool is_name = name.size() <= kMaxAttemptName && name.find('/') == std::string::npos &&
                       !name.starts_with('.');
  if (!is_name) return Fail(ErrorCode::kInvalid, "a worker asked for what is no attempt");
  return name;
}

// Whether this process never had a child, so that it is alone in its session.
bool HasStartedNothing() {
  rusage of_children{};
  siginfo_t info{};
  return ::getrusage(RUSAGE_CHILDREN, &of_children) == 0 && of_children.ru_maxrss == 0 &&
         ::waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) != 0 && errno == ECHILD;
}

}  // namespace

RunnerSettings SettingsFrom(const std::vector<std::string>& environment) {
  RunnerSettings settings;
  for (const std::string& variable : environment) {
    const std::size_t equals = variable.find('=');
    if (equals == std::string::npos) continue;
    const std::string name = variable.substr(0, equals);
    std::string value = variable.substr(equals + 1);
    if (name == "DYSNOMIA_MODULES_PATH") settings.modules_path = SplitSearchPath(value);
    if (name == "ERIS_SECRETS_DIR") settings.secrets_dir = value;
    if (!name.starts_with("ERIS_")) settings.inherited[name] = std::move(value);
  }
  return settings;
}

int ExecuteActivity(const FoundModule& module, const ActivityContext& context) {
  if (!module.IsBuiltIn()) return ExecuteForeign(module, context);
  const BuiltInModule* const built_in = FindBuiltIn(module.type);
  return built_in == nullptr ? kExitUnknown : ExecuteBuiltIn(*built_in, context);
}

Status RunAttempt(const fs::path& relative, const RunnerSettings& settings) {
  const fs::path dir = fs::absolute(relative);
  ::close_range(STDERR_FILENO + 1, ~0U, 0);
  ERIS_ASSIGN(const UniqueFd stop, BecomeRunner());
  return RunIn(dir, settings, stop);
}

Status RunAttempts(const fs::path& relative, const RunnerSettings& settings) {
  const fs::path attempts_dir = fs::absolute(relative);
  ::close_range(STDERR_FILENO + 1, ~0U, 0);
  const UniqueFd worker(::fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1));
  if (!worker.valid()) return FailErrno(errno, "standard input is no socket");
  ERIS_ASSIGN(const UniqueFd stop, BecomeRunner());
  for (;;) {
    ERIS_ASSIGN(const std::string name, NextAttempt(worker, stop));
    if (name.empty()) return {};
    ERIS_TRY(RunIn(attempts_dir / name, settings, stop));
    if (!HasStartedNothing() || ::send(worker.get(), &kReady, 1, MSG_NOSIGNAL) != 1) return {};
  }
}

}  // namespace eris::dysnomia
