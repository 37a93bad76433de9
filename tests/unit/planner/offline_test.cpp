// Goal: `--target-offline` says what a deployment makes of targets that are not connected as it
// begins, also when the planner restarts meanwhile. Method: the real coordinator, a fleet in memory
// of which some are away, and time that jumps.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "tests/support/manifest_builder.h"
#include "tests/unit/planner/planner_world.h"

namespace eris::planner::testing::offline_test {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using Result = TransactionResult;

// A service in the centre, and an agent that needs it on each of two targets.
SubmissionAction Fleet(const std::string& version) {
  return DeployManifest{eris::testing::MakeManifest(
      {{.name = "centre", .version = version, .places = {{"t1"}}},
       {.name = "agent", .places = {{"t2"}, {"t3"}}, .depends_on = {"centre"}}})};
}

class Offline : public ::testing::Test {
 public:
  Offline() {
    for (const char* name : {"t1", "t2", "t3"}) world.fleet().target(name);
    world.Welcome();
    world.Run(Fleet("1"));
    at_t3 = world.fleet().target("t3").active;
    world.SetConnected("t3", false);
  }

  TransactionId Submit(TargetOffline policy, std::int64_t wait_ms = 30'000) {
    world.SubmitAs("up", Fleet("2"), {.target_offline = policy, .wait_ms = wait_ms});
    world.Settle(Duration(1));
    return world.taken().at(SubmissionId("up")).transaction;
  }
  std::string MessageOf(TransactionId transaction) { return world.StatusOf(transaction).message; }
  std::vector<std::string> WaitingFor(TransactionId transaction) {
    Request request;
    request.transaction.transaction = transaction;
    const std::vector<Reply> replies = world.Ask(RequestVerb::kStatus, request);
    return std::get<StatusReply>(replies.at(0).body).transactions.at(0).waiting_for;
  }

  PlannerWorld world;
  std::set<ActiveMapping> at_t3;
};

TEST_F(Offline, FailEndsBeforeAnythingIsBuilt) {
  const std::size_t log = world.fleet().log().size();
  const TransactionId up = Submit(TargetOffline::kFail);
  EXPECT_FALSE(world.ResultOf(up)) << "workers have a moment to be seen";
  world.Settle(Duration(2'000));
  EXPECT_EQ(world.ResultOf(up), Result::kAborted);
  EXPECT_THAT(MessageOf(up), HasSubstr("target t3 is not connected"));
  EXPECT_EQ(world.fleet().log().size(), log);
}

TEST_F(Offline, FailIsNoMatterOfTargetsThatHaveNothingToDo) {
  const TransactionId same = world.Run(Fleet("1"), {.target_offline = TargetOffline::kFail});
  EXPECT_EQ(world.ResultOf(same), Result::kUnchanged);
}

TEST_F(Offline, SkipWaitsVisiblyAndThenGoesWithoutTheTarget) {
  const TransactionId up = Submit(TargetOffline::kSkip);
  world.Settle(Duration(29'000));
  EXPECT_FALSE(world.StatusOf(up).result);
  EXPECT_THAT(WaitingFor(up), Contains("target t3 is not connected"));
  world.Settle();
  EXPECT_EQ(world.ResultOf(up), Result::kCommitted);
  EXPECT_THAT(MessageOf(up), HasSubstr("left out, because not connected: t3"));
  EXPECT_EQ(world.fleet().target("t3").active, at_t3);
  EXPECT_THAT(world.Recorded<TransactionPlanned>(up).back().plan.summary.left_out,
              ::testing::ElementsAre(TargetName("t3")));

  // Back again, it is brought up to date by the same models.
  world.SetConnected("t3", true);
  EXPECT_EQ(world.ResultOf(world.Run(Fleet("2"))), Result::kCommitted);
  EXPECT_NE(world.fleet().target("t3").active, at_t3);
  EXPECT_EQ(world.ResultOf(world.Run(Fleet("2"))), Result::kUnchanged);
}

TEST_F(Offline, SkipTakesWhoComesInTime) {
  const TransactionId up = Submit(TargetOffline::kSkip);
  world.Settle(Duration(29'000));
  world.SetConnected("t3", true);
  world.Settle();
  EXPECT_EQ(world.ResultOf(up), Result::kCommitted);
  EXPECT_NE(world.fleet().target("t3").active, at_t3);
}

TEST_F(Offline, SkipWithoutAWaitStillGivesWorkersAMoment) {
  const TransactionId up = Submit(TargetOffline::kSkip, 0);
  EXPECT_FALSE(world.ResultOf(up));
  world.SetConnected("t3", true);
  world.Settle();
  EXPECT_NE(world.fleet().target("t3").active, at_t3);
}

TEST_F(Offline, SkipLooksAnewAfterAPlannersRestart) {
  const TransactionId up = Submit(TargetOffline::kSkip);
  world.Settle(Duration(29'000));
  world.Restart();
  world.Settle(Duration(29'000));
  EXPECT_FALSE(world.ResultOf(up)) << "what was waited before is not known any more";
  world.Settle();
  EXPECT_EQ(world.ResultOf(up), Result::kCommitted);
  EXPECT_EQ(world.fleet().target("t3").active, at_t3);
}

TEST_F(Offline, SkipEndsWhereSomethingElseNeedsTheTarget) {
  world.SetConnected("t3", true);
  world.SetConnected("t1", false);
  const TransactionId up = Submit(TargetOffline::kSkip);
  world.Settle();
  EXPECT_EQ(world.ResultOf(up), Result::kAborted);
  EXPECT_THAT(MessageOf(up), HasSubstr("target t1 cannot be left out"));
}

TEST_F(Offline, WhoGoesAwayLaterIsWaitedForAndTheDeploymentEnds) {
  world.SetConnected("t3", true);
  world.SubmitAs("up", Fleet("2"), {.target_offline = TargetOffline::kSkip});
  ASSERT_TRUE(world.SettleUntil([&] { return !world.Recorded<TransactionPlanned>({2}).empty(); }));
  world.SetConnected("t3", false);
  world.Settle();
  const TransactionId up = world.taken().at(SubmissionId("up")).transaction;
  EXPECT_EQ(world.ResultOf(up), Result::kAborted);
  EXPECT_THAT(MessageOf(up), HasSubstr("t3 is not connected"));
}

TEST_F(Offline, WhatWaitsForATargetCanBeCancelled) {
  const TransactionId up = Submit(TargetOffline::kSkip);
  Request request;
  request.transaction.transaction = up;
  world.Ask(RequestVerb::kCancel, request);
  world.Settle(Duration(10));
  EXPECT_EQ(world.ResultOf(up), Result::kAborted);
  EXPECT_THAT(world.coordinator().transactions(), IsEmpty());
}

}  // namespace
}  // namespace eris::planner::testing::offline_test
