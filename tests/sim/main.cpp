// eris-sim: runs simulated installations by seed and says what went wrong. See docs/SIMULATION.md.
#include <chrono>
#include <fstream>
#include <iostream>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

#include "tests/sim/arguments.h"
#include "tests/sim/campaign.h"
#include "tests/sim/shrink.h"
#include "tests/sim/simulation.h"

namespace {

using eris::sim::Arguments;
using eris::sim::CampaignReport;
using eris::sim::Failure;
using eris::sim::RunOptions;
using eris::sim::RunReport;

// From here on a pair of fault and phase that was never reached is a failure of the campaign.
constexpr std::uint64_t kRunsForCoverage = 5'000;
constexpr std::size_t kMostShrunk = 3;

void PrintFailure(const Failure& failure, RunOptions run, bool shrinks) {
  run.seed = failure.seed;
  std::cout << "seed " << failure.seed << " failed:\n";
  for (const std::string& violation : failure.violations) std::cout << "  " << violation << "\n";
  std::cout << "  again: " << eris::sim::CommandOf(run) << "\n";
  if (!shrinks) return;
  run.cuts = eris::sim::Shrink(run, failure.violations.front());
  std::cout << "  smallest: " << eris::sim::CommandOf(run) << "\n" << std::flush;
}

// One seed after the other in this process, for a person who looks closely.
int RunHere(const Arguments& arguments) {
  bool failed = false;
  for (std::uint64_t i = 0; i < arguments.campaign.count; ++i) {
    RunOptions run = arguments.campaign.run;
    run.seed = arguments.campaign.first_seed + i;
    if (arguments.print == Arguments::Print::kTrace) {
      run.trace = [](const std::string& line) { std::cerr << line << "\n"; };
    }
    const RunReport report = eris::sim::Simulate(run);
    std::cout << report.seed << " " << std::hex << report.hash << std::dec << "\n";
    for (const std::string& violation : report.violations) std::cout << "  " << violation << "\n";
    failed = failed || !report.violations.empty();
  }
  return failed ? 1 : 0;
}

int RunMany(const Arguments& arguments) {
  const auto began = std::chrono::steady_clock::now();
  const CampaignReport report = eris::sim::RunCampaign(arguments.campaign);
  const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(
      std::chrono::steady_clock::now() - began);
  std::size_t shrunk = 0;
  for (const Failure& failure : report.failures) {
    PrintFailure(failure, arguments.campaign.run, shrunk++ < kMostShrunk);
  }
  std::cout << report.coverage.Table();
  const std::vector<std::string> missing = report.coverage.Missing();
  for (const std::string& pair : missing) std::cout << "never reached: " << pair << "\n";
  std::cout << report.runs << " seeds in " << took.count() << " ms, " << report.compared
            << " run again in another process, " << report.failures.size() << " failed\n";
  const bool must_cover =
      report.runs >= kRunsForCoverage && arguments.campaign.run.family == eris::sim::Family::kMixed;
  return report.failures.empty() && (missing.empty() || !must_cover) ? 0 : 1;
}

// Lines of the file are command lines; what follows a # says what was found by it.
int RunRegressions(const std::string& path) {
  std::ifstream file(path);
  if (!file) {
    std::cerr << "cannot read " << path << "\n";
    return 2;
  }
  int result = 0;
  for (std::string line; std::getline(file, line);) {
    std::istringstream text(line.substr(0, line.find('#')));
    std::vector<std::string> words;
    for (std::string word; text >> word;) words.push_back(word);
    if (words.empty()) continue;
    std::optional<Arguments> arguments = eris::sim::ParseArguments(words);
    if (!arguments) {
      std::cerr << path << ": not understood: " << line << "\n";
      return 2;
    }
    arguments->campaign.count = 1;
    const CampaignReport report = eris::sim::RunCampaign(arguments->campaign);
    for (const Failure& failure : report.failures) {
      PrintFailure(failure, arguments->campaign.run, false);
      result = 1;
    }
  }
  return result;
}

}  // namespace

int main(int argc, char** argv) {
  const std::optional<Arguments> arguments =
      eris::sim::ParseArguments(std::vector<std::string>(argv + 1, argv + argc));
  if (!arguments) {
    std::cerr << eris::sim::Usage();
    return 2;
  }
  if (!arguments->regressions.empty()) return RunRegressions(arguments->regressions);
  if (arguments->print != Arguments::Print::kSummary) return RunHere(*arguments);
  return RunMany(*arguments);
}
