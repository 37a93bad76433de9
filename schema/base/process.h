// Child processes: start without a shell, watch by pidfd, end. Owns descriptors, signals and the
// environment of a child; does not decide what runs or for how long.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

#include "schema/base/error.h"
#include "schema/base/unique_fd.h"

namespace eris {

inline constexpr int kDevNull = -1;

enum class SpawnSession {
  kSame,      // stays in the caller's session and process group
  kNewGroup,  // stays in the session but leads a process group: its `kill 0` does not mean the
              // caller
  kNew,  // leads a session of its own: outlives the caller's terminal; KillSession reaches all of
         // it
};

struct SpawnOptions {
  // argv[0] is a path, or a name that is looked up in the caller's PATH. Never empty.
  std::vector<std::string> argv;
  // "NAME=VALUE", all of it: nothing is inherited. CurrentEnvironment() gives the caller's.
  std::vector<std::string> environment;
  std::string working_directory;  // empty: the caller's
  // Borrowed until Spawn returns; the child has them as 0, 1 and 2 and no other descriptor.
  int stdin_fd = kDevNull;
  int stdout_fd = kDevNull;
  int stderr_fd = kDevNull;
  SpawnSession session = SpawnSession::kSame;
};

// A child that has not been reaped. Letting it go unreaped leaves a zombie until the caller ends;
// it does not end the child.
struct Child {
  pid_t pid = 0;
  UniqueFd pidfd;  // readable once the child has ended; close-on-exec
};

// How a child ended.
struct ExitStatus {
  enum class Kind { kExited, kSignaled };
  Kind kind = Kind::kExited;
  int value = 0;  // the exit status, or the number of the signal
  bool operator==(const ExitStatus&) const = default;
  bool success() const { return kind == Kind::kExited && value == 0; }
};

// "exit status 1", "signal 9 (Killed)".
std::string ToString(const ExitStatus& status);

// Starts a program with all signals unblocked and at their default. A program that cannot be
// executed is an error here, not an exit status.
Result<Child> Spawn(const SpawnOptions& options);

// Waits for the child's end and takes its status; blocks unless pidfd is readable. Once per child.
Result<ExitStatus> Reap(Child& child);

// The same without blocking: nothing while the child runs.
Result<std::optional<ExitStatus>> TryReap(Child& child);

// Sends a signal to the child alone. Success when it has ended already. Precondition: not reaped.
Status Kill(const Child& child, int signal);

// Sends a signal to every process of the session that the child leads (SpawnSession::kNew); with
// SIGKILL until none is left. Processes that left the session (daemons) are spared. Precondition:
// not reaped, else the id could name another session.
Status KillSession(const Child& child, int signal);

std::vector<std::string> CurrentEnvironment();

}  // namespace eris
