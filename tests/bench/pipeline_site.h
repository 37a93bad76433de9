// The processes of an installation for the benchmarks of pipeline and recovery: the real daemons
// over ZeroMQ with CURVE, their databases below one directory, each forked from the benchmark. Only
// the executor of the workers is made up: whatever it is given has succeeded at once.
#pragma once

#include <sys/types.h>

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "broker/link/curve.h"
#include "schema/base/error.h"
#include "schema/base/unique_fd.h"
#include "schema/values/manifest.h"
#include "tests/bench/pipeline_daemons.h"

namespace eris::bench {

struct SiteOptions {
  std::string directory;      // exists; on the file system to be measured
  std::uint32_t targets = 1;  // a worker each, called target-0, target-1 …
  std::uint32_t window = 1;   // items of one target that are out at a time
};

// In memory shared with the processes: how often one has synced its log.
struct SyncCounter {
  std::atomic<std::uint64_t> appends;
};

struct SiteProcess {
  std::string name;
  pid_t pid = 0;
  SyncCounter* synced = nullptr;
};

std::string TargetText(std::uint32_t number);
// Since its start; 0 when it has gone.
double CpuSecondsOf(const SiteProcess& process);

// `items` mappings over `targets`, whose activation is an item of 1 KiB each.
struct Load {
  std::uint32_t items = 0;
  std::uint32_t targets = 1;
};
Manifest ManifestOf(const Load& load);

// Owned by main. The processes are ended by Stop, by the destructor, and by the end of the
// benchmark's own process.
class Site {
 public:
  // Returns when the broker listens. Precondition: the process has one thread.
  static Result<Site> Start(const SiteOptions& options);
  ~Site();
  Site(Site&&) = default;
  Site& operator=(Site&&) = delete;

  const std::vector<SiteProcess>& processes() const { return processes_; }
  const std::string& endpoint() const { return endpoint_; }
  // Once in a process.
  link::CurveKeys TakeClientKeys() { return std::move(client_); }
  const link::PublicKey& broker_key() const { return broker_.public_key; }
  // The planner writes the first letter of each phase that it has journaled, E at the end, and P
  // before the first item that it publishes. Another descriptor after StartPlanner.
  int phases() const { return phases_.get(); }

  // SIGKILL; returns when it is gone.
  void KillPlanner();
  // Precondition: the process has one thread, and no planner runs.
  Status StartPlanner();

  // Ends all and waits for them; the databases are whole afterwards.
  void Stop();

 private:
  Site(SiteOptions options, link::CurveKeys broker, link::CurveKeys planner,
       link::CurveKeys client);
  Status AuthorizeAll();
  Status StartBroker();
  Status StartWorkers();
  Status Fork(std::string name, const std::function<Status(const DaemonOptions&)>& run);

  SiteOptions options_;
  link::CurveKeys broker_;
  link::CurveKeys planner_;
  link::CurveKeys client_;
  std::vector<link::CurveKeys> workers_;
  std::vector<SiteProcess> processes_;
  std::string endpoint_;
  UniqueFd phases_;
};

}  // namespace eris::bench
