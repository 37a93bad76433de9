// A simulated process: it runs a core, dies at any labelled point of a turn or between two turns,
// and starts again later from what is on its disk, through the real recovery code.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>

#include "schema/base/turn.h"
#include "tests/sim/checker.h"
#include "tests/sim/faults.h"
#include "tests/sim/network.h"
#include "tests/sim/plants.h"
#include "tests/sim/timeline.h"
#include "tests/sim/world.h"

namespace eris::sim {

// What all parts of a simulation share. Owned by it.
struct Context {
  Timeline& timeline;
  Network& network;
  Faults& faults;
  World& world;
  Watch& watch;
  Verdicts& verdicts;
  Plant plant;
};

// Invariants: (1) once a crash has struck, nothing of the turn reaches disk or network any more;
// (2) what was planned for one life never runs in a later one.
class Process : public TurnObserver {
 public:
  Process(Context& context, std::string name);

  bool up() const { return up_; }
  const std::string& name() const { return name_; }
  void Start();
  // Kills it now; somebody starts it again after an outage.
  void Crash();
  // Kills it, if it is up; it stays down for that long.
  void StayDown(Duration outage);
  // Kills it; it never starts again.
  void Retire();
  // Its own clock: the wall may jump, the steady part never does.
  Now now() const;
  void JumpClock(Duration by) { skew_ = skew_ + by; }

  // TurnObserver
  void Reached(std::string_view point) final;

 protected:
  // Recovers the core from disk, and connects.
  virtual void Boot() = 0;
  // The core is lost.
  virtual void Halt() = 0;

  // In this life only.
  void After(Duration delay, std::function<void()> action);
  // Ends a turn by the shared rule. The last thing that is done in a turn: the process may be dead
  // after it. `appended` is told what has become durable.
  template <typename Record, typename Effect, typename Release, typename Appended>
  void EndTurnBy(Decisions<Record, Effect>& decisions, DurableLog<Record>& log, Release release,
                 Appended appended);

  Context& context_;

 private:
  std::string name_;
  std::string kind_;  // its first word: for the coverage
  bool up_ = false;
  bool dying_ = false;
  bool retired_ = false;
  Duration skew_{0};
  std::uint64_t life_ = 0;
};

template <typename Record, typename Effect, typename Release, typename Appended>
void Process::EndTurnBy(Decisions<Record, Effect>& decisions, DurableLog<Record>& log,
                        Release release, Appended appended) {
  class Disk final : public DurableLog<Record> {
   public:
    Disk(Process& process, DurableLog<Record>& log, Appended& appended)
        : process_(process), log_(log), appended_(appended) {}
    Status Append(std::span<const Record> records) override {
      if (process_.dying_) return Fail(ErrorCode::kInternal, "the process is dead");
      const bool fails = process_.context_.faults.Strikes(Fault::kFailingSync);
      // A sync that was refused may have reached the disk all the same.
      if (fails && process_.context_.timeline.Chance(500)) return NoSpace();
      ERIS_TRY(log_.Append(records));
      for (const Record& record : records) appended_(record);
      return fails ? NoSpace() : Status();
    }

   private:
    static Status NoSpace() { return Fail(ErrorCode::kInternal, "the disk is full"); }

    Process& process_;
    DurableLog<Record>& log_;
    Appended& appended_;
  };
  Disk disk(*this, log, appended);
  const auto release_alive = [&](const Effect& effect) {
    if (!dying_) release(effect);
  };
  const Status finished = FinishTurn(decisions, disk, release_alive, this);
  if (dying_ || !finished) Crash();
}

}  // namespace eris::sim
