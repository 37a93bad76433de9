// Goal: a planner that dies around any append goes on to the same end (P4, design §6). Method: run
// a scenario once, then again for each append with the planner killed just before or just after it,
// and compare what the fleet looks like and which inverses ran.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "tests/unit/planner/planner_world.h"
#include "tests/unit/planner/scenario.h"

namespace eris::planner::testing {
namespace {

using Script = std::function<void(PlannerWorld&)>;

struct End {
  std::vector<std::optional<TransactionResult>> results;
  std::map<std::string, FakeFleet::Target> targets;
  std::set<std::pair<TransactionId, ItemIndex>> inverses;
  bool operator==(const End&) const = default;
};

struct Outlook {
  End end;
  std::size_t begin = 0;  // appends before what the scenario is about
  std::size_t appends = 0;
};

Outlook Play(const Script& script, std::optional<PlannerWorld::Crash> crash) {
  PlannerWorld world;
  for (const char* name : {"t1", "t2", "t3"}) world.fleet().target(name);
  world.Welcome();
  if (crash) world.CrashAt(*crash);
  script(world);
  world.Settle();
  EXPECT_EQ(world.crashed(), crash.has_value());
  Outlook outlook;
  outlook.begin = world.begin();
  outlook.appends = world.appends();
  const TransactionId last = world.journal().LoadHead()->last_transaction;
  for (std::uint64_t id = 1; id <= last.value; ++id) {
    outlook.end.results.push_back(world.ResultOf({id}));
    for (const ItemsPublished& wave : world.Recorded<ItemsPublished>({id})) {
      for (const PublishedItem& item : wave.items) {
        if (item.grade.direction == Direction::kInverse) {
          outlook.end.inverses.insert({TransactionId{id}, item.index});
        }
      }
    }
  }
  outlook.end.targets = world.fleet().targets();
  // Replaying the whole journal once more gives the same state.
  world.Restart();
  world.Turn();
  EXPECT_EQ(world.coordinator().transactions().size(), 0U) << "nothing is left to do";
  return outlook;
}

void EndsAlikeWhereverItDies(const Script& script) {
  const Outlook expected = Play(script, std::nullopt);
  ASSERT_GT(expected.appends, expected.begin + 10);
  for (std::size_t append = expected.begin; append < expected.appends; ++append) {
    for (const auto when :
         {PlannerWorld::Crash::When::kBeforeAppend, PlannerWorld::Crash::When::kAfterAppend}) {
      const Outlook actual = Play(script, PlannerWorld::Crash{append, when});
      EXPECT_EQ(actual.end.results, expected.end.results) << "append " << append;
      EXPECT_EQ(actual.end.targets, expected.end.targets) << "append " << append;
      EXPECT_EQ(actual.end.inverses, expected.end.inverses) << "append " << append;
    }
  }
}

TEST(Recovery, AnInstallAndAnUpgradeEndCommitted) {
  EndsAlikeWhereverItDies([](PlannerWorld& world) {
    (void)world.Run(Deploy("1"));
    (void)world.Run(Deploy("2"));
  });
}

TEST(Recovery, StateThatMovesArrivesOnce) {
  const auto deploy = [](const std::string& target) {
    return DeployManifest{
        eris::testing::MakeManifest({{.name = "db", .places = {{target}}, .deploy_state = true},
                                     {.name = "api", .places = {{"t3"}}, .depends_on = {"db"}}})};
  };
  EndsAlikeWhereverItDies([&](PlannerWorld& world) {
    (void)world.Run(deploy("t1"));
    world.fleet().target("t1").states["db"] = "rows";
    world.BeginHere();
    (void)world.Run(deploy("t2"));
  });
}

TEST(Recovery, P4AFailedUpgradeTakesTheSameWayBack) {
  EndsAlikeWhereverItDies([](PlannerWorld& world) {
    (void)world.Run(Deploy("1"));
    world.BeginHere();
    world.fleet().SetScript([](const WorkItem& item, FakeFleet::Target&) -> std::optional<Outcome> {
      const bool forward = item.id.grade.direction == Direction::kForward;
      if (forward && Describe(item.body) == "activate web") return Says(Verdict::kFailed);
      return std::nullopt;
    });
    (void)world.Run(Deploy("2"));
  });
}

TEST(Recovery, ARefusedLockAborts) {
  EndsAlikeWhereverItDies([](PlannerWorld& world) {
    (void)world.Run(Deploy("1"));
    world.BeginHere();
    world.fleet().SetScript([](const WorkItem& item, FakeFleet::Target&) -> std::optional<Outcome> {
      if (Describe(item.body) == "lock api") return Says(Verdict::kFailed);
      return std::nullopt;
    });
    (void)world.Run(Deploy("2"));
  });
}

TEST(Recovery, AStuckOneIsRetried) {
  EndsAlikeWhereverItDies([](PlannerWorld& world) {
    (void)world.Run(Deploy("1"));
    world.BeginHere();
    world.fleet().SetScript([](const WorkItem& item, FakeFleet::Target&) -> std::optional<Outcome> {
      const bool forward = item.id.grade.direction == Direction::kForward;
      if (forward && Describe(item.body) == "activate web") return Says(Verdict::kFailed);
      if (!forward && Describe(item.body) == "activate api") return Says(Verdict::kFailed);
      return std::nullopt;
    });
    const TransactionId stuck = world.Run(Deploy("2"));
    world.fleet().SetScript({});
    (void)world.Run(RetryTransaction{stuck});
  });
}

TEST(Recovery, ATargetThatFallsSilentIsUndoneOnItsReturn) {
  EndsAlikeWhereverItDies([](PlannerWorld& world) {
    (void)world.Run(Deploy("1"));
    world.BeginHere();
    world.fleet().SetScript(
        [&world](const WorkItem& item, FakeFleet::Target&) -> std::optional<Outcome> {
          if (Describe(item.body) == "deactivate api" &&
              item.id.grade.direction == Direction::kForward) {
            world.fleet().Disconnect("t2");
          }
          return std::nullopt;
        });
    // The broker hands it over until it is taken.
    for (int i = 0; i < 2; ++i) {
      world.SubmitAs("up", Deploy("2"));
      world.Turn();
    }
    (void)world.SettleUntil([&] { return !world.fleet().IsConnected("target.t2"); });
    world.fleet().SetScript({});
    world.SetConnected("t2", false);
    world.Settle();
    world.SetConnected("t2", true);
  });
}

TEST(Recovery, RollbackAndUndeploy) {
  EndsAlikeWhereverItDies([](PlannerWorld& world) {
    (void)world.Run(Deploy("1"));
    world.BeginHere();
    (void)world.Run(Deploy("2"));
    (void)world.Run(RollbackTo{});
    (void)world.Run(Undeploy{});
  });
}

TEST(Recovery, AnotherStartIsAnotherEpoch) {
  PlannerWorld world;
  world.Turn();
  const Epoch first = world.coordinator().epoch();
  world.Restart();
  world.Turn();
  EXPECT_GT(world.coordinator().epoch(), first);
}

TEST(Recovery, StartsFromCopiesOfAJournalHaveEpochsOfTheirOwn) {
  const Epoch last = NextEpoch({}, 5);
  EXPECT_NE(NextEpoch(last, 1), NextEpoch(last, 2));
  EXPECT_GT(NextEpoch(NextEpoch(last, 0), 0), NextEpoch(last, ~0ULL))
      << "the number of starts comes first";
  EXPECT_GT(NextEpoch(last, 0), last);
}

// Items that were out are published again, under the new epoch and with the grade they had.
TEST(Recovery, WhatIsOutIsPublishedAgainWithTheSameGrade) {
  PlannerWorld world;
  for (const char* name : {"t1", "t2", "t3"}) world.fleet().target(name);
  world.Welcome();
  world.SubmitAs("a", Deploy("1"));
  world.Turn();
  const std::vector<PublishItem> first = world.published();
  ASSERT_FALSE(first.empty());
  world.fleet().ForgetQueued();
  world.Restart();
  world.Turn();
  ASSERT_EQ(world.published().size(), 2 * first.size());
  for (std::size_t i = 0; i < first.size(); ++i) {
    const WorkItem& again = world.published()[first.size() + i].item;
    EXPECT_EQ(again.id, first[i].item.id);
    EXPECT_GT(again.epoch, first[i].item.epoch);
    EXPECT_EQ(again.body, first[i].item.body);
  }
}

}  // namespace
}  // namespace eris::planner::testing
