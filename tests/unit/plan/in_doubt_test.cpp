// Goal: what a plan does about what a transaction that was given up may have left. Method: a base
// with marks, as planner/doubt.h makes it, and the items of the plan from there.
#include "planner/plan/in_doubt.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "planner/plan/left_out.h"
#include "planner/plan/plan.h"
#include "planner/plan/plan_text.h"
#include "tests/support/manifest_builder.h"

namespace eris::in_doubt_test {
namespace {

using testing::MakeManifest;
using testing::PlaceSpec;

const TargetName kTarget("t1");

Manifest Database(const std::string& version, std::vector<PlaceSpec> places) {
  return MakeManifest(
      {{.name = "db", .version = version, .places = std::move(places), .deploy_state = true}});
}

// The generation, and what the one that was given up has brought up beside it.
Manifest BaseOf(Manifest generation, const Manifest& given_up) {
  for (Mapping& mapping : generation.mappings) MarkInDoubt(mapping.digest);
  for (auto& [target, profile] : generation.profiles) MarkInDoubt(profile.digest);
  for (Mapping mapping : given_up.mappings) {
    MarkAsStray(mapping.digest);
    generation.services.emplace(mapping.service, given_up.services.at(mapping.service));
    generation.targets.emplace(mapping.target, given_up.targets.at(mapping.target));
    if (!generation.profiles.contains(mapping.target)) {
      MarkAsStray(generation.profiles[mapping.target].digest);
    }
    generation.mappings.push_back(std::move(mapping));
  }
  std::sort(generation.mappings.begin(), generation.mappings.end());
  return generation;
}

Plan PlanFrom(const Manifest& base, const Manifest& next, PlanOptions options = {}) {
  const ProfileName profile("default");
  auto plan = MakePlan({.profile = profile,
                        .base_generation = {1},
                        .base = &base,
                        .next = next,
                        .options = std::move(options)});
  EXPECT_TRUE(plan.has_value()) << plan.error().message;
  return plan.value_or(Plan());
}

template <typename Body>
std::vector<ItemIndex> ItemsOf(const Plan& plan) {
  std::vector<ItemIndex> found;
  for (std::uint32_t i = 0; i < plan.items.size(); ++i) {
    if (std::holds_alternative<Body>(plan.items[i].body)) found.push_back({i});
  }
  return found;
}

TEST(InDoubt, AMarkIsPutOnOnceAndTakenOff) {
  std::string digest = "abc";
  EXPECT_FALSE(IsInDoubt(digest));
  MarkInDoubt(digest);
  MarkInDoubt(digest);
  EXPECT_TRUE(IsInDoubt(digest));
  EXPECT_FALSE(IsStray(digest));
  EXPECT_EQ(WithoutMark(digest), "abc");
  MarkAsStray(digest);
  MarkInDoubt(digest);
  EXPECT_TRUE(IsStray(digest) && IsInDoubt(digest));
  EXPECT_EQ(WithoutMark(digest), "abc");
}

TEST(InDoubt, TheWayBackBringsUpWhatTheGenerationSaysAndNothingElse) {
  const Manifest generation = Database("1", {{"t1"}});
  const Manifest given_up = Database("2", {{"t1"}});
  const Plan plan = PlanFrom(BaseOf(generation, given_up), Database("3", {{"t1"}}));
  EXPECT_EQ(plan.summary.in_doubt, std::vector<TargetName>{kTarget});

  const auto downs = ItemsOf<DeactivateItem>(plan);
  ASSERT_EQ(downs.size(), 2U);
  const PlanItem& ours = plan.items[downs[0].value];
  const PlanItem& stray = plan.items[downs[1].value];
  const Activity& activity = std::get<DeactivateItem>(ours.body).activity;
  EXPECT_EQ(activity.digest, generation.mappings[0].digest) << "named as it was brought up";
  EXPECT_EQ(ours.inverse, ItemBody(ActivateItem{activity}));
  EXPECT_EQ(stray.inverse, stray.body) << "seen to be down, and no more";
  EXPECT_EQ(std::get<DeactivateItem>(stray.body).activity.digest, given_up.mappings[0].digest);
  // So that on the way back it is down before ours comes up in its place.
  EXPECT_TRUE(std::binary_search(stray.after.begin(), stray.after.end(), downs[0]));
}

TEST(InDoubt, WhatTheWayBackSetsAgainIsThereAndRooted) {
  const Manifest generation = Database("1", {{"t1"}});
  const Manifest base = BaseOf(generation, Database("2", {{"t1"}}));
  for (const BuildPlace place : {BuildPlace::kBuilders, BuildPlace::kTargets}) {
    for (const Manifest& next : {Database("3", {{"t1"}}), Manifest()}) {
      const Plan plan = PlanFrom(base, next, {.build = place});
      const auto transfers = ItemsOf<TransferItem>(plan);
      EXPECT_TRUE(std::any_of(transfers.begin(), transfers.end(), [&](ItemIndex item) {
        const auto& paths = std::get<TransferItem>(plan.items[item.value].body).paths;
        return paths == std::vector<StorePath>{generation.profiles.at(kTarget).path};
      })) << PlanToText(plan);
    }
  }
}

TEST(InDoubt, WhereNoGenerationHadAProfileNoneIsSetAgain) {
  const Manifest base = BaseOf(Database("1", {{"t1"}}), Database("2", {{"t2"}}));
  const Plan plan = PlanFrom(base, Database("3", {{"t2"}}));
  for (const ItemIndex item : ItemsOf<SetProfileItem>(plan)) {
    const PlanItem& set = plan.items[item.value];
    if (set.queue.name != "t2") continue;
    EXPECT_TRUE(std::get<SetProfileItem>(*set.inverse).path.empty());
    return;
  }
  FAIL() << "no profile is set on t2";
}

TEST(InDoubt, AStateComesFromTheGenerationAndWhatWasLeftIsDumpedFirst) {
  const Manifest base = BaseOf(Database("1", {{"t1"}}), Database("2", {{"t2"}}));
  const Plan plan = PlanFrom(base, Database("3", {{"t2"}}));
  EXPECT_EQ(plan.summary.state,
            (std::vector<std::string>{"the state of db moves from process on t1 to process on t2",
                                      "the old copy of db stays in process on t1",
                                      "what was left of db in process on t2 is dumped there"}));
  EXPECT_EQ(ItemsOf<SnapshotItem>(plan).size(), 2U);
  EXPECT_EQ(ItemsOf<RestoreItem>(plan).size(), 1U);
  EXPECT_EQ(ItemsOf<TransferStateItem>(plan).size(), 2U) << "to the depot, and from there";
}

TEST(InDoubt, ATargetInDoubtCannotBeLeftOut) {
  const Manifest base = BaseOf(Database("1", {{"t1"}}), Database("2", {{"t1"}}));
  const std::vector<TargetName> absent{kTarget};
  const auto left_out = LeaveOut(absent, &base, Database("1", {{"t1"}}));
  ASSERT_FALSE(left_out.has_value());
  EXPECT_EQ(left_out.error().code, ErrorCode::kUnavailable);
}

// The generation's profile is wanted again, and another may be set.
TEST(InDoubt, AProfileIsSetThoughItsPathIsTheGenerations) {
  const Manifest generation = Database("1", {{"t1"}});
  const Plan plan = PlanFrom(BaseOf(generation, Manifest()), generation);
  const std::vector<ItemIndex> set = ItemsOf<SetProfileItem>(plan);
  ASSERT_EQ(set.size(), 1U);
  EXPECT_EQ(std::get<SetProfileItem>(plan.items[set[0].value].body).path,
            generation.profiles.at(kTarget).path);
}

}  // namespace
}  // namespace eris::in_doubt_test
