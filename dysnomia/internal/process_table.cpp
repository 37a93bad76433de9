#include "dysnomia/internal/process_table.h"

#include <poll.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "dysnomia/internal/deadline.h"
#include "schema/base/directory.h"
#include "schema/base/files.h"
#include "schema/base/pidfd.h"
#include "schema/base/system_error.h"
#include "schema/base/text.h"

namespace eris::dysnomia {
namespace {

constexpr std::size_t kMostOfProc = 4096;
constexpr Duration kKillPatience{2'000};  // a process in the middle of disk io takes a while to die

const std::string& BootId() {
  static const std::string kBootId = [] {
    const auto text = ReadFile("/proc/sys/kernel/random/boot_id", kMostOfProc);
    return text ? std::string(Trim(*text)) : std::string("unknown");
  }();
  return kBootId;
}

template <typename Number>
bool ParseInto(std::string_view text, Number& number) {
  const auto value = ParseUnsigned(text);
  if (value) number = static_cast<Number>(*value);
  return value.has_value();
}

// Pins the process before the last look, so that the signal cannot meet another one.
bool SignalMember(pid_t pid, pid_t session, int signal) {
  const UniqueFd pidfd(PidfdOpen(pid));
  if (!pidfd.valid()) return false;
  const auto info = ReadProcess(pid);
  return info && info->session == session && PidfdSendSignal(pidfd.get(), signal) == 0;
}

}  // namespace

std::optional<ProcessInfo> ReadProcess(pid_t pid) {
  const auto stat = ReadFile("/proc/" + std::to_string(pid) + "/stat", kMostOfProc);
  if (!stat) return std::nullopt;
  // The name stands in parentheses and may hold anything; then: state, parent, group, session, …
  const std::size_t name_end = stat->rfind(')');
  if (name_end == std::string::npos || name_end + 2 >= stat->size()) return std::nullopt;
  const auto fields = Split(std::string_view(*stat).substr(name_end + 2), ' ');
  constexpr std::size_t kState = 0;
  constexpr std::size_t kSession = 3;
  constexpr std::size_t kStartTicks = 19;
  if (fields.size() <= kStartTicks) return std::nullopt;
  if (fields[kState] == "Z" || fields[kState] == "X") return std::nullopt;
  ProcessInfo info{.pid = pid};
  if (!ParseInto(fields[kSession], info.session)) return std::nullopt;
  if (!ParseInto(fields[kStartTicks], info.start_ticks)) return std::nullopt;
  return info;
}

std::string ProcessIdentity::ToText() const {
  return std::to_string(pid) + " " + std::to_string(start_ticks) + " " + boot_id + "\n";
}

std::optional<ProcessIdentity> ProcessIdentity::Parse(std::string_view text) {
  const auto fields = Split(Trim(text), ' ');
  ProcessIdentity identity;
  if (fields.size() != 3 || !ParseInto(fields[0], identity.pid)) return std::nullopt;
  if (!ParseInto(fields[1], identity.start_ticks) || identity.pid <= 0) return std::nullopt;
  identity.boot_id = fields[2];
  return identity;
}

std::optional<ProcessIdentity> IdentifyProcess(pid_t pid) {
  const auto info = ReadProcess(pid);
  if (!info) return std::nullopt;
  return ProcessIdentity{pid, info->start_ticks, BootId()};
}

bool IsAlive(const ProcessIdentity& identity) { return IdentifyProcess(identity.pid) == identity; }

bool IsOfThisBoot(const ProcessIdentity& identity) { return identity.boot_id == BootId(); }

WallTime StartedAt(const ProcessIdentity& identity) {
  timespec wall{};
  timespec up{};
  ::clock_gettime(CLOCK_REALTIME, &wall);
  ::clock_gettime(CLOCK_BOOTTIME, &up);
  const auto to_ms = [](const timespec& t) {
    return std::int64_t{t.tv_sec} * 1000 + t.tv_nsec / 1'000'000;
  };
  const std::int64_t ticks_per_second = ::sysconf(_SC_CLK_TCK);
  const auto since_boot = static_cast<std::int64_t>(identity.start_ticks) * 1000 / ticks_per_second;
  return {to_ms(wall) - to_ms(up) + since_boot};
}

Result<std::optional<UniqueFd>> OpenProcess(const ProcessIdentity& identity) {
  UniqueFd pidfd(PidfdOpen(identity.pid));
  if (!pidfd.valid()) {
    if (errno == ESRCH || errno == EINVAL) return std::optional<UniqueFd>();
    return FailErrno(errno, "cannot watch process " + std::to_string(identity.pid));
  }
  if (!IsAlive(identity)) return std::optional<UniqueFd>();
  return std::optional<UniqueFd>(std::move(pidfd));
}

bool AwaitEnd(const UniqueFd& pidfd, Duration at_most) {
  const Deadline deadline = Deadline::After(at_most);
  pollfd watched{pidfd.get(), POLLIN, 0};
  for (;;) {
    const int ready = ::poll(&watched, 1, static_cast<int>(deadline.Left().count()));
    if (ready > 0) return true;
    if (deadline.Passed()) return false;
  }
}

std::vector<pid_t> SessionMembers(pid_t session) {
  std::vector<pid_t> members;
  const DirectoryStream proc(::opendir("/proc"));
  if (proc == nullptr) return members;
  while (const dirent* entry = ::readdir(proc.get())) {
    pid_t pid = 0;
    if (!ParseInto(std::string_view(entry->d_name), pid) || pid == ::getpid()) continue;
    const auto info = ReadProcess(pid);
    if (info && info->session == session) members.push_back(pid);
  }
  return members;
}

int SignalSession(pid_t session, int signal) {
  const auto members = SessionMembers(session);
  return static_cast<int>(std::count_if(members.begin(), members.end(), [&](pid_t pid) {
    return SignalMember(pid, session, signal);
  }));
}

bool AwaitSessionEnd(pid_t session, Duration at_most) {
  const Deadline deadline = Deadline::After(at_most);
  for (;;) {
    const auto members = SessionMembers(session);
    if (members.empty()) return true;
    if (deadline.Passed()) return false;
    const UniqueFd pidfd(PidfdOpen(members.front()));
    if (pidfd.valid()) static_cast<void>(AwaitEnd(pidfd, deadline.Left()));
  }
}

bool EndSession(pid_t session, Duration grace) {
  if (SignalSession(session, SIGTERM) == 0) return true;
  if (AwaitSessionEnd(session, grace)) return true;
  // A member may fork while the others are signalled: look again until there is none.
  const Deadline deadline = Deadline::After(kKillPatience);
  while (SignalSession(session, SIGKILL) != 0) {
    if (AwaitSessionEnd(session, kKillPatience / 10)) return true;
    if (deadline.Passed()) return false;
  }
  return true;
}

}  // namespace eris::dysnomia
