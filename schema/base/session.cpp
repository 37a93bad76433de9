// KillSession of process.h. A session has no call of its own: its members are found in /proc.
#include <signal.h>

#include <cerrno>

#include "schema/base/directory.h"
#include "schema/base/files.h"
#include "schema/base/pidfd.h"
#include "schema/base/process.h"
#include "schema/base/system_error.h"
#include "schema/base/text.h"

namespace eris {
namespace {

constexpr std::size_t kStatLimit = 4096;

// Whether the process lives (is no zombie) and belongs to the session, by proc(5): after the name
// in parentheses come state, parent, process group, session.
bool IsLiveMember(const std::string& pid, pid_t session) {
  const Result<std::string> stat = ReadFile("/proc/" + pid + "/stat", kStatLimit);
  if (!stat) return false;
  const std::size_t name_end = stat->rfind(')');
  if (name_end == std::string::npos || name_end + 2 >= stat->size()) return false;
  const auto fields = Split(std::string_view(*stat).substr(name_end + 2), ' ');
  if (fields.size() < 4 || fields[0] == "Z" || fields[0] == "X") return false;
  return fields[3] == std::to_string(session);
}

// Signals one process if it is a member. The pidfd pins the process first: its id cannot come to
// name another one between the look and the signal.
bool SignalIfMember(const std::string& pid_text, pid_t session, int signal) {
  const Result<std::uint64_t> pid = ParseUnsigned(pid_text);
  if (!pid || !IsLiveMember(pid_text, session)) return false;
  const UniqueFd pidfd(PidfdOpen(static_cast<pid_t>(*pid)));
  if (!pidfd.valid() || !IsLiveMember(pid_text, session)) return false;
  return PidfdSendSignal(pidfd.get(), signal) == 0;
}

// Signals all members once; says how many there were.
Result<int> SignalMembers(pid_t session, int signal) {
  const DirectoryStream proc(::opendir("/proc"));
  if (proc == nullptr) return FailErrno(errno, "cannot read /proc");
  int count = 0;
  while (const dirent* entry = ::readdir(proc.get())) {
    if (SignalIfMember(entry->d_name, session, signal)) ++count;
  }
  return count;
}

}  // namespace

Status KillSession(const Child& child, int signal) {
  // A member may fork while it is looked for: with SIGKILL the search is repeated until it is
  // empty.
  constexpr int kMaxRounds = 1000;
  for (int round = 0; round < kMaxRounds; ++round) {
    ERIS_ASSIGN(const int signaled, SignalMembers(child.pid, signal));
    if (signaled == 0 || signal != SIGKILL) return {};
  }
  return Fail(ErrorCode::kInternal,
              "processes of session " + std::to_string(child.pid) + " do not end");
}

}  // namespace eris
