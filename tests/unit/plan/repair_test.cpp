// Goal: a repair plans exactly what targets run otherwise than the generation says. Method: a small
// manifest, findings about it, and the items of the plan counted.
#include "planner/plan/repair.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <variant>
#include <vector>

#include "planner/plan/plan_text.h"
#include "tests/support/manifest_builder.h"

namespace eris::repair_test {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

const ProfileName kProfile("default");

Manifest Shop(const std::string& api_version = "1") {
  return testing::MakeManifest(
      {{.name = "data", .places = {{"t1"}}},
       {.name = "api", .version = api_version, .places = {{"t2"}}, .depends_on = {"data"}},
       {.name = "web", .places = {{"t3"}}, .depends_on = {"api"}}});
}

const Mapping& MappingOn(const Manifest& manifest, const std::string& target) {
  const auto found =
      std::find_if(manifest.mappings.begin(), manifest.mappings.end(),
                   [&](const Mapping& mapping) { return mapping.target == TargetName(target); });
  EXPECT_NE(found, manifest.mappings.end());
  return *found;
}

Repair About(const Mapping& mapping, Repair::Found found) {
  return {.target = mapping.target,
          .found = found,
          .container = mapping.container,
          .service = mapping.service,
          .digest = mapping.digest,
          .profile = {}};
}

// Activations and deactivations, profiles that are set, and components that are locked.
struct Effects {
  std::vector<std::string> switches;
  std::size_t profiles = 0;
  std::size_t locked = 0;
};
Effects EffectsOf(const Plan& plan) {
  Effects effects;
  for (const PlanItem& item : plan.items) {
    const bool is_up = std::holds_alternative<ActivateItem>(item.body);
    if (is_up || std::holds_alternative<DeactivateItem>(item.body)) {
      effects.switches.push_back(DescribeItem(item.body) + " on " + item.queue.name);
    }
    if (std::holds_alternative<SetProfileItem>(item.body)) ++effects.profiles;
    const auto* lock = std::get_if<LockItem>(&item.body);
    if (lock == nullptr) continue;
    if (const auto* components = std::get_if<LockComponents>(&lock->what)) {
      effects.locked += components->components.size();
    }
  }
  return effects;
}

Result<Plan> Repaired(const std::vector<Repair>& repairs, const Manifest* older = nullptr) {
  const Manifest next = Shop();
  Manifest base = next;
  const auto look_up = [older](const Repair& foreign) -> Result<std::optional<KnownMapping>> {
    if (older == nullptr) return std::optional<KnownMapping>{};
    return FindMapping(*older, foreign);
  };
  ERIS_ASSIGN(const std::set<MappingPlace> down, ApplyRepairs(repairs, look_up, base));
  return MakePlan(
      {.profile = kProfile, .base_generation = {3}, .base = &base, .next = next, .down = down});
}

TEST(Repair, OfNothingIsNothing) { EXPECT_TRUE(Repaired({}).value().empty()); }

TEST(Repair, WhatDiedIsActivatedAndNothingElse) {
  const Manifest shop = Shop();
  const Plan plan = Repaired({About(MappingOn(shop, "t1"), Repair::Found::kMissing)}).value();
  const Effects effects = EffectsOf(plan);
  EXPECT_THAT(effects.switches, ElementsAre("activate data in process on t1"));
  EXPECT_EQ(effects.locked, 2U) << "what does not run cannot be quiet";
  EXPECT_EQ(effects.profiles, 0U);
  EXPECT_EQ(plan.summary.kept, 2U);
}

TEST(Repair, WhatShouldNotRunIsTakenDown) {
  const Manifest older = Shop("0");
  const Repair foreign = About(MappingOn(older, "t2"), Repair::Found::kForeign);
  EXPECT_THAT(EffectsOf(Repaired({foreign}, &older).value()).switches,
              ElementsAre("deactivate api in process on t2"));
  const auto unknown = Repaired({foreign});
  ASSERT_FALSE(unknown.has_value());
  EXPECT_EQ(unknown.error().code, ErrorCode::kNotFound);
}

TEST(Repair, WhatRunsOtherwiseIsReplacedWithWhatComesAfterIt) {
  const Manifest shop = Shop();
  Repair otherwise = About(MappingOn(shop, "t3"), Repair::Found::kForeign);
  otherwise.digest = "other properties";
  EXPECT_THAT(EffectsOf(Repaired({otherwise}).value()).switches,
              ElementsAre("deactivate web in process on t3", "activate web in process on t3"));
  EXPECT_THAT(
      EffectsOf(Repaired({About(MappingOn(shop, "t3"), Repair::Found::kIndeterminate)}).value())
          .switches,
      ElementsAre("deactivate web in process on t3", "activate web in process on t3"));
}

TEST(Repair, AProfileIsSetBack) {
  Repair profile;
  profile.target = TargetName("t1");
  profile.found = Repair::Found::kProfile;
  for (const StorePath& found : {StorePath("/nix/store/other"), StorePath()}) {
    profile.profile = found;
    const Effects effects = EffectsOf(Repaired({profile}).value());
    EXPECT_THAT(effects.switches, IsEmpty());
    EXPECT_EQ(effects.profiles, 1U);
  }
}

TEST(Repair, OfAnotherGenerationIsRefused) {
  Repair stranger = About(MappingOn(Shop(), "t1"), Repair::Found::kMissing);
  stranger.target = TargetName("t9");
  EXPECT_EQ(Repaired({stranger}).error().code, ErrorCode::kConflict);
}

}  // namespace
}  // namespace eris::repair_test
