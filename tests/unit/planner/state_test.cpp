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
 public:
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
  world.Run(StateOperation{.job = StateOperation::Job::kSnapshot, .which = {}, .sources = {}});
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

TEST_F(MovingState, AProviderGoesUnlessTheStateThatItHoldsCannotBeRead) {
  const std::vector<eris::testing::ServiceSpec> specs{
      {.name = "server", .places = {{"t1"}}, .provides = {"sql"}},
      {.name = "db", .places = {{"t1", "sql"}}, .deploy_state = true},
      {.name = "other", .places = {{"t1"}}}};
  const SubmissionAction all = DeployManifest{eris::testing::MakeManifest(specs)};
  const SubmissionAction without = DeployManifest{eris::testing::MakeManifest({specs[2]})};
  world.fleet().target("t1").states["db"] = "rows";
  ASSERT_EQ(world.ResultOf(world.Run(all)), TransactionResult::kCommitted);
  world.fleet().SetScript([](const WorkItem& item, FakeFleet::Target&) -> std::optional<Outcome> {
    if (std::holds_alternative<SnapshotItem>(item.body)) return Says(Verdict::kFailed, "no room");
    return std::nullopt;
  });
  const TransactionId refused = world.Run(without);
  EXPECT_EQ(world.ResultOf(refused), TransactionResult::kRolledBack);
  EXPECT_THAT(world.StatusOf(refused).message, HasSubstr("snapshot db in sql on t1: no room"));
  world.fleet().SetScript(nullptr);
  EXPECT_EQ(world.ResultOf(world.Run(without)), TransactionResult::kCommitted);
}

// ---- bases ----

SubmissionAction Files(std::vector<eris::testing::PlaceSpec> places) {
  return DeployManifest{eris::testing::MakeManifest(
      {{.name = "db", .places = std::move(places), .deploy_state = true, .type = "fileset"},
       {.name = "api", .places = {{"t3"}}, .depends_on = {"db"}}})};
}

class PreCopiedState : public MovingState {
 protected:
  PreCopiedState() {
    world.fleet().target("t1").states["db"] = "rows";
    EXPECT_EQ(world.ResultOf(world.Run(Files({{"t1"}}))), TransactionResult::kCommitted);
    options_.pre_copy = PreCopy::kBases;
  }
  // With the parts of snapshots that workers are asked for, in this order.
  TransactionId Move(const std::optional<Outcome>& base) {
    world.fleet().SetScript(
        [this, base](const WorkItem& item, FakeFleet::Target&) -> std::optional<Outcome> {
          const auto* snapshot = std::get_if<SnapshotItem>(&item.body);
          const auto* transfer = std::get_if<TransferStateItem>(&item.body);
          if (snapshot != nullptr) asked_.push_back({snapshot->part, snapshot->base});
          const bool is_base = (snapshot != nullptr && snapshot->part == SnapshotPart::kBase) ||
                               (transfer != nullptr && transfer->part == SnapshotPart::kBase);
          return is_base ? base : std::nullopt;
        });
    return world.Run(Files({{"t2"}}), options_);
  }

  using Asked = std::vector<std::pair<SnapshotPart, std::string>>;
  DeployOptions options_;
  Asked asked_;
};

TEST_F(PreCopiedState, TheIncrementNamesTheBaseThatWasTaken) {
  const TransactionId moved = Move(std::nullopt);
  EXPECT_EQ(world.ResultOf(moved), TransactionResult::kCommitted) << world.StatusOf(moved).message;
  EXPECT_EQ(asked_,
            (Asked{{SnapshotPart::kBase, ""}, {SnapshotPart::kIncrement, "process/db/rows"}}));
  EXPECT_EQ(StateOf("t2"), "rows");
}

