// Which faults strike, and when: drawn once from the seed, so that runs differ in kind and not only
// in luck. Every strike is counted.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "schema/base/clock.h"
#include "tests/sim/options.h"
#include "tests/sim/timeline.h"

namespace eris::sim {

// Per mille, each for one occasion. All are zero when the phase of faults is over.
struct FaultRates {
  std::uint32_t crash = 0;         // at a labelled point of a turn
  std::uint32_t lose = 0;          // a message about items, on a living link
  std::uint32_t duplicate = 0;     // likewise
  std::uint32_t reorder = 0;       // likewise
  std::uint32_t slow = 0;          // any message
  std::uint32_t break_link = 0;    // a second of a link
  std::uint32_t sudden_crash = 0;  // a second of a process
  std::uint32_t fail = 0;          // an activity says no
  std::uint32_t hang = 0;          // an activity runs into its deadline
  std::uint32_t die = 0;           // an activity leaves no outcome
};

// Owned by the simulation; asked by nodes, network and machines.
class Faults {
 public:
  // One seed in eight knows no faults at all: then everything must simply succeed.
  explicit Faults(Timeline& timeline);

  bool none() const { return none_; }
  SteadyTime calm_from() const { return calm_from_; }
  bool calm() const { return none_ || timeline_.now().steady >= calm_from_; }
  const FaultRates& rates() const { return rates_; }
  // From here on nothing strikes.
  void End();

  // Whether it strikes now; counted under its name.
  bool Strikes(std::uint32_t permille, std::string_view name);
  bool CrashesAt(std::string_view process, std::string_view point);
  // How long a process stays down, or a link cut.
  Duration Outage();

  void Count(const std::string& what) { ++coverage_[what]; }
  const Coverage& coverage() const { return coverage_; }

 private:
  Timeline& timeline_;
  bool none_ = false;
  SteadyTime calm_from_;
  FaultRates rates_;
  Coverage coverage_;
};

}  // namespace eris::sim
