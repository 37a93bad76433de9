// Which faults strike, and when: drawn once from the seed, so that runs differ in kind and not only
// in luck. Every strike is counted with the phase in which it found the installation.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "schema/base/clock.h"
#include "schema/values/event.h"
#include "tests/sim/coverage.h"
#include "tests/sim/phases.h"
#include "tests/sim/timeline.h"

namespace eris::sim {

// Owned by the simulation; asked by nodes, network and machines.
class Faults {
 public:
  // One seed in eight knows no faults at all: then everything must simply succeed.
  Faults(Timeline& timeline, const FaultSet& without);

  bool none() const { return none_; }
  SteadyTime calm_from() const { return calm_from_; }
  bool calm() const { return none_ || timeline_.now().steady >= calm_from_; }
  // From here on nothing strikes.
  void End() {
    rates_ = {};
    foreign_items_ = false;
  }

  // Whether it strikes on this occasion; counted.
  bool Strikes(Fault fault);
  // On a delivery: by count, so that it needs no chance of its own.
  bool WantsForeignItem();
  // In a second in which one can be broken: likewise.
  bool WantsBrokenLock();
  // For a family in which targets may go for good.
  bool targets_go() const { return targets_go_; }
  void Count(Fault fault);
  bool CrashesAt(std::string_view process, std::string_view point);
  // How long a process stays down, or a link cut.
  Duration Outage();

  // What is journaled: where transactions stand.
  void OnJournaled(const Event& event) { phases_.OnJournaled(event); }
  const Phases& phases() const { return phases_; }
  // Of a journal that is lost.
  void ForgetPhases() { phases_ = {}; }
  void Mark(const std::string& what) { coverage_.Passed("mark " + what); }
  const Coverage& coverage() const { return coverage_; }

 private:
  std::uint32_t RateOf(Fault fault) const;

  Timeline& timeline_;
  bool none_ = false;
  SteadyTime calm_from_;
  std::array<std::uint32_t, kFaults> rates_{};  // per mille, each for one occasion
  bool foreign_items_ = false;
  bool targets_go_ = false;
  bool break_locks_ = false;
  std::uint64_t deliveries_ = 0;
  std::uint64_t breakable_ = 0;
  Phases phases_;
  Coverage coverage_;
};

}  // namespace eris::sim
