// Goal: the engine keeps its promises under faults, for a hundred seeds and for all that
// ever failed. Method: real cores in a simulated world; each seed also in a second process.
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "tests/sim/arguments.h"
#include "tests/sim/campaign.h"
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

TEST(Simulation, KeepsEveryPromiseUnderFaults) {
  const CampaignOptions options{.first_seed = 1, .count = 300};
  const CampaignReport report = RunCampaign(options);
  EXPECT_EQ(report.runs, 300U);
  EXPECT_EQ(report.compared, 300U);
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

}  // namespace
}  // namespace eris::sim
