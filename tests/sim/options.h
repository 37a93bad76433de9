// What one run is asked for, and what it tells. Values only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tests/sim/coverage.h"
#include "tests/sim/plants.h"
#include "tests/sim/timeline.h"

namespace eris::sim {

// What a run is about. Mixed takes the others in turn, by seed.
enum class Family : std::uint8_t {
  kMixed,
  kUpgrades,  // one profile: install, upgrade, an upgrade that fails, a last step
  kProfiles,  // two profiles that share targets; queued, superseding and cancelled submissions
  kTargets,   // targets that come, go, stay away and come back late
  kPlanner,   // the planner's disk is lost, old, or copied
  kState,     // databases that move, and clients that write throughout
};
const std::vector<std::string_view>& FamilyNames();
std::optional<Family> ParseFamily(std::string_view name);
// Mixed becomes what the seed says.
Family FamilyOf(Family family, std::uint64_t seed);

// What is left out of a run, to find the smallest one that still fails.
struct Cuts {
  FaultSet without;         // these never strike
  std::size_t orders = 99;  // at most that many submissions
  std::size_t services = 99;
  bool operator==(const Cuts&) const = default;
};

struct RunOptions {
  std::uint64_t seed = 0;
  Family family = Family::kMixed;
  Plant plant = Plant::kNone;
  Cuts cuts;
  Timeline::TraceSink trace;
};

struct RunReport {
  std::uint64_t seed = 0;
  std::uint64_t hash = 0;               // of the trace
  std::int64_t virtual_ms = 0;          // how long it took in its own time
  std::vector<std::string> violations;  // each said once, with its moment
  Coverage coverage;
};

}  // namespace eris::sim
