// What the kernel says about processes (proc(5)): who lives, since when, in which session. A
// process is told from a later one with the same id by its start time and the boot.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "schema/base/clock.h"
#include "schema/base/error.h"
#include "schema/base/unique_fd.h"

namespace eris::dysnomia {

struct ProcessInfo {
  pid_t pid = 0;
  pid_t session = 0;
  std::uint64_t start_ticks = 0;  // since boot
};

// Absent when there is no such process or it is a zombie.
std::optional<ProcessInfo> ReadProcess(pid_t pid);

// One process, for ever.
struct ProcessIdentity {
  pid_t pid = 0;
  std::uint64_t start_ticks = 0;
  std::string boot_id;
  bool operator==(const ProcessIdentity&) const = default;

  // "PID TICKS BOOT\n"
  std::string ToText() const;
  static std::optional<ProcessIdentity> Parse(std::string_view text);
};

// Absent when it does not live.
std::optional<ProcessIdentity> IdentifyProcess(pid_t pid);
bool IsAlive(const ProcessIdentity& identity);
// Whether it was of this boot; its id may be taken by another process meanwhile.
bool IsOfThisBoot(const ProcessIdentity& identity);
// When it started, on the wall clock as it is set now.
WallTime StartedAt(const ProcessIdentity& identity);

// A pidfd that surely is of this process; absent when it has ended.
Result<std::optional<UniqueFd>> OpenProcess(const ProcessIdentity& identity);

// Waits until the process of a pidfd has ended, at most so long. True when it has.
bool AwaitEnd(const UniqueFd& pidfd, Duration at_most);

// Living members of a session, without the calling process.
std::vector<pid_t> SessionMembers(pid_t session);
// Sends a signal to all of them once; returns how many there were.
int SignalSession(pid_t session, int signal);

// Waits until the session has no other members, at most so long. True when it has none.
bool AwaitSessionEnd(pid_t session, Duration at_most);
// SIGTERM, and after the grace SIGKILL, to all other members. False when some cannot be ended at
// all.
bool EndSession(pid_t session, Duration grace);

}  // namespace eris::dysnomia
