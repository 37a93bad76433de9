#include "dysnomia/attempt.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "dysnomia/internal/attempt_files.h"
#include "dysnomia/internal/attempt_format.h"
#include "dysnomia/internal/process_table.h"
#include "schema/base/files.h"
#include "schema/base/pidfd.h"
#include "schema/base/system_error.h"

namespace eris::dysnomia {
namespace {

namespace fs = std::filesystem;

Result<bool> IsLocked(const fs::path& dir) {
  if (!FileExists(AttemptFiles(dir).lock)) return false;
  const auto lock = FileLock::TryAcquire(AttemptFiles(dir).lock);
  if (lock) return false;
  if (lock.error().code == ErrorCode::kConflict) return true;
  return Fail(Error(lock.error()));
}

std::optional<ProcessIdentity> RunnerOf(const fs::path& dir) {
  const auto text = ReadFile(AttemptFiles(dir).lock, kMaxLockBytes);
  return text ? ProcessIdentity::Parse(*text) : std::nullopt;
}

// The members of a session that its leader has left. As long as there is one, the kernel gives the
// id to no new process; a process that has it now shows that the session is gone.
Result<int> StopOrphans(const std::optional<ProcessIdentity>& runner, int signal) {
  if (!runner || !IsOfThisBoot(*runner)) return 0;
  if (ReadProcess(runner->pid) && !IsAlive(*runner)) return 0;
  return SignalSession(runner->pid, signal);
}

}  // namespace

Status PrepareAttempt(const fs::path& dir, const AttemptRequest& request) {
  ERIS_TRY(CheckRequest(request));
  if (::mkdir(dir.c_str(), 0700) != 0 && errno != EEXIST) {
    return FailErrno(errno, "cannot make " + dir.string());
  }
  const AttemptFiles files(dir);
  const UniqueFd fd(::open(files.request.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
  struct stat before {};
  if (!fd.valid() || ::fstat(fd.get(), &before) != 0) {
    return FailErrno(errno, "cannot make " + files.request);
  }
  if (before.st_size > 0) return Fail(ErrorCode::kConflict, files.request + " exists already");
  return WriteAll(fd.get(), EncodeRequest(request)).map_error([&](Error error) {
    return std::move(error).In(files.request);
  });
}

std::vector<std::string> AttemptCommand(const fs::path& dysnomia, const fs::path& dir) {
  return {dysnomia.string(), "--attempt", dir.string()};
}

std::vector<std::string> AttemptsCommand(const fs::path& dysnomia, const fs::path& attempts_dir) {
  return {dysnomia.string(), "--attempts", attempts_dir.string()};
}

Result<std::optional<AttemptOutcome>> ReadOutcome(const fs::path& dir) {
  const AttemptFiles files(dir);
  if (!FileExists(files.outcome)) return std::optional<AttemptOutcome>();
  ERIS_ASSIGN(const std::string text, ReadFile(files.outcome, kMaxAttemptFileBytes));
  auto named = DecodeOutcome(text);
  // The file is used again, and a power cut may bring back the name that it had as an outcome.
  if (!named && named.error().code == ErrorCode::kCorrupt) return std::optional<AttemptOutcome>();
  if (!named) return Fail(std::move(named).error().In(files.outcome));
  // Of an attempt that had this directory before, brought back by a power cut.
  if (named->attempt != dir.filename()) return std::optional<AttemptOutcome>();
  return std::optional(std::move(named->outcome));
}

Result<bool> IsAttemptRunning(const fs::path& dir) { return IsLocked(dir); }

Result<std::optional<UniqueFd>> WatchAttempt(const fs::path& dir) {
  ERIS_ASSIGN(const bool locked, IsLocked(dir));
  if (!locked) return std::optional<UniqueFd>();
  const auto runner = RunnerOf(dir);
  if (!runner) return Fail(ErrorCode::kUnavailable, dir.string() + ": its runner is starting");
  return OpenProcess(*runner);
}

Result<AttemptState> JudgeAttempt(const fs::path& dir) {
  const auto finished = [&]() -> Result<std::optional<AttemptState>> {
    ERIS_ASSIGN(auto outcome, ReadOutcome(dir));
    if (!outcome) return std::optional<AttemptState>();
    return std::optional(AttemptState{AttemptPhase::kFinished, *std::move(outcome)});
  };
  ERIS_ASSIGN(const auto before, finished());
  if (before) return *before;
  if (!FileExists(dir.string())) return AttemptState{AttemptPhase::kLost, {}};
  const AttemptFiles files(dir);
  const auto lock = FileLock::TryAcquire(files.lock);
  if (!lock && lock.error().code == ErrorCode::kConflict) {
    return AttemptState{AttemptPhase::kRunning, {}};
  }
  if (!lock) return Fail(Error(lock.error()));
  ERIS_ASSIGN(const auto meanwhile, finished());
  if (meanwhile) return *meanwhile;
  if (::unlink(files.request.c_str()) != 0 && errno != ENOENT) {
    return FailErrno(errno, "cannot withdraw " + files.request);
  }
  return AttemptState{AttemptPhase::kLost, {}};
}

namespace {

// Empties the output, or removes it when somebody else still has it open, who may write to it
// later: a lease for writing is granted to its only user.
Status RecycleOutput(const std::string& path) {
  const UniqueFd fd(::open(path.c_str(), O_RDWR | O_CLOEXEC));
  // Should somebody open it meanwhile, the signal must not be the default one, which ends us.
  if (fd.valid() && ::fcntl(fd.get(), F_SETSIG, SIGURG) == 0 &&
      ::fcntl(fd.get(), F_SETLEASE, F_WRLCK) == 0 && ::ftruncate(fd.get(), 0) == 0 &&
      ::fcntl(fd.get(), F_SETLEASE, F_UNLCK) == 0) {
    return {};
  }
  if (::unlink(path.c_str()) == 0 || errno == ENOENT) return {};
  return FailErrno(errno, "cannot remove " + path);
}

}  // namespace

Status RecycleAttempt(const fs::path& dir, const fs::path& new_name) {
  const AttemptFiles files(dir);
  ERIS_ASSIGN(const FileLock lock, FileLock::TryAcquire(files.lock));
  ERIS_TRY(RecycleOutput(files.output));
  if (::ftruncate(lock.fd(), 0) != 0 || ::truncate(files.request.c_str(), 0) != 0 ||
      ::rename(files.outcome.c_str(), files.unpublished.c_str()) != 0 ||
      ::rename(dir.c_str(), new_name.c_str()) != 0) {
    return FailErrno(errno, "cannot use " + dir.string() + " again");
  }
  return {};
}

Status MakeSpareAttempt(const fs::path& name) {
  if (::mkdir(name.c_str(), 0700) != 0) return FailErrno(errno, "cannot make " + name.string());
  const AttemptFiles files(name);
  for (const std::string& file : {files.request, files.lock, files.output, files.unpublished}) {
    const UniqueFd made(::open(file.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
    if (!made.valid()) return FailErrno(errno, "cannot make " + file);
  }
  return {};
}

Result<int> StopAttempt(const fs::path& dir, StopSignal signal) {
  ERIS_ASSIGN(const bool locked, IsLocked(dir));
  const auto runner = RunnerOf(dir);
  const int number = signal == StopSignal::kKill ? SIGKILL : SIGTERM;
  if (!locked) return StopOrphans(runner, number);
  if (!runner) return Fail(ErrorCode::kUnavailable, dir.string() + ": its runner is starting");
  ERIS_ASSIGN(const auto pidfd, OpenProcess(*runner));
  if (!pidfd) return StopOrphans(runner, number);
  // Killed first, the runner could not start anything more; its session goes with it.
  if (PidfdSendSignal(pidfd->get(), number) != 0 && errno != ESRCH) {
    return FailErrno(errno, "cannot signal the runner of " + dir.string());
  }
  if (signal == StopSignal::kTerminate) return 1;
  return 1 + SignalSession(runner->pid, SIGKILL);
}

}  // namespace eris::dysnomia
