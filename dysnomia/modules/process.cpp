// process: long-running programs. A program that stays in the foreground is put into a session of
// its own and gets a PID file; a daemon leaves it and writes one itself. Whether a process lives is
// asked of the kernel: its id, its start time and the boot are on record, so that another process
// with the same id is not taken for it. Activation fails when the program ends at once or a daemon
// leaves no PID file; deactivation returns when all of its session is gone.
#include "schema/base/process.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <optional>

#include "dysnomia/internal/deadline.h"
#include "dysnomia/internal/process_table.h"
#include "dysnomia/modules/built_in.h"
#include "dysnomia/modules/process_spec.h"
#include "dysnomia/modules/support_users.h"
#include "schema/base/files.h"
#include "schema/base/pidfd.h"
#include "schema/base/system_error.h"
#include "schema/base/text.h"

namespace eris::dysnomia {
namespace process_module {
namespace {

constexpr std::size_t kSmallFile = 4096;
constexpr std::int64_t kClockSlackMs = 2000;  // between a start time and a file's time
constexpr std::int64_t kKeptLogBytes = 16LL
                                       << 20;  // beyond it a log is set aside at the next start
constexpr Duration kLookAgain{20};

// A process as it was started, and the session that is its own; 0: it was found running, then
// nothing but the process itself is touched.
struct Running {
  ProcessIdentity process;
  pid_t session = 0;
};

std::optional<Running> ReadRecord(const ProcessSpec& spec) {
  const auto text = ReadFile(spec.record_file, kSmallFile);
  if (!text) return std::nullopt;
  const auto lines = Split(*text, '\n');
  const auto identity = ProcessIdentity::Parse(lines[0]);
  if (!identity || lines.size() < 2) return std::nullopt;
  const auto session = ParseUnsigned(lines[1]);
  if (!session) return std::nullopt;
  return Running{*identity, static_cast<pid_t>(*session)};
}

Status WriteRecord(const ProcessSpec& spec, const Running& running) {
  return WriteFileAtomically(
      spec.record_file, running.process.ToText() + std::to_string(running.session) + "\n", 0600);
}

// The process that a PID file names, unless it is younger than the file: then the id was given out
// anew.
std::optional<ProcessIdentity> ReadPidFile(const std::string& path) {
  struct stat info {};
  const auto text = path.empty() ? Result<std::string>(Fail(ErrorCode::kNotFound, ""))
                                 : ReadFile(path, kSmallFile);
  if (!text || ::stat(path.c_str(), &info) != 0) return std::nullopt;
  const auto pid = ParseUnsigned(Trim(*text));
  if (!pid || *pid <= 1 || *pid > INT32_MAX) return std::nullopt;
  auto identity = IdentifyProcess(static_cast<pid_t>(*pid));
  const std::int64_t written_ms = std::int64_t{info.st_mtim.tv_sec} * 1000;
  if (!identity || StartedAt(*identity).ms > written_ms + kClockSlackMs) return std::nullopt;
  return identity;
}

std::optional<Running> FindRunning(const ProcessSpec& spec) {
  auto record = ReadRecord(spec);
  if (record && IsAlive(record->process)) return record;
  const auto named = ReadPidFile(spec.pid_file);
  if (!named) return std::nullopt;
  // A daemon that replaced the recorded process and still is in its session.
  const auto info = ReadProcess(named->pid);
  const bool same_session = record && IsOfThisBoot(record->process) && info &&
                            record->session != 0 && info->session == record->session;
  return Running{*named, same_session ? record->session : 0};
}

// What is left of the session of a recorded process that is gone itself.
bool HasOrphans(const ProcessSpec& spec) {
  const auto record = ReadRecord(spec);
  return record && record->session != 0 && IsOfThisBoot(record->process) &&
         !IsAlive(record->process) && !ReadProcess(record->session) &&
         !SessionMembers(record->session).empty();
}

Status RemoveFile(const std::string& path) {
  if (::unlink(path.c_str()) == 0 || errno == ENOENT) return {};
  return FailErrno(errno, "cannot remove " + path);
}

Result<UniqueFd> OpenLog(const std::string& path) {
  ERIS_TRY(MakeDirectories(DirectoryOf(path), 0700));
  struct stat info {};
  if (::stat(path.c_str(), &info) == 0 && info.st_size > kKeptLogBytes &&
      ::rename(path.c_str(), (path + ".1").c_str()) != 0) {
    return FailErrno(errno, "cannot set aside " + path);
  }
  UniqueFd fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600));
  if (!fd.valid()) return FailErrno(errno, "cannot open " + path);
  return fd;
}

// Starts one process and waits until it counts as running.
class Start {
 public:
  Start(const ActivityContext& context, const ProcessSpec& spec, const ProcessTimes& times)
      : context_(context), spec_(spec), times_(times) {}

