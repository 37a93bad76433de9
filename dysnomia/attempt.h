// The agreement between a worker and its runners, `dysnomia --attempts DIR`: one directory for each
// attempt at running a batch of activities. The attempt outlives the worker, so everything that
// must be known afterwards is in files. Owns these files and their format; decides neither whether
// nor when an attempt is made.
//
//   DIR/          0700, made by PrepareAttempt
//     request     0600, what to run; withdrawn by JudgeAttempt when the attempt is given up
//     lock        flock held by `dysnomia` for as long as it runs; holds its process id
//     output      what the modules printed, secrets masked (while a batch with secrets runs:
//     absent) outcome     written last, by temporary name, fsync and rename; names DIR; never
//     changes then
//
// Life as the worker sees it: ledger "started" -> PrepareAttempt -> its name goes to a runner ->
// that is ready again, or has ended -> JudgeAttempt. After a restart: WatchAttempt, wait for that
// pidfd if there is one, then JudgeAttempt.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "dysnomia/activity.h"
#include "schema/base/clock.h"
#include "schema/base/error.h"
#include "schema/base/unique_fd.h"

namespace eris::dysnomia {

inline constexpr std::size_t kMaxActivities = 4096;             // of one attempt
inline constexpr std::uint64_t kMaxOutputBytes = 64ULL << 20U;  // beyond it the activity fails
inline constexpr std::size_t kMaxTailBytes = 8U << 10U;         // of ActivityOutcome::tail

// The name of a file below the secrets directory, whose content is the value. Letters, digits and
// `._-`, also in folders ("db/password"); never a leading dot.
struct SecretName {
  std::string name;
  bool operator==(const SecretName&) const = default;
};
using PropertyValue = std::variant<std::string, SecretName>;

struct ActivityRequest {
  ActivityKind kind = ActivityKind::kActivate;
  std::string module;     // a type ("process") or an absolute path (module.h says how it is found)
  std::string component;  // absolute path of the package
  std::string container;  // name
  std::map<std::string, PropertyValue> properties;  // by environment variable
  bool operator==(const ActivityRequest&) const = default;
};

struct AttemptRequest {
  std::vector<ActivityRequest> activities;  // 1..kMaxActivities, run in this order
  std::filesystem::path state_dir;          // DYSNOMIA_STATEDIR of the modules
  std::filesystem::path secrets_dir;        // empty: $ERIS_SECRETS_DIR of the runner
  Duration time_limit{600'000};  // of the whole batch, from its start; enforced by the runner
  Duration kill_grace{5'000};    // between SIGTERM and SIGKILL
  bool operator==(const AttemptRequest&) const = default;
};

enum class ActivityResult : std::uint8_t {
  kSucceeded,
  kFailed,         // the module said no
  kUnimplemented,  // the module does not have this activity; nothing was started, the batch goes on
  kTimedOut,       // ended by the runner; it may have taken effect
  kStopped,        // ended by StopAttempt; it may have taken effect
  kNotStarted,     // it could not be run at all: no module, no secret; nothing has happened
};

// The answer of kStatus.
enum class ComponentStatus : std::uint8_t { kUnknown, kActive, kInactive };

struct ActivityOutcome {
  ActivityResult result = ActivityResult::kFailed;
  int exit_status = 0;  // as a shell sees it: 128 + signal when killed
  ComponentStatus status = ComponentStatus::kUnknown;  // of kStatus only
  std::string message;                                 // one line: why; empty on success
  // Last lines of output, masked, <= kMaxTailBytes. Empty for one that succeeded and was followed
  // by another of its batch: the outcome of a long batch stays small.
  std::string tail;
  bool operator==(const ActivityOutcome&) const = default;
};

// One entry for each activity that was tried, in order. Fewer than were asked: the last one stopped
// the batch and the rest was not started.
struct AttemptOutcome {
  std::vector<ActivityOutcome> activities;
  bool operator==(const AttemptOutcome&) const = default;
};

enum class AttemptPhase : std::uint8_t {
  kRunning,   // its lock is held
  kFinished,  // there is an outcome
  kLost,      // no outcome, and there never will be: it may or may not have taken effect
};
struct AttemptState {
  AttemptPhase phase = AttemptPhase::kLost;
  AttemptOutcome outcome;  // when kFinished
};

// Makes DIR (its parent exists), unless it is there from RecycleAttempt, and writes the request.
// kConflict when DIR holds a request already, kInvalid when the request breaks a limit or names no
// safe secret.
Status PrepareAttempt(const std::filesystem::path& dir, const AttemptRequest& request);

// argv of a runner to spawn, of one attempt or of those in a directory. It makes a session of its
// own, keeps no file of the worker's open and needs nothing but DYSNOMIA_MODULES_PATH, PATH and
// ERIS_SECRETS_DIR from the environment. Its exit status says only whether it could write an
// outcome.
//
// The latter is told the names of its attempts, one after the other, by packets of the
// SOCK_SEQPACKET socket that is its standard input, and answers each with kReady when the attempt's
// lock is free, its outcome is written and nothing of it is left; otherwise it ends. It ends, too,
// when the other end is closed: after the attempt that it is at.
std::vector<std::string> AttemptCommand(const std::filesystem::path& dysnomia,
                                        const std::filesystem::path& dir);
std::vector<std::string> AttemptsCommand(const std::filesystem::path& dysnomia,
                                         const std::filesystem::path& attempts_dir);
inline constexpr char kReady = '+';
inline constexpr std::size_t kMaxAttemptName = 255;

// Absent: not finished (yet), or half of one, which only a power cut leaves.
Result<std::optional<AttemptOutcome>> ReadOutcome(const std::filesystem::path& dir);

// Whether the lock is held at this moment.
Result<bool> IsAttemptRunning(const std::filesystem::path& dir);

// A pidfd of the runner that becomes readable when it ends; absent when it is not running (any
// more). kUnavailable: it has the lock but not yet told its process id; ask again.
Result<std::optional<UniqueFd>> WatchAttempt(const std::filesystem::path& dir);

// What became of an attempt. A kLost attempt can never start afterwards: its request is withdrawn
// under the lock. Modules of a runner that was killed may still be running: StopAttempt until it
// returns 0.
Result<AttemptState> JudgeAttempt(const std::filesystem::path& dir);

// Gives the directory of an ended attempt, and with it its emptied files (without an output that a
// daemon still has open), another name under which PrepareAttempt can use it again. New files are
// what an attempt costs most on ext4, which looks at the inode of each file that was deleted
// lately. kConflict while its runner lives. After an error nothing can be said of DIR: remove it.
Status RecycleAttempt(const std::filesystem::path& dir, const std::filesystem::path& new_name);

// Makes such a directory with emptied files, which no attempt has had yet: they are paid for while
// nobody waits. `name` is one that RecycleAttempt could have given; its parent exists.
Status MakeSpareAttempt(const std::filesystem::path& name);

enum class StopSignal : std::uint8_t { kTerminate, kKill };
// A living runner is asked to end its activity (kTerminate: it sends SIGTERM, after kill_grace
// SIGKILL, and writes its outcome). What is left of a dead runner's session gets the signal itself.
// Returns how many processes were told.
Result<int> StopAttempt(const std::filesystem::path& dir, StopSignal signal);

}  // namespace eris::dysnomia
