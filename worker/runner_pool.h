// The processes that run this worker's attempts: one for each attempt that is under way, and for a
// while those that are ready for another one, since to start one costs more than what a quick
// activity does. Owns processes and the sockets to them; knows nothing of what an attempt is.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "broker/link/loop.h"
#include "schema/base/process.h"
#include "schema/base/unique_fd.h"

namespace eris {

enum class RunnerId : std::uint64_t { kNone = 0 };

// Owned by the activity runner; uses the loop that outlives it. Destroying it leaves runners alone:
// each ends after the attempt that it is at.
class RunnerPool {
 public:
  static constexpr std::size_t kMaxIdle = 16;  // more of them end at once
  static constexpr Duration kIdleFor{1'000};   // at least so long one waits for another attempt

  // The attempt has ended, whatever came of it; the runner may have ended, too. Never called from
  // within Run.
  using Ended = std::function<void()>;

  RunnerPool(std::filesystem::path dysnomia, std::filesystem::path attempts_dir, link::Loop& loop);
  ~RunnerPool();
  RunnerPool(const RunnerPool&) = delete;
  RunnerPool& operator=(const RunnerPool&) = delete;

  // Has so many runners wait for attempts, at most kMaxIdle.
  Status MakeReady(std::size_t count);
  // Gives the attempt of this name to a runner. After a failure it certainly does not run.
  Result<RunnerId> Run(const std::string& name, Ended ended);
  // The runner takes no attempt after its present one: it was told to stop, and may hear of that
  // late.
  void Retire(RunnerId runner);

 private:
  struct Runner {
    Child child;
    UniqueFd socket;  // closed: it shall end
    link::WatchId on_ready = link::WatchId::kNone;
    link::WatchId on_end = link::WatchId::kNone;
    Ended ended;  // set while it has an attempt
    SteadyTime idle_since;
    bool is_retired = false;
  };
  using Runners = std::map<RunnerId, Runner>;

  Result<RunnerId> Start();
  bool Tell(Runner& runner, const std::string& name);
  void OnReady(RunnerId id);
  void OnEnd(RunnerId id);
  void Wait(RunnerId id);
  void Dismiss(Runner& runner);
  void DismissIdle();
  void Tidy();

  std::filesystem::path dysnomia_;
  std::filesystem::path attempts_dir_;
  link::Loop& loop_;
  Runners runners_;
  std::vector<RunnerId> idle_;  // who waits longest comes first
  link::TimerId tidy_;          // set while somebody is idle
  std::uint64_t last_id_ = 0;
};

}  // namespace eris