  Status Run() {
    ERIS_TRY(MakeDirectories(DirectoryOf(spec_.record_file), 0700));
    ERIS_TRY(RemoveFile(spec_.pid_file));
    ERIS_TRY(Launch());
    const auto running = AwaitRunning();
    if (!running) {
      ShowLog();
      ERIS_TRY(Undo());
      return Fail(Error(running.error()));
    }
    Say(spec_.name + " runs as process " + std::to_string(running->process.pid));
    return WriteRecord(spec_, *running);
  }

 private:
  Status Launch() {
    ERIS_ASSIGN(const UniqueFd log, OpenLog(spec_.log_file));
    log_begin_ = ::lseek(log.get(), 0, SEEK_END);
    SpawnOptions options;
    options.argv = spec_.argv;
    options.environment = context_.EnvironmentList();
    options.working_directory = "/";
    options.stdout_fd = log.get();
    options.stderr_fd = log.get();
    options.session = SpawnSession::kNew;
    ERIS_ASSIGN(child_, Spawn(options));
    const auto identity = IdentifyProcess(child_.pid);
    if (!identity) return {};  // it ended already; AwaitRunning tells how
    return WriteRecord(spec_, {*identity, child_.pid});
  }

  Result<Running> AwaitRunning() {
    if (!AwaitEnd(child_.pidfd, times_.settle)) return Foreground();
    ERIS_ASSIGN(const ExitStatus status, Reap(child_));
    if (!status.success()) {
      return Fail(ErrorCode::kInvalid, spec_.name + " ended at once with " + ToString(status),
                  "its output is in " + spec_.log_file);
    }
    return Daemon();
  }

  // It is alive after the time to settle.
  Result<Running> Foreground() {
    if (const auto daemon = FreshPidFile()) return AsDaemon(*daemon);
    const auto identity = IdentifyProcess(child_.pid);
    if (!identity) return Fail(ErrorCode::kInvalid, spec_.name + " ended while it was started");
    ERIS_TRY(MakeDirectories(DirectoryOf(spec_.pid_file), 0755));
    ERIS_TRY(WriteFileAtomically(spec_.pid_file, std::to_string(child_.pid) + "\n", 0644));
    return Running{*identity, child_.pid};
  }

  // It went into the background: its PID file tells where.
  Result<Running> Daemon() {
    for (const Deadline deadline = Deadline::After(times_.pid_file);; Pause(kLookAgain)) {
      if (const auto daemon = FreshPidFile()) return AsDaemon(*daemon);
      if (deadline.Passed()) break;
    }
    return Fail(ErrorCode::kInvalid,
                spec_.name + " ended with exit status 0 and no running process is named by " +
                    spec_.pid_file,
                "a program that goes into the background writes a PID file: name it by pidFile= in "
                "etc/dysnomia/process/" +
                    spec_.name);
  }

  // A file that names a process which is not older than the one that was started.
  std::optional<ProcessIdentity> FreshPidFile() const {
    for (const std::string& path : {spec_.pid_file, spec_.usual_pid_file}) {
      auto named = ReadPidFile(path);
      if (named && StartedAt(*named).ms + kClockSlackMs / 10 >= begun_.ms) return named;
    }
    return std::nullopt;
  }

  static Result<Running> AsDaemon(const ProcessIdentity& daemon) {
    const auto info = ReadProcess(daemon.pid);
    if (!info) return Fail(ErrorCode::kInvalid, "the daemon ended while it was started");
    return Running{daemon, info->session};
  }

  // The end of what it printed goes into the activity's output.
  void ShowLog() const {
    constexpr std::int64_t kMost = 4096;
    const UniqueFd log(::open(spec_.log_file.c_str(), O_RDONLY | O_CLOEXEC));
    if (!log.valid()) return;
    const std::int64_t end = ::lseek(log.get(), 0, SEEK_END);
    const std::int64_t begin = std::max<std::int64_t>(log_begin_, end - kMost);
    std::string text(static_cast<std::size_t>(std::max<std::int64_t>(end - begin, 0)), '\0');
    const ssize_t got = ::pread(log.get(), text.data(), text.size(), begin);
    if (got > 0) Say(Trim(std::string_view(text).substr(0, static_cast<std::size_t>(got))));
  }

