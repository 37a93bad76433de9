// Goal: each checker can say no. Method: a bug is planted in the cores or in the world, and a
// checker must see it within 500 seeds.
#include <gtest/gtest.h>

#include <string>

#include "tests/sim/campaign.h"
#include "tests/sim/shrink.h"

namespace eris::sim {
namespace {

constexpr std::uint64_t kSeeds = 500;

class Planted : public ::testing::TestWithParam<std::string_view> {};

TEST_P(Planted, IsFound) {
  CampaignOptions options;
  options.count = kSeeds;
  options.again = CampaignOptions::Again::kNo;
  options.stop = CampaignOptions::Stop::kAtFirstFailure;
  options.run.plant = *ParsePlant(GetParam());
  const CampaignReport report = RunCampaign(options);
  ASSERT_FALSE(report.failures.empty()) << "no checker has seen it within " << kSeeds << " seeds";
  const Failure& found = report.failures.front();
  RecordProperty("seeds", static_cast<int>(found.seed));
  RecordProperty("checker", CheckerOf(found.violations.front()));
}

INSTANTIATE_TEST_SUITE_P(All, Planted,
                         ::testing::ValuesIn(PlantNames().begin() + 1, PlantNames().end()),
                         [](const auto& parameter) {
                           std::string name(parameter.param);
                           for (char& c : name) c = c == '-' ? '_' : c;
                           return name;
                         });

}  // namespace
}  // namespace eris::sim
