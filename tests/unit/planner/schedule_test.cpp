// Goal: steps start in the right order and nothing else starts. Method: small hand-made graphs,
// settled one by one.
#include "planner/schedule.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

namespace eris::planner {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr ItemIndex kA{0};
constexpr ItemIndex kB{1};
constexpr ItemIndex kC{2};
constexpr ItemIndex kD{3};

Schedule::Step StepOf(ItemIndex item, std::uint32_t stage, std::vector<ItemIndex> after = {}) {
  return {.item = item, .stage = stage, .after = std::move(after)};
}

TEST(Schedule, NothingStartsBeforeItsStageMayOpen) {
  Schedule schedule({StepOf(kA, 3), StepOf(kB, 4)});
  schedule.OpenThrough(2);
  EXPECT_THAT(schedule.TakeReady(), IsEmpty());
  EXPECT_TRUE(schedule.opened_is_settled());
  schedule.OpenThrough(3);
  EXPECT_THAT(schedule.TakeReady(), ElementsAre(kA));
  EXPECT_FALSE(schedule.opened_is_settled());
  schedule.Succeed(kA);
  EXPECT_THAT(schedule.TakeReady(), IsEmpty());
  EXPECT_TRUE(schedule.opened_is_settled());
  EXPECT_FALSE(schedule.settled());
}

TEST(Schedule, EdgesAskForSuccessWithinAStage) {
  Schedule schedule({StepOf(kA, 0), StepOf(kB, 0), StepOf(kC, 0, {kA, kB})});
  schedule.OpenAll();
  EXPECT_THAT(schedule.TakeReady(), ElementsAre(kA, kB));
  schedule.Succeed(kB);
  EXPECT_THAT(schedule.TakeReady(), IsEmpty());
  schedule.Succeed(kA);
  EXPECT_THAT(schedule.TakeReady(), ElementsAre(kC));
}

TEST(Schedule, AStageWaitsForAllOfTheOneBefore) {
  Schedule schedule({StepOf(kA, 0), StepOf(kB, 0), StepOf(kC, 1)});
  schedule.OpenAll();
  schedule.Succeed(kA);
  (void)schedule.TakeReady();
  EXPECT_EQ(schedule.StandingOf(kC), Schedule::Standing::kBlocked);
  schedule.Succeed(kB);
  EXPECT_THAT(schedule.TakeReady(), ElementsAre(kC));
}

TEST(Schedule, AFailureHoldsBackWhatIsOrderedAfterItAndNothingElse) {
  Schedule schedule({StepOf(kA, 9), StepOf(kB, 9), StepOf(kC, 9, {kA}), StepOf(kD, 8)});
  schedule.OpenAll();
  (void)schedule.TakeReady();
  EXPECT_THAT(schedule.Fail(kA), ElementsAre(kC));
  EXPECT_EQ(schedule.StandingOf(kC), Schedule::Standing::kHeldBack);
  EXPECT_THAT(schedule.TakeReady(), IsEmpty());
  schedule.Succeed(kB);
  EXPECT_THAT(schedule.TakeReady(), ElementsAre(kD)) << "the next stage waits, for no success";
  schedule.Succeed(kD);
  EXPECT_TRUE(schedule.settled());
}

TEST(Schedule, AFailureHoldsBackAcrossStages) {
  Schedule schedule({StepOf(kA, 1), StepOf(kB, 0, {kA}), StepOf(kC, 0, {kB}), StepOf(kD, 0)});
  schedule.OpenAll();
  EXPECT_THAT(schedule.TakeReady(), ElementsAre(kA));
  EXPECT_THAT(schedule.Fail(kA), ElementsAre(kB, kC));
  EXPECT_THAT(schedule.TakeReady(), ElementsAre(kD));
}

TEST(Schedule, WhatIsLeftCountsAsSucceededForOthers) {
  Schedule schedule({StepOf(kA, 0), StepOf(kB, 0, {kA}), StepOf(kC, 1)});
  schedule.OpenAll();
  (void)schedule.TakeReady();
  schedule.Leave(kA);
  EXPECT_THAT(schedule.TakeReady(), ElementsAre(kB));
  schedule.Leave(kB);
  EXPECT_THAT(schedule.TakeReady(), ElementsAre(kC));
}

TEST(Schedule, TheWayBackRunsStagesDownAndEdgesTurnedRound) {
  Plan plan;
  plan.items.resize(3);
  for (PlanItem& item : plan.items) item.inverse = QueryItem{};
  plan.items[1].stage = 1;
  plan.items[2].stage = 1;
  plan.items[2].after = {kB};
  Schedule schedule = Schedule::Backward(RollbackOf(plan, StepEffects(3, StepEffect::kPossible)));
  schedule.OpenAll();
  EXPECT_THAT(schedule.TakeReady(), ElementsAre(kC));
  schedule.Succeed(kC);
  EXPECT_THAT(schedule.TakeReady(), ElementsAre(kB));
  schedule.Succeed(kB);
  EXPECT_THAT(schedule.TakeReady(), ElementsAre(kA));
}

// A ring of waiting would show here: each item is handed out once, and all of them are.
TEST(Schedule, ALongChainUnderAWideFanIsLinear) {
  constexpr std::uint32_t kItems = 20'000;
  Plan plan;
  plan.items.resize(kItems);
  for (std::uint32_t i = 1; i < kItems; ++i) {
    plan.items[i].after = {{i % 2 == 0 ? i - 2 : 0}};
  }
  Schedule schedule = Schedule::Forward(plan);
  schedule.OpenAll();
  std::size_t handed_out = 0;
  for (std::vector<ItemIndex> ready = schedule.TakeReady(); !ready.empty();
       ready = schedule.TakeReady()) {
    handed_out += ready.size();
    for (const ItemIndex item : ready) schedule.Succeed(item);
  }
  EXPECT_EQ(handed_out, kItems);
  EXPECT_TRUE(schedule.settled());
}

}  // namespace
}  // namespace eris::planner
