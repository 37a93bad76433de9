// Goal: equal input gives the same plan for ever, byte by byte, and people see it as they did.
// Method: the text and the hash of plans for typical changes are compared with files in
// tests/golden/plan.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "planner/plan/diff.h"
#include "planner/plan/plan.h"
#include "planner/plan/plan_hash.h"
#include "planner/plan/plan_text.h"
#include "tests/support/golden.h"
#include "tests/support/manifest_builder.h"

namespace eris {
namespace {

using testing::ExpectGolden;
using testing::MakeManifest;
using testing::ServiceSpec;

std::vector<ServiceSpec> Tiers(const std::string& api_version) {
  return {{.name = "data", .places = {{"t1"}}},
          {.name = "api", .version = api_version, .places = {{"t2"}}, .depends_on = {"data"}},
          {.name = "web", .places = {{"t2"}, {"t3"}}, .depends_on = {"api"}}};
}

void Expect(const std::string& file, const Manifest* base, const Manifest& next,
            const PlanOptions& options = {}) {
  const ProfileName profile("default");
  const Result<Plan> plan = MakePlan({.profile = profile,
                                      .base_generation = {base == nullptr ? 0U : 4U},
                                      .base = base,
                                      .next = next,
                                      .options = options});
  ASSERT_TRUE(plan) << plan.error().message;
  ExpectGolden(file, PlanToText(*plan) + "\nplan " + PlanHash(*plan) + "\n");
}

TEST(GoldenPlan, Install) { Expect("install.txt", nullptr, MakeManifest(Tiers("1"))); }

TEST(GoldenPlan, Upgrade) {
  const Manifest base = MakeManifest(Tiers("1"));
  const Manifest next = MakeManifest(Tiers("2"));
  Expect("upgrade.txt", &base, next);
  Expect("upgrade-overlap.txt", &base, next, {.switching = SwitchPolicy::kOverlap});
  Expect("upgrade-built-on-targets.txt", &base, next, {.build = BuildPlace::kTargets});
}

TEST(GoldenPlan, Undeploy) {
  const Manifest base = MakeManifest(Tiers("1"));
  Expect("undeploy.txt", &base, UndeployedManifest(base));
}

TEST(GoldenPlan, ContainersOfServices) {
  const std::vector<ServiceSpec> one = {
      {.name = "server", .places = {{"t1"}}, .provides = {"apps"}},
      {.name = "app", .places = {{"t1", "apps"}}}};
  std::vector<ServiceSpec> two = one;
  two[0].version = "2";
  const Manifest base = MakeManifest(one);
  Expect("provider-upgrade.txt", &base, MakeManifest(two));
}

TEST(GoldenPlan, AnotherTarget) {
  std::vector<ServiceSpec> moved = Tiers("1");
  moved[1].places = {{"t4"}};
  const Manifest base = MakeManifest(Tiers("1"));
  Expect("move.txt", &base, MakeManifest(moved));
}

TEST(GoldenPlan, PreCopy) {
  std::vector<ServiceSpec> specs = {
      {.name = "files", .places = {{"t1"}}, .deploy_state = true, .type = "fileset"},
      {.name = "web", .places = {{"t2"}}, .depends_on = {"files"}}};
  const Manifest base = MakeManifest(specs);
  specs[0].places = {{"t3"}};
  Expect("pre-copy.txt", &base, MakeManifest(specs), {.pre_copy = PreCopy::kBases});
}

}  // namespace
}  // namespace eris