TEST_F(PreCopiedState, WithoutABaseAllIsTakenInTheWindow) {
  for (const Verdict verdict : {Verdict::kUnimplemented, Verdict::kFailed, Verdict::kUnavailable}) {
    asked_.clear();
    world.fleet().target("t2").states.clear();
    const TransactionId moved = Move(Says(verdict, "not today"));
    EXPECT_EQ(world.ResultOf(moved), TransactionResult::kCommitted)
        << world.StatusOf(moved).message;
    EXPECT_EQ(asked_.back(), (std::pair(SnapshotPart::kWhole, std::string())));
    EXPECT_EQ(StateOf("t2"), "rows");
    EXPECT_THAT(world.StatusOf(moved).message, HasSubstr("take a base of db"));
    world.fleet().SetScript(nullptr);
    ASSERT_EQ(world.ResultOf(world.Run(Files({{"t1"}}))), TransactionResult::kCommitted);
  }
}

// ---- states alone ----

SubmissionAction Restore() {
  return StateOperation{.job = StateOperation::Job::kRestore, .which = {}, .sources = {}};
}
SubmissionAction Migrate(bool again = false) {
  return StateOperation{
      .job = StateOperation::Job::kMigrate, .which = {}, .sources = {}, .again = again};
}
DeployOptions WithoutMigration() {
  DeployOptions options;
  options.migration = Migration::kForbidden;
  return options;
}

class RestoredState : public MovingState {
 protected:
  // The depot has "rows", t1 has "more rows".
  RestoredState() {
    Install({{"t1"}});
    world.Run(StateOperation{.job = StateOperation::Job::kSnapshot, .which = {}, .sources = {}});
    world.fleet().target("t1").states["db"] = "more rows";
  }
  std::size_t Generations() {
    Request request;
    request.profile = ProfileName("default");
    const Reply reply = world.Ask(RequestVerb::kGenerations, request).at(0);
    return std::get<GenerationsReply>(reply.body).generations.size();
  }
};

TEST_F(RestoredState, MakesNoGeneration) {
  const auto before = world.fleet().target("t1").active;
  const TransactionId restored = world.Run(Restore());
  EXPECT_EQ(world.ResultOf(restored), TransactionResult::kCommitted);
  EXPECT_EQ(world.StatusOf(restored).message, "");
  EXPECT_EQ(StateOf("t1"), "rows");
  EXPECT_EQ(world.fleet().target("t1").active, before);
  EXPECT_TRUE(world.fleet().target("t1").locked.empty());
  EXPECT_FALSE(world.fleet().target("t1").lease);
  EXPECT_EQ(Generations(), 1U);
  EXPECT_EQ(world.ResultOf(world.Run(Database({{"t1"}}))), TransactionResult::kUnchanged);
}

TEST_F(RestoredState, IsWhatItWasWhenTheRestoreFails) {
  world.fleet().SetScript([](const WorkItem& item, FakeFleet::Target& t) -> std::optional<Outcome> {
    const bool is_forward = item.id.grade.direction == Direction::kForward;
    if (!is_forward || !std::holds_alternative<RestoreItem>(item.body)) return std::nullopt;
    t.states["db"] = "half of it";
    return Says(Verdict::kFailed, "no room");
  });
  const auto before = world.fleet().target("t1").active;
  const TransactionId restored = world.Run(Restore());
  EXPECT_EQ(world.ResultOf(restored), TransactionResult::kRolledBack);
  EXPECT_THAT(world.StatusOf(restored).message, HasSubstr("restore db in process on t1: no room"));
  EXPECT_EQ(StateOf("t1"), "more rows");
  EXPECT_EQ(world.fleet().target("t1").active, before);
  EXPECT_TRUE(world.fleet().target("t1").locked.empty());
}

TEST_F(RestoredState, NothingGoesDownWhenTheDepotHasNothing) {
  world.fleet().SetScript([](const WorkItem& item, FakeFleet::Target&) -> std::optional<Outcome> {
    if (!std::holds_alternative<TransferStateItem>(item.body)) return std::nullopt;
    return Says(Verdict::kFailed, "there is none");
  });
  const std::size_t done = world.fleet().log().size();
  const TransactionId restored = world.Run(Restore());
  EXPECT_EQ(world.ResultOf(restored), TransactionResult::kAborted);
  EXPECT_EQ(world.fleet().log().size(), done + 1) << "the transfer alone";
}

