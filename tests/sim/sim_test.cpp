// Goal: the engine keeps its promises under faults, for 200 seeds; and the checkers that say so can
// say no. Method: real cores in a simulated world; then the same with planted bugs.
#include <gtest/gtest.h>

#include <string>

#include "tests/sim/options.h"
#include "tests/sim/simulation.h"

namespace eris::sim {
namespace {

constexpr std::uint64_t kSeeds = 200;

std::string TextOf(const RunReport& report) {
  std::string text = "scripts/sim --seed " + std::to_string(report.seed) + " --count 1 --trace";
  for (const std::string& violation : report.violations) text += "\n" + violation;
  return text;
}

TEST(Simulation, KeepsEveryPromiseUnderFaults) {
  for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
    const RunReport report = Simulate({.seed = seed, .plant = Plant::kNone, .trace = {}});
    EXPECT_TRUE(report.violations.empty()) << TextOf(report);
  }
}

TEST(Simulation, EqualSeedsGiveEqualRuns) {
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    const RunOptions options{.seed = seed, .plant = Plant::kNone, .trace = {}};
    EXPECT_EQ(Simulate(options).hash, Simulate(options).hash) << "seed " << seed;
  }
  EXPECT_NE(Simulate({.seed = 1}).hash, Simulate({.seed = 2}).hash);
}

class PlantedBug : public ::testing::TestWithParam<std::string_view> {};

TEST_P(PlantedBug, IsFound) {
  const Plant plant = *ParsePlant(GetParam());
  for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
    const RunReport report = Simulate({.seed = seed, .plant = plant, .trace = {}});
    if (report.violations.empty()) continue;
    RecordProperty("seeds", static_cast<int>(seed));
    RecordProperty("violation", report.violations.front());
    return;
  }
  FAIL() << "no checker has seen it within " << kSeeds << " seeds";
}

INSTANTIATE_TEST_SUITE_P(All, PlantedBug,
                         ::testing::ValuesIn(PlantNames().begin() + 1, PlantNames().end()),
                         [](const auto& parameter) {
                           std::string name(parameter.param);
                           for (char& c : name) c = c == '-' ? '_' : c;
                           return name;
                         });

}  // namespace
}  // namespace eris::sim
