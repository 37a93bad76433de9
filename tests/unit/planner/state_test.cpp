// Goal: a transaction moves state by the name that was taken, and goes back where that fails.
// Method: the real coordinator against a fleet in memory, with outcomes scripted.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/planner/planner_world.h"
#include "tests/unit/planner/scenario.h"

namespace eris::planner::testing {
namespace {

using ::testing::HasSubstr;

SubmissionAction Database(std::vector<eris::testing::PlaceSpec> places) {
  return DeployManifest{eris::testing::MakeManifest(
      {{.name = "db", .places = std::move(places), .deploy_state = true},
       {.name = "api", .places = {{"t3"}}, .depends_on = {"db"}}})};
}

class MovingState : public ::testing::Test {
 protected:
  MovingState() {
    for (const char* name : {"t1", "t2", "t3"}) world.fleet().target(name);
    world.Welcome();
  }
  void Install(std::vector<eris::testing::PlaceSpec> places) {
    for (const auto& place : places) world.fleet().target(place.target).states["db"] = "rows";
    const TransactionId first = world.Run(Database(std::move(places)));
    ASSERT_EQ(world.ResultOf(first), TransactionResult::kCommitted);
  }
  std::string StateOf(const std::string& target) {
    return world.fleet().target(target).states["db"];
  }

  PlannerWorld world;
};

TEST_F(MovingState, ArrivesUnderTheNameThatWasTaken) {
  Install({{"t1"}});
  const TransactionId moved = world.Run(Database({{"t2"}}));
  EXPECT_EQ(world.ResultOf(moved), TransactionResult::kCommitted);
  EXPECT_EQ(StateOf("t2"), "rows");
  EXPECT_EQ(StateOf("t1"), "rows") << "the old copy is untouched";
}

TEST_F(MovingState, AFailedRestoreGoesBackWhateverBecomesOfTheLastDump) {
  Install({{"t1"}});
  const auto before = world.fleet().target("t1").active;
  world.fleet().SetScript([](const WorkItem& item, FakeFleet::Target&) -> std::optional<Outcome> {
    const bool is_last_dump = item.id.grade.direction == Direction::kInverse &&
                              std::holds_alternative<SnapshotItem>(item.body);
    if (is_last_dump || std::holds_alternative<RestoreItem>(item.body)) {
      return Says(Verdict::kFailed, "no room");
    }
    return std::nullopt;
  });
  const TransactionId moved = world.Run(Database({{"t2"}}));
  EXPECT_EQ(world.ResultOf(moved), TransactionResult::kRolledBack);
  EXPECT_THAT(world.StatusOf(moved).message, HasSubstr("restore db in process on t2: no room"));
  EXPECT_THAT(world.StatusOf(moved).message, HasSubstr("on t2, which is left as it is: no room"));
  EXPECT_EQ(world.fleet().target("t1").active, before);
  EXPECT_TRUE(world.fleet().target("t2").active.empty());
  EXPECT_EQ(StateOf("t1"), "rows");
}

TEST_F(MovingState, CopiesThatDifferGoNowhere) {
  Install({{"t1"}, {"t2"}});
  world.fleet().target("t2").states["db"] = "other rows";
  const TransactionId moved = world.Run(Database({{"t3"}}));
  EXPECT_EQ(world.ResultOf(moved), TransactionResult::kRolledBack);
  EXPECT_THAT(world.StatusOf(moved).message,
              HasSubstr("the copies of the state of db on t1 and t2 differ"));
  DeployOptions chosen;
  chosen.state_from = {{.service = ServiceName("db"), .target = TargetName("t2")}};
  const TransactionId again = world.Run(Database({{"t3"}}), chosen);
  EXPECT_EQ(world.ResultOf(again), TransactionResult::kCommitted);
  EXPECT_EQ(StateOf("t3"), "other rows");
}

TEST_F(MovingState, IsNotLeftOnASilentTarget) {
  Install({{"t1"}});
  world.SetConnected("t1", false);
  const TransactionId moved = world.Run(Database({{"t2"}}));
  EXPECT_EQ(world.ResultOf(moved), TransactionResult::kAborted);
  EXPECT_THAT(world.StatusOf(moved).message, HasSubstr("--state-from db=last"));
  DeployOptions last;
  last.state_from = {{.service = ServiceName("db"), .target = {}}};
  const TransactionId again = world.Run(Database({{"t2"}}), last);
  EXPECT_EQ(world.ResultOf(again), TransactionResult::kCommitted) << world.StatusOf(again).message;
}

TEST_F(MovingState, AModuleWithoutSnapshotsIsToldOf) {
  Install({{"t1"}});
  world.fleet().SetScript([](const WorkItem& item, FakeFleet::Target&) -> std::optional<Outcome> {
    if (std::holds_alternative<SnapshotItem>(item.body)) return Says(Verdict::kUnimplemented);
    return std::nullopt;
  });
  const TransactionId moved = world.Run(Database({{"t2"}}));
  EXPECT_EQ(world.ResultOf(moved), TransactionResult::kCommitted);
  EXPECT_THAT(world.StatusOf(moved).message, HasSubstr("takes no snapshots"));
}

}  // namespace
}  // namespace eris::planner::testing
