#include "dysnomia/runner.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>

#include "dysnomia/internal/attempt_files.h"
#include "dysnomia/internal/attempt_format.h"
#include "dysnomia/internal/capture.h"
#include "dysnomia/internal/deadline.h"
#include "dysnomia/internal/process_table.h"
#include "dysnomia/internal/supervisor.h"
#include "schema/base/files.h"
#include "schema/base/system_error.h"
#include "schema/base/text.h"

namespace eris::dysnomia {
namespace {

namespace fs = std::filesystem;

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

ActivityOutcome Failed(std::string message) {
  ActivityOutcome outcome;
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
        stop_fd_(stop.get()),
        deadline_(Deadline::After(request.time_limit)) {}

  AttemptOutcome Run() {
    AttemptOutcome outcome;
    for (const ActivityRequest& activity : request_.activities) {
      outcome.activities.push_back(RunOne(activity));
      const ActivityResult result = outcome.activities.back().result;
      if (result != ActivityResult::kSucceeded && result != ActivityResult::kUnimplemented) break;
    }
    return outcome;
  }

 private:
  ActivityOutcome RunOne(const ActivityRequest& activity) {
    const auto module = FindModule(activity.module, settings_.modules_path);
    if (!module) return Failed(module.error().message);
    if (!module->activities.Contains(activity.kind)) {
      ActivityOutcome outcome;
      outcome.result = ActivityResult::kUnimplemented;
      return outcome;
    }
    const auto context = MakeContext(activity);
    if (!context) return Failed(context.error().message);
    if (request_.activities.size() > 1) {
      capture_.Say("--- " + std::string(ModuleWord(activity.kind)) + " " + activity.component +
                   " " + activity.container);
    }
    const std::uint64_t from = capture_.Size();
    const auto end = RunSupervised({.deadline = deadline_,
                                    .kill_grace = request_.kill_grace,
                                    .max_output_bytes = kMaxOutputBytes,
                                    .output_fd = capture_.fd(),
                                    .stop_fd = stop_fd_},
                                   [&] { return ExecuteActivity(*module, *context); });
    if (!end) return Failed(end.error().message);
    ActivityOutcome outcome = Judge(activity, *end);
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
  int stop_fd_;
  Deadline deadline_;
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

int ExecuteForeign(const fs::path& program, const ActivityContext& context) {
  std::vector<std::string> variables = context.EnvironmentList();
  std::vector<char*> environment;
  for (std::string& variable : variables) environment.push_back(variable.data());
  environment.push_back(nullptr);
  std::string path = program.string();
  std::string word(ModuleWord(context.kind));
  std::string component = context.component.string();
  std::string container = context.container;
  const std::vector<char*> argv{path.data(), word.data(), component.data(), container.data(),
                                nullptr};
  ::execve(path.c_str(), argv.data(), environment.data());
  return ReportFailure(SystemError(errno, "cannot run " + path));
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
  if (!module.IsBuiltIn()) return ExecuteForeign(module.path, context);
  const BuiltInModule* const built_in = FindBuiltIn(module.type);
  return built_in == nullptr ? kExitUnknown : ExecuteBuiltIn(*built_in, context);
}

Status RunAttempt(const fs::path& relative, const RunnerSettings& settings) {
  const fs::path dir = fs::absolute(relative);
  ::close_range(STDERR_FILENO + 1, ~0U, 0);
  ERIS_TRY(LeadSession());
  ERIS_ASSIGN(const UniqueFd stop, CatchStopRequests());
  const AttemptFiles files(dir);
  ERIS_ASSIGN(const FileLock lock, TakeLock(files.lock));
  ERIS_TRY(NameHolder(lock));
  if (FileExists(files.outcome))
    return Fail(ErrorCode::kConflict, files.outcome + " exists already");
  ERIS_ASSIGN(const std::string text, ReadFile(files.request, kMaxAttemptFileBytes));
  auto request = DecodeRequest(text);
  if (!request) return Fail(std::move(request).error().In(files.request));
  if (::chdir("/") != 0) return FailErrno(errno, "cannot go to /");
  ERIS_ASSIGN(Capture capture, Capture::Open(files.output, ModeFor(*request)));
  const AttemptOutcome outcome = BatchRun(*request, settings, capture, stop).Run();
  ERIS_TRY(capture.Finish());
  return WriteFileAtomically(files.outcome, EncodeOutcome(outcome), 0600);
}

}  // namespace eris::dysnomia
