// Many seeds in several processes: each seed is run in one and run again in another, and their
// traces must be equal. A process that a failed check has killed is a violation like any other.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "schema/base/clock.h"
#include "tests/sim/options.h"

namespace eris::sim {

struct CampaignOptions {
  std::uint64_t first_seed = 1;
  std::uint64_t count = 200;
  Duration at_most{0};  // of real time; 0 = as long as it takes
  std::size_t processes = 2;
  enum class Again : std::uint8_t { kNo, kInAnotherProcess } again = Again::kInAnotherProcess;
  enum class Stop : std::uint8_t { kAtEnd, kAtFirstFailure } stop = Stop::kAtEnd;
  RunOptions run;  // its seed is not looked at
};

struct Failure {
  std::uint64_t seed = 0;
  std::vector<std::string> violations;
};

struct CampaignReport {
  std::uint64_t runs = 0;
  std::uint64_t compared = 0;  // of these, with a second run
  std::vector<Failure> failures;
  Coverage coverage;
};

// Precondition: this process has one thread.
CampaignReport RunCampaign(const CampaignOptions& options);

}  // namespace eris::sim
