// Runs activities of components through `dysnomia --attempts`: one directory for each attempt and a
// process of its own for as long as it runs, both of which outlive this worker (design D8).
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "broker/link/loop.h"
#include "dysnomia/attempt.h"
#include "schema/base/log.h"
#include "schema/base/unique_fd.h"
#include "worker/runner_pool.h"

namespace eris {

struct ActivityRunnerOptions {
  std::filesystem::path dysnomia;      // the program
  std::filesystem::path attempts_dir;  // exists
  std::filesystem::path state_dir;     // DYSNOMIA_STATEDIR
  std::filesystem::path secrets_dir;
  std::uint32_t at_a_time = 1;  // attempts; what they need is made ready as long as nobody waits
};

// Owned by the executor; uses the loop that outlives it. Destroying it leaves running attempts
// alone.
class ActivityRunner {
 public:
  // An error means: whether it took effect is unknown when kTimeout, certainly not otherwise.
  using Done = std::function<void(Result<dysnomia::AttemptOutcome>)>;

  ActivityRunner(ActivityRunnerOptions options, link::Loop& loop, Log& log);
  ~ActivityRunner();
  ActivityRunner(const ActivityRunner&) = delete;
  ActivityRunner& operator=(const ActivityRunner&) = delete;

  // Locks will follow soon, and about so many activities: what can be done before they are asked
  // for is done now.
  void Expect(std::uint32_t activities);
  // Starts an attempt under a name that is not in use. `request` needs no directories: they are
  // ours.
  void Start(const std::string& name, dysnomia::AttemptRequest request, Done done);
  // Finds out how an attempt of an earlier worker ended, waiting for its end. kTimeout: it is lost
  // and can never start any more; the name may be used again after Remove.
  void Resume(const std::string& name, Done done);
  // Asks a running attempt to end its activity; its completion still follows.
  void Stop(const std::string& name);
  // Takes the directory of an ended attempt away: some are kept for later attempts.
  void Remove(const std::string& name);

 private:
  struct Running {
    RunnerId runner = RunnerId::kNone;  // of ours
    UniqueFd pidfd;                     // of an earlier worker's, not ours to reap
    link::WatchId watch = link::WatchId::kNone;
    Done done;
  };

  std::filesystem::path DirOf(const std::string& name) const {
    return options_.attempts_dir / name;
  }
  void Stock();
  // The directory for a new attempt: a spare one, if there is any.
  std::filesystem::path TakeDir(const std::string& name);
  void Add(const std::string& name, Running running);
  void OnEnd(const std::string& name);
  void Judge(const std::string& name, const Done& done);
  // Completions never come from within Start.
  void Later(Done done, Result<dysnomia::AttemptOutcome> result);

  ActivityRunnerOptions options_;
  link::Loop& loop_;
  Log& log_;
  RunnerPool runners_;
  std::map<std::string, Running> running_;
  std::vector<std::string> spares_;  // names of emptied directories
  std::vector<std::string> unused_;  // names that a spare one may have
};

}  // namespace eris
