#include "schema/base/process.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "schema/base/check.h"
#include "schema/base/pidfd.h"
#include "schema/base/system_error.h"

namespace eris {
namespace {

// Owns the two attribute objects of posix_spawn, which is a vfork that reports a failed exec.
class SpawnRequest {
 public:
  SpawnRequest() {
    ::posix_spawnattr_init(&attributes_);
    ::posix_spawn_file_actions_init(&actions_);
  }
  SpawnRequest(const SpawnRequest&) = delete;
  SpawnRequest& operator=(const SpawnRequest&) = delete;
  ~SpawnRequest() {
    ::posix_spawn_file_actions_destroy(&actions_);
    ::posix_spawnattr_destroy(&attributes_);
  }

  posix_spawnattr_t* attributes() { return &attributes_; }
  posix_spawn_file_actions_t* actions() { return &actions_; }

 private:
  posix_spawnattr_t attributes_;
  posix_spawn_file_actions_t actions_;
};

Status Checked(int error, std::string_view doing) {
  if (error != 0) return FailErrno(error, doing);
  return {};
}

// A daemon ignores SIGPIPE and blocks what it reads by signalfd; its children must not.
Status ResetSignals(SpawnRequest& request, SpawnSession session) {
  sigset_t none;
  sigset_t all;
  sigemptyset(&none);
  sigfillset(&all);
  ERIS_TRY(Checked(::posix_spawnattr_setsigmask(request.attributes(), &none), "signal mask"));
  ERIS_TRY(Checked(::posix_spawnattr_setsigdefault(request.attributes(), &all), "signals"));
  int flags = POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF;
  if (session == SpawnSession::kNew) flags |= POSIX_SPAWN_SETSID;
  if (session == SpawnSession::kNewGroup) flags |= POSIX_SPAWN_SETPGROUP;  // 0: its own
  return Checked(::posix_spawnattr_setflags(request.attributes(), static_cast<short>(flags)),
                 "spawn flags");
}

// Descriptors 0 to 2 that would be overwritten before they are used: moved out of the way.
Result<UniqueFd> MoveUp(int& source, int target) {
  if (source < 0 || source > STDERR_FILENO || source == target) return UniqueFd();
  UniqueFd moved(::fcntl(source, F_DUPFD_CLOEXEC, STDERR_FILENO + 1));
  if (!moved.valid()) return FailErrno(errno, "cannot duplicate a descriptor");
  source = moved.get();
  return moved;
}

Status AddDescriptors(SpawnRequest& request, const std::array<int, 3>& sources) {
  posix_spawn_file_actions_t* actions = request.actions();
  for (int target = 0; target < 3; ++target) {
    const int source = sources.at(static_cast<std::size_t>(target));
    const int error =
        source < 0 ? ::posix_spawn_file_actions_addopen(actions, target, "/dev/null", O_RDWR, 0)
                   : ::posix_spawn_file_actions_adddup2(actions, source, target);
    ERIS_TRY(Checked(error, "cannot hand over a descriptor"));
  }
  return Checked(::posix_spawn_file_actions_addclosefrom_np(actions, STDERR_FILENO + 1),
                 "cannot close descriptors");
}

std::vector<char*> Pointers(const std::vector<std::string>& strings) {
  std::vector<char*> pointers;
  pointers.reserve(strings.size() + 1);
  // execve takes char* for historical reasons and does not write.
  for (const std::string& text : strings) pointers.push_back(const_cast<char*>(text.c_str()));
  pointers.push_back(nullptr);
  return pointers;
}

ExitStatus StatusOf(const siginfo_t& info) {
  const bool exited = info.si_code == CLD_EXITED;
  return {exited ? ExitStatus::Kind::kExited : ExitStatus::Kind::kSignaled, info.si_status};
}

Result<std::optional<ExitStatus>> Wait(Child& child, int flags) {
  siginfo_t info{};
  while (::waitid(P_PIDFD, static_cast<id_t>(child.pidfd.get()), &info, WEXITED | flags) != 0) {
    if (errno == EINTR) continue;
    return FailErrno(errno, "cannot wait for process " + std::to_string(child.pid));
  }
  if (info.si_pid == 0) return std::optional<ExitStatus>();
  return std::optional(StatusOf(info));
}

}  // namespace

std::string ToString(const ExitStatus& status) {
  const std::string number = std::to_string(status.value);
  if (status.kind == ExitStatus::Kind::kExited) return "exit status " + number;
  return "signal " + number + " (" + ::strsignal(status.value) + ")";
}

Result<Child> Spawn(const SpawnOptions& options) {
  ERIS_CHECK(!options.argv.empty(), "a program has a name");
  const std::string doing = "cannot start " + options.argv.front();
  SpawnRequest request;
  ERIS_TRY(ResetSignals(request, options.session));
  std::array<int, 3> sources{options.stdin_fd, options.stdout_fd, options.stderr_fd};
  std::array<UniqueFd, 3> moved;
  for (std::size_t i = 0; i < sources.size(); ++i) {
    ERIS_ASSIGN(moved.at(i), MoveUp(sources.at(i), static_cast<int>(i)));
  }
  ERIS_TRY(AddDescriptors(request, sources));
  if (!options.working_directory.empty()) {
    ERIS_TRY(Checked(::posix_spawn_file_actions_addchdir_np(request.actions(),
                                                            options.working_directory.c_str()),
                     doing));
  }
  const std::vector<char*> argv = Pointers(options.argv);
  const std::vector<char*> environment = Pointers(options.environment);
  Child child;
  ERIS_TRY(Checked(::posix_spawnp(&child.pid, argv.front(), request.actions(), request.attributes(),
                                  argv.data(), environment.data()),
                   doing));
  // No race: the child's id is taken until it is reaped.
  child.pidfd.Reset(PidfdOpen(child.pid));
  if (!child.pidfd.valid()) {
    const int error = errno;
    ::kill(child.pid, SIGKILL);
    ::waitpid(child.pid, nullptr, 0);
    return FailErrno(error, doing);
  }
  return child;
}

Result<ExitStatus> Reap(Child& child) {
  ERIS_ASSIGN(const auto status, Wait(child, 0));
  ERIS_CHECK(status.has_value(), "a blocking wait returns with a child");
  return *status;
}

Result<std::optional<ExitStatus>> TryReap(Child& child) { return Wait(child, WNOHANG); }

Status Kill(const Child& child, int signal) {
  if (PidfdSendSignal(child.pidfd.get(), signal) != 0 && errno != ESRCH) {
    return FailErrno(errno, "cannot signal process " + std::to_string(child.pid));
  }
  return {};
}

std::vector<std::string> CurrentEnvironment() {
  std::vector<std::string> environment;
  for (char** entry = ::environ; entry != nullptr && *entry != nullptr; ++entry) {
    environment.emplace_back(*entry);
  }
  return environment;
}

}  // namespace eris
