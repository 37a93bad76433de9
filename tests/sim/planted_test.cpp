// Goal: each checker can say no, and each planted bug is seen. Method: a bug is planted in the
// cores or in the world, and a checker must see it within 500 seeds; all runs together must have
// tripped every checker. With ERIS_UPDATE_GOLDEN=1 what was found is written into
// docs/INVARIANTS.md.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <string>

#include "schema/base/files.h"
#include "tests/sim/campaign.h"
#include "tests/sim/checkers/all.h"
#include "tests/sim/invariants_table.h"
#include "tests/sim/shrink.h"

namespace eris::sim {
namespace {

constexpr std::uint64_t kSeeds = 500;
constexpr std::size_t kMaxDocument = 1 << 20;

// Of the tests that have run.
Findings& AllFindings() {
  static Findings findings;
  return findings;
}

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
  for (const Failure& failure : report.failures) {
    for (const std::string& violation : failure.violations) {
      AllFindings()[std::string(GetParam())].try_emplace(CheckerOf(violation), failure.seed);
    }
  }
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

// After all of them, unless only some were asked for.
class AllTogether final : public ::testing::Environment {
 public:
  void TearDown() override {
    const Findings& findings = AllFindings();
    if (findings.size() + 1 < PlantNames().size()) return;
    for (const CheckerKind& kind : AllCheckers()) {
      const bool has_tripped = std::any_of(
          findings.begin(), findings.end(),
          [&kind](const auto& entry) { return entry.second.contains(std::string(kind.name)); });
      EXPECT_TRUE(has_tripped) << "no planted bug trips the checker " << kind.name;
    }
    if (std::getenv("ERIS_UPDATE_GOLDEN") != nullptr) Write(InvariantsTable(findings));
  }

 private:
  static void Write(const std::string& table) {
    const std::string path = std::getenv("ERIS_INVARIANTS");
    const Result<std::string> document = ReadFile(path, kMaxDocument);
    ASSERT_TRUE(document.has_value()) << document.error().message;
    const Result<std::string> changed = WithTable(*document, table);
    ASSERT_TRUE(changed.has_value()) << changed.error().message;
    ASSERT_TRUE(WriteFileAtomically(path, *changed, 0644).has_value());
  }
};

[[maybe_unused]] const ::testing::Environment* const kAllTogether =
    ::testing::AddGlobalTestEnvironment(new AllTogether);

}  // namespace
}  // namespace eris::sim
