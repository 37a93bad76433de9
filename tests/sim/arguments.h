// The command line of eris-sim.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "tests/sim/campaign.h"

namespace eris::sim {

struct Arguments {
  CampaignOptions campaign;
  enum class Print : std::uint8_t { kSummary, kHashes, kTrace } print = Print::kSummary;
  std::string regressions;  // a file of command lines to run instead; empty = none
};

// Nothing when they are not understood.
std::optional<Arguments> ParseArguments(const std::vector<std::string>& words);
std::string Usage();

}  // namespace eris::sim