  Status Undo() {
    if (!EndSession(child_.pid, times_.stop)) {
      return Fail(ErrorCode::kInternal, spec_.name + " does not even end when killed");
    }
    ERIS_TRY(RemoveFile(spec_.pid_file));
    return RemoveFile(spec_.record_file);
  }

  const ActivityContext& context_;
  const ProcessSpec& spec_;
  const ProcessTimes& times_;
  const WallTime begun_ = SystemClock().Read().wall;
  Child child_;
  std::int64_t log_begin_ = 0;
};

Status FailToEnd(const ProcessIdentity& process) {
  return Fail(ErrorCode::kInternal,
              "process " + std::to_string(process.pid) + " does not even end when killed");
}

Status EndAlone(const ProcessIdentity& process, Duration grace) {
  for (const int signal : {SIGTERM, SIGKILL}) {
    ERIS_ASSIGN(const auto pidfd, OpenProcess(process));
    if (!pidfd) return {};
    if (PidfdSendSignal(pidfd->get(), signal) != 0 && errno != ESRCH) {
      return FailErrno(errno, "cannot end process " + std::to_string(process.pid));
    }
    if (AwaitEnd(*pidfd, grace)) return {};
  }
  return FailToEnd(process);
}

Status StopOne(const Running& running, Duration grace) {
  if (running.session != 0) {
    // A daemon may have gone into a session of its own after its PID file was read.
    const auto info = ReadProcess(running.process.pid);
    const bool leads = info && IsAlive(running.process) && info->session == running.process.pid;
    if (leads && !EndSession(info->session, grace)) return FailToEnd(running.process);
    if (!EndSession(running.session, grace)) return FailToEnd(running.process);
  }
  return EndAlone(running.process, grace);
}

Status Stop(const ProcessSpec& spec, const ProcessTimes& times) {
  auto running = FindRunning(spec);
  if (!running && HasOrphans(spec)) running = ReadRecord(spec);
  if (running) {
    ERIS_TRY(StopOne(*running, times.stop));
    Say(spec.name + " has ended");
  } else {
    Say(spec.name + " does not run");
  }
  ERIS_TRY(RemoveFile(spec.pid_file));
  return RemoveFile(spec.record_file);
}

Status Activate(const ActivityContext& context) {
  ERIS_ASSIGN(const auto specs, ReadProcessSpecs(context));
  ERIS_ASSIGN(const ProcessTimes times, ReadProcessTimes(context));
  ERIS_TRY(CreateSupportUsers(context));
  for (const ProcessSpec& spec : specs) {
    if (const auto running = FindRunning(spec)) {
      Say(spec.name + " runs already as process " + std::to_string(running->process.pid));
      continue;
    }
    if (HasOrphans(spec)) ERIS_TRY(Stop(spec, times));
    ERIS_TRY(Start(context, spec, times).Run());
  }
  return {};
}

Status Deactivate(const ActivityContext& context) {
  ERIS_ASSIGN(const auto specs, ReadProcessSpecs(context));
  ERIS_ASSIGN(const ProcessTimes times, ReadProcessTimes(context));
  for (auto spec = specs.rbegin(); spec != specs.rend(); ++spec) ERIS_TRY(Stop(*spec, times));
  return DeleteSupportUsers(context);
}

Status Run(const ActivityContext& context) {
  if (context.kind == ActivityKind::kActivate) return Activate(context);
  if (context.kind == ActivityKind::kDeactivate) return Deactivate(context);
  return Fail(ErrorCode::kInternal, "process has no such activity");
}

// Active when all of its processes live; when only some do, activation brings the others back.
Result<ComponentStatus> QueryStatus(const ActivityContext& context) {
  ERIS_ASSIGN(const auto specs, ReadProcessSpecs(context));
  for (const ProcessSpec& spec : specs) {
    if (!FindRunning(spec)) return ComponentStatus::kInactive;
  }
  return ComponentStatus::kActive;
}

}  // namespace
}  // namespace process_module

const BuiltInModule& ProcessModule() {
  static const BuiltInModule kModule = [] {
    BuiltInModule made;
    made.name = "process";
    made.activities.Add(ActivityKind::kActivate);
    made.activities.Add(ActivityKind::kDeactivate);
    made.activities.Add(ActivityKind::kStatus);
    made.run = process_module::Run;
    made.status = process_module::QueryStatus;
    return made;
  }();
  return kModule;
}

}  // namespace eris::dysnomia
