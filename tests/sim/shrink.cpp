#include "tests/sim/shrink.h"

#include <algorithm>

#include "tests/sim/campaign.h"

namespace eris::sim {
namespace {

constexpr std::size_t kMostOrders = 8;
constexpr std::size_t kMostServices = 7;

bool StillFails(const RunOptions& run, const std::string& checker) {
  CampaignOptions options;
  options.first_seed = run.seed;
  options.count = 1;
  options.processes = 1;
  options.again = CampaignOptions::Again::kNo;
  options.run = run;
  const CampaignReport report = RunCampaign(options);
  return std::any_of(report.failures.begin(), report.failures.end(), [&](const Failure& failure) {
    return std::any_of(failure.violations.begin(), failure.violations.end(),
                       [&](const std::string& text) { return CheckerOf(text) == checker; });
  });
}

}  // namespace

std::string CheckerOf(const std::string& violation) {
  const std::size_t begin = violation.find(", ");
  if (begin == std::string::npos) return violation;
  return violation.substr(begin + 2, violation.find(':', begin) - begin - 2);
}

Cuts Shrink(const RunOptions& run, const std::string& violation) {
  const std::string checker = CheckerOf(violation);
  RunOptions smallest = run;
  const auto attempt = [&](const Cuts& cuts) {
    RunOptions smaller = smallest;
    smaller.cuts = cuts;
    if (StillFails(smaller, checker)) smallest = smaller;
    return smallest.cuts == cuts;
  };
  for (std::size_t orders = 1; orders < kMostOrders; ++orders) {
    Cuts cuts = smallest.cuts;
    cuts.orders = orders;
    if (attempt(cuts)) break;
  }
  for (std::size_t services = 1; services < kMostServices; ++services) {
    Cuts cuts = smallest.cuts;
    cuts.services = services;
    if (attempt(cuts)) break;
  }
  for (std::size_t fault = 0; fault < kFaults; ++fault) {
    Cuts cuts = smallest.cuts;
    if (cuts.without.test(fault)) continue;
    cuts.without.set(fault);
    attempt(cuts);
  }
  return smallest.cuts;
}

std::string CommandOf(const RunOptions& run) {
  std::string command = "scripts/sim --seed " + std::to_string(run.seed) + " --count 1";
  if (run.family != Family::kMixed) {
    command += " --scenario " + std::string(FamilyNames()[static_cast<std::size_t>(run.family)]);
  }
  if (run.plant != Plant::kNone) {
    command += " --plant " + std::string(PlantNames()[static_cast<std::size_t>(run.plant)]);
  }
  if (run.cuts.orders < Cuts{}.orders) command += " --orders " + std::to_string(run.cuts.orders);
  if (run.cuts.services < Cuts{}.services) {
    command += " --services " + std::to_string(run.cuts.services);
  }
  std::string without;
  for (std::size_t fault = 0; fault < kFaults; ++fault) {
    if (!run.cuts.without.test(fault)) continue;
    without += (without.empty() ? "" : ",") + std::string(NameOf(static_cast<Fault>(fault)));
  }
  if (!without.empty()) command += " --without " + without;
  return command;
}

}  // namespace eris::sim
