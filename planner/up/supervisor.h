// Keeps child processes running: starts them, starts those that die again after a pause that grows,
// stops all. Knows nothing about what they are.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "broker/link/loop.h"
#include "schema/base/process.h"

namespace eris::up {

struct ChildSpec {
  std::string name;               // for people
  std::vector<std::string> argv;  // argv[0] is a path
  std::string log_file;           // its standard output and error, appended
  std::string pid_file;           // replaced atomically at each start, removed at its end
  int final_status = 0;           // who exits with it is not started again; 0 = none
};

struct SupervisorOptions {
  Duration pause_min{200};  // before the first restart; doubled at each
  Duration pause_max{10'000};
  Duration stable{10'000};         // a child that lived so long begins with the least pause again
  Duration stop_patience{15'000};  // then SIGKILL
  std::vector<std::string> environment = CurrentEnvironment();
};

// Owned by main; one loop's thread. Each child leads a session of its own: Ctrl-C reaches the
// supervisor alone, which then stops the children. A supervisor that is destroyed leaves them
// running.
//
// Invariants: (1) at most one process of a name at a time; (2) the pid file names a process that
// was not reaped yet, or does not exist; (3) after Stop nothing is started.
class Supervisor {
 public:
  using Notice = std::function<void(std::string_view line)>;

  // `notice` hears of each end and restart, in one line.
  Supervisor(link::Loop& loop, SupervisorOptions options, Notice notice);
  ~Supervisor();
  Supervisor(const Supervisor&) = delete;
  Supervisor& operator=(const Supervisor&) = delete;

  // Fails when it cannot be started at all; from then on it is kept running.
  Status Start(ChildSpec spec);
  // SIGTERM to all; `stopped` is called when the last one has ended.
  void Stop(std::function<void()> stopped);
  std::size_t running() const;

 private:
  struct Kept {
    ChildSpec spec;
    Child child;
    link::WatchId watch = link::WatchId::kNone;
    SteadyTime started_at;
    Duration pause{0};  // before the next start
    link::TimerId restart;
    enum class State : std::uint8_t { kRunning, kPausing, kEnded } state = State::kEnded;
  };

  Status Launch(Kept& kept);
  void OnEnd(Kept& kept);
  void Pause(Kept& kept);
  void CheckStopped();

  link::Loop& loop_;
  SupervisorOptions options_;
  Notice notice_;
  std::vector<std::unique_ptr<Kept>> children_;
  std::function<void()> stopped_;
  bool stopping_ = false;
  link::TimerId kill_timer_;
};

// The pause before the next start of a child that ran for `lived` after a pause of `before`.
Duration NextPause(const SupervisorOptions& options, Duration before, Duration lived);

}  // namespace eris::up