TEST_F(RestoredState, SurvivesAPlannerThatDiesAnywhere) {
  for (std::size_t append = 0; append < 20; ++append) {
    PlannerWorld other;
    for (const char* name : {"t1", "t2", "t3"}) other.fleet().target(name);
    other.Welcome();
    other.fleet().target("t1").states["db"] = "rows";
    other.Run(Database({{"t1"}}));
    other.Run(StateOperation{.job = StateOperation::Job::kSnapshot, .which = {}, .sources = {}});
    other.fleet().target("t1").states["db"] = "more rows";
    const auto before = other.fleet().target("t1").active;
    other.CrashAt({.append = other.appends() + append});
    other.SubmitAs("the restore", Restore());
    other.Settle();
    if (other.crashed()) {
      other.Restart();
      other.Welcome();
      other.SubmitAs("the restore", Restore());
      other.Settle();
    }
    EXPECT_EQ(other.fleet().target("t1").states["db"], "rows") << append;
    EXPECT_EQ(other.fleet().target("t1").active, before);
    EXPECT_FALSE(other.fleet().target("t1").lease);
  }
}

TEST_F(MovingState, MigratesWhatADeploymentHasLeftAndNothingTwice) {
  Install({{"t1"}});
  const TransactionId moved = world.Run(Database({{"t2"}}), WithoutMigration());
  ASSERT_EQ(world.ResultOf(moved), TransactionResult::kCommitted);
  EXPECT_EQ(StateOf("t2"), "");
  world.fleet().target("t2").states["db"] = "first steps";
  const TransactionId migrated = world.Run(Migrate());
  EXPECT_EQ(world.ResultOf(migrated), TransactionResult::kCommitted)
      << world.StatusOf(migrated).message;
  EXPECT_EQ(StateOf("t2"), "rows");
  EXPECT_EQ(StateOf("t1"), "rows");
  world.fleet().target("t2").states["db"] = "rows and more";
  const TransactionId twice = world.Run(Migrate());
  EXPECT_EQ(world.ResultOf(twice), TransactionResult::kInvalid);
  EXPECT_THAT(world.StatusOf(twice).message, HasSubstr("has come along already"));
  EXPECT_EQ(StateOf("t2"), "rows and more");
  EXPECT_EQ(world.ResultOf(world.Run(Migrate(true))), TransactionResult::kCommitted);
  EXPECT_EQ(StateOf("t2"), "rows");
}

TEST_F(MovingState, WhatHasComeAlongIsNotOverwritten) {
  Install({{"t1"}});
  world.Run(Database({{"t2"}}));
  world.fleet().target("t2").states["db"] = "rows and more";
  EXPECT_EQ(world.ResultOf(world.Run(Migrate())), TransactionResult::kInvalid);
  EXPECT_EQ(StateOf("t2"), "rows and more");
}

TEST_F(MovingState, DeletesWhatIsLeftAndNothingElse) {
  Install({{"t1"}});
  const SubmissionAction deletion =
      StateOperation{.job = StateOperation::Job::kDelete, .which = {}, .sources = {}};
  EXPECT_EQ(world.ResultOf(world.Run(deletion)), TransactionResult::kInvalid)
      << "all of it is used";
  world.Run(Database({{"t2"}}));
  std::vector<std::string> deleted;
  world.fleet().SetScript(
      [&](const WorkItem& item, FakeFleet::Target& t) -> std::optional<Outcome> {
        if (!std::holds_alternative<DeleteStateItem>(item.body)) return std::nullopt;
        deleted.push_back(t.states["db"]);
        t.states.erase("db");
        return Says(Verdict::kSucceeded);
      });
  EXPECT_EQ(world.ResultOf(world.Run(deletion)), TransactionResult::kCommitted);
  EXPECT_EQ(deleted.size(), 1U);
  EXPECT_EQ(StateOf("t2"), "rows");
  EXPECT_EQ(StateOf("t1"), "");
}

}  // namespace
}  // namespace eris::planner::testing
