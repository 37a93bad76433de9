// Goal: the engine keeps its promises under faults, for some hundred seeds and for all that
// ever failed. Method: real cores in a simulated world; each seed also in a second process.
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "schema/base/files.h"
#include "tests/sim/arguments.h"
#include "tests/sim/campaign.h"
#include "tests/sim/checkers/all.h"
#include "tests/sim/invariants_table.h"
#include "tests/sim/shrink.h"
#include "tests/sim/simulation.h"

namespace eris::sim {
namespace {

std::string TextOf(const CampaignReport& report, RunOptions run) {
  std::string text;
  for (const Failure& failure : report.failures) {
    run.seed = failure.seed;
    text += CommandOf(run) + "\n";
    for (const std::string& violation : failure.violations) text += "  " + violation + "\n";
  }
  return text;
}

// Under a sanitizer each run takes ten times as long, and nothing else happens in it.
#ifdef __SANITIZE_ADDRESS__
constexpr std::uint64_t kSeeds = 80;
#else
constexpr std::uint64_t kSeeds = 300;
#endif

TEST(Simulation, KeepsEveryPromiseUnderFaults) {
  const CampaignOptions options{.first_seed = 1, .count = kSeeds};
  const CampaignReport report = RunCampaign(options);
  EXPECT_EQ(report.runs, kSeeds);
  EXPECT_EQ(report.compared, kSeeds);
  EXPECT_TRUE(report.failures.empty()) << TextOf(report, options.run);
}

TEST(Simulation, OtherSeedsGiveOtherRuns) {
  EXPECT_NE(Simulate({.seed = 1}).hash, Simulate({.seed = 2}).hash);
}

TEST(Simulation, WhatOnceFailedStaysMended) {
  const char* const path = std::getenv("ERIS_SIM_REGRESSIONS");
  ASSERT_NE(path, nullptr) << "set by CMake";
  std::ifstream file(path);
  ASSERT_TRUE(file) << path;
  for (std::string line; std::getline(file, line);) {
    std::istringstream text(line.substr(0, line.find('#')));
    std::vector<std::string> words;
    for (std::string word; text >> word;) words.push_back(word);
    if (words.empty()) continue;
    std::optional<Arguments> arguments = ParseArguments(words);
    ASSERT_TRUE(arguments) << line;
    arguments->campaign.count = 1;
    const CampaignReport report = RunCampaign(arguments->campaign);
    EXPECT_TRUE(report.failures.empty()) << TextOf(report, arguments->campaign.run);
  }
}

// docs/INVARIANTS.md says of every checker and of every planted bug which finds which. How many
// seeds it took changes with every change of the engine, and is not compared.
TEST(Simulation, TheTableOfInvariantsKnowsAllCheckersAndPlantedBugs) {
  const Result<std::string> document = ReadFile(std::getenv("ERIS_INVARIANTS"), 1 << 20);
  ASSERT_TRUE(document) << document.error().message;
  const Result<std::string> table = TableOf(*document);
  ASSERT_TRUE(table) << table.error().message;
  std::set<std::string> named;
  for (std::size_t at = 0; (at = table->find('`', at)) != std::string::npos; ++at) {
    const std::size_t end = table->find('`', at + 1);
    ASSERT_NE(end, std::string::npos);
    named.insert(table->substr(at + 1, end - at - 1));
    at = end;
  }
  std::set<std::string> known(PlantNames().begin() + 1, PlantNames().end());
  for (const CheckerKind& kind : AllCheckers()) {
    known.emplace(kind.name);
    EXPECT_EQ(table->find("`" + std::string(kind.name) + "` |  |"), std::string::npos)
        << "no planted bug trips the checker " << kind.name;
  }
  EXPECT_EQ(named, known) << "write it anew: ERIS_UPDATE_GOLDEN=1 scripts/test planted";
}

}  // namespace
}  // namespace eris::sim
