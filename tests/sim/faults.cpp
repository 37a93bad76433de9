#include "tests/sim/faults.h"

#include <array>

namespace eris::sim {
namespace {

constexpr Duration kShortestPhase{60'000};
constexpr Duration kLongestPhase{300'000};

// Often nothing of a kind, sometimes a little, sometimes much.
std::uint32_t Draw(Timeline& timeline, std::uint32_t much) {
  const std::array<std::uint32_t, 4> levels = {0, (much + 7) / 8, (much + 1) / 2, much};
  return levels[timeline.Below(levels.size())];
}

}  // namespace

Faults::Faults(Timeline& timeline) : timeline_(timeline) {
  none_ = timeline.Below(8) == 0;
  if (none_) return;
  calm_from_ = SteadyTime{} + timeline.Between(kShortestPhase, kLongestPhase);
  rates_ = {.crash = Draw(timeline, 16),
            .lose = Draw(timeline, 30),
            .duplicate = Draw(timeline, 100),
            .reorder = Draw(timeline, 200),
            .slow = Draw(timeline, 30),
            .break_link = Draw(timeline, 20),
            .sudden_crash = Draw(timeline, 20),
            .fail = Draw(timeline, 8),
            .hang = Draw(timeline, 8),
            .die = Draw(timeline, 40)};
}

void Faults::End() { rates_ = {}; }

bool Faults::Strikes(std::uint32_t permille, std::string_view name) {
  if (!timeline_.Chance(permille)) return false;
  Count("strike " + std::string(name));
  return true;
}

bool Faults::CrashesAt(std::string_view process, std::string_view point) {
  const std::string where = std::string(process) + " " + std::string(point);
  Count("point " + where);
  return Strikes(rates_.crash, "crash " + where);
}

Duration Faults::Outage() {
  // Mostly short; now and then longer than a target is waited for.
  if (timeline_.Chance(150)) return timeline_.Between(Duration(10'000), Duration(60'000));
  return timeline_.Between(Duration(100), Duration(5'000));
}

}  // namespace eris::sim
