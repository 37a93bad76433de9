// Goal: transactions run, queue up and end as the design says, whatever workers answer. Method: the
// real coordinator against a fleet in memory, with outcomes scripted and time jumping.
#include "planner/coordinator.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "planner/plan/plan.h"
#include "planner/plan/plan_hash.h"
#include "schema/codec/codec.h"
#include "tests/unit/planner/planner_world.h"
#include "tests/unit/planner/scenario.h"

namespace eris::planner::testing::coordinator_test {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::UnorderedElementsAre;

using Result = TransactionResult;

// A world in which version 1 of the three tiers runs as generation 1.
class Deployed : public ::testing::Test {
 public:
  Deployed() {
    for (const char* name : {"t1", "t2", "t3"}) world.fleet().target(name);
    world.Welcome();
    first = world.Run(Deploy("1"));
    before = Visible();
  }

  // What users see of the fleet.
  std::map<std::string, FakeFleet::Target> Visible() {
    std::map<std::string, FakeFleet::Target> targets = world.fleet().targets();
    std::erase_if(targets,
                  [](const auto& entry) { return entry.first.find("linux") != std::string::npos; });
    for (auto& [name, target] : targets) {
      target.low_water = {};
      target.connected = true;
    }
    return targets;
  }
  void Answer(const std::string& what, const Outcome& outcome) {
    world.fleet().SetScript(
        [=](const WorkItem& item, FakeFleet::Target&) -> std::optional<Outcome> {
          if (Describe(item.body) == what) return outcome;
          return std::nullopt;
        });
  }
  std::vector<std::string> LogSince(std::size_t from) {
    const std::vector<std::string>& log = world.fleet().log();
    return {log.begin() + static_cast<std::ptrdiff_t>(from), log.end()};
  }

  PlannerWorld world;
  TransactionId first;
  std::map<std::string, FakeFleet::Target> before;
};

using Upgrade = Deployed;
using Queue = Deployed;
using Silence = Deployed;

TEST_F(Deployed, EndsCommittedActiveAndUnlocked) {
  EXPECT_EQ(world.ResultOf(first), Result::kCommitted) << world.StatusOf(first).message;
  EXPECT_EQ(world.coordinator().CurrentGeneration(ProfileName("default")), GenerationNumber{1});
  for (const char* name : {"t1", "t2", "t3"}) {
    const FakeFleet::Target& target = world.fleet().target(name);
    EXPECT_EQ(target.active.size(), 1U) << name;
    EXPECT_FALSE(target.profile.empty());
    EXPECT_THAT(target.locked, IsEmpty());
    EXPECT_FALSE(target.lease);
  }
}

TEST_F(Deployed, TheSameManifestIsNoGeneration) {
  const std::size_t log = world.fleet().log().size();
  const TransactionId second = world.Run(Deploy("1"));
  EXPECT_EQ(world.ResultOf(second), Result::kUnchanged);
  EXPECT_THAT(LogSince(log), IsEmpty());
  EXPECT_EQ(world.coordinator().CurrentGeneration(ProfileName("default")), GenerationNumber{1});
}

TEST_F(Upgrade, MovesWhatChangesAndKeepsTheRest) {
  const std::size_t log = world.fleet().log().size();
  const TransactionId second = world.Run(Deploy("2"));
  EXPECT_EQ(world.ResultOf(second), Result::kCommitted);
  std::vector<std::string> moved = LogSince(log);
  std::erase_if(moved,
                [](const std::string& line) { return line.find("activate") == std::string::npos; });
  EXPECT_THAT(moved, ElementsAre("deactivate web 1", "deactivate api 1", "activate api 1",
                                 "activate web 1"));
  EXPECT_NE(Visible(), before);
}

TEST_F(Upgrade, AFailedActivationIsRolledBackAndVerified) {
  Answer("activate web", Says(Verdict::kFailed, "port is taken"));
  // The inverse of "deactivate web" is an activation, too: let that one pass.
  world.fleet().SetScript([](const WorkItem& item, FakeFleet::Target&) -> std::optional<Outcome> {
    const bool forward = item.id.grade.direction == Direction::kForward;
    if (forward && Describe(item.body) == "activate web")
      return Says(Verdict::kFailed, "port is taken");
    return std::nullopt;
  });
  const TransactionId second = world.Run(Deploy("2"));
  EXPECT_EQ(world.ResultOf(second), Result::kRolledBack);
  EXPECT_THAT(world.StatusOf(second).message, HasSubstr("port is taken"));
  EXPECT_EQ(Visible(), before);
  const auto verdicts = world.Recorded<TargetVerified>(second);
  EXPECT_EQ(verdicts.size(), 3U);
  for (const TargetVerified& verified : verdicts) {
    EXPECT_EQ(verified.verdict, TargetVerified::Verdict::kVerified) << verified.target.text;
  }
  EXPECT_EQ(world.coordinator().CurrentGeneration(ProfileName("default")), GenerationNumber{1});
}

TEST_F(Upgrade, ADifferenceAfterTheWayBackIsReported) {
  world.fleet().SetScript(
      [](const WorkItem& item, FakeFleet::Target& target) -> std::optional<Outcome> {
        if (item.id.grade.direction == Direction::kForward) {
          if (Describe(item.body) == "activate web") return Says(Verdict::kFailed);
        } else if (Describe(item.body) == "query") {
          target.profile = StorePath("/nix/store/somebody-was-here");
        }
        return std::nullopt;
      });
  const TransactionId second = world.Run(Deploy("2"));
  EXPECT_EQ(world.ResultOf(second), Result::kRolledBack);
  EXPECT_THAT(world.StatusOf(second).message, HasSubstr("not as it was before"));
}

TEST_F(Upgrade, ARefusedLockAbortsAndUnlocksWhatMayBeLocked) {
  const std::size_t log = world.fleet().log().size();
  Answer("lock api", Says(Verdict::kFailed, "busy with a customer"));
  const TransactionId second = world.Run(Deploy("2"));
  EXPECT_EQ(world.ResultOf(second), Result::kAborted);
  EXPECT_EQ(Visible(), before);
  const std::vector<std::string> lines = LogSince(log);
  EXPECT_THAT(lines, Not(Contains(HasSubstr("activate"))));
  EXPECT_THAT(lines, Contains("unlock web -1")) << "it was locked before api";
  EXPECT_THAT(lines, Contains("unlock api -1")) << "it may be locked";
  EXPECT_THAT(lines, Not(Contains("unlock db -1"))) << "its turn had not come";
}

// Packages of two systems, and their profiles behind them.
TEST_F(Upgrade, AFailedBuildStopsNoOtherAndNothingElseBegins) {
  Manifest next = ThreeTiers("2");
  next.targets.at(TargetName("t3")).system = SystemName("made-up-linux");
  for (auto& [key, service] : next.services) {
    if (service.name.text == "web") service.system = SystemName("made-up-linux");
  }
  world.fleet().AddBuilder("made-up-linux");
  world.Welcome(2);
  std::vector<std::string> built;
  world.fleet().SetScript([&](const WorkItem& item, FakeFleet::Target&) -> std::optional<Outcome> {
    const auto* build = std::get_if<BuildItem>(&item.body);
    if (build == nullptr) return std::nullopt;
    built.push_back(build->system.text);
    return built.size() == 1 ? std::optional(Says(Verdict::kFailed, "no such compiler"))
                             : std::nullopt;
  });
  const std::size_t from = world.fleet().log().size();
  const TransactionId tx = world.Run(DeployManifest{next});
  EXPECT_EQ(world.ResultOf(tx), Result::kAborted);
  EXPECT_THAT(world.StatusOf(tx).message, HasSubstr("no such compiler"));
  EXPECT_THAT(built, UnorderedElementsAre("made-up-linux", "made-up-linux", "x86_64-linux",
                                          "x86_64-linux"));
  EXPECT_THAT(LogSince(from), Not(Contains(HasSubstr("lock"))));
  world.fleet().SetScript({});
  EXPECT_EQ(Visible(), before);
}

// What a build waits for may fail, too: then nobody waits for it.
TEST_F(Upgrade, AFailedBuildIsNotFollowedByOnesThatCanNotBegin) {
  int transfers = 0;
  world.fleet().SetScript([&](const WorkItem& item, FakeFleet::Target&) -> std::optional<Outcome> {
    if (std::holds_alternative<BuildItem>(item.body)) return Says(Verdict::kFailed, "no compiler");
    if (!std::holds_alternative<TransferItem>(item.body)) return std::nullopt;
    return ++transfers == 2 ? std::optional(Says(Verdict::kFailed, "no disk")) : std::nullopt;
  });
  const TransactionId tx = world.Run(Deploy("2"), {.build_place = BuildPlace::kTargets});
  EXPECT_EQ(world.ResultOf(tx), Result::kAborted);
  EXPECT_EQ(Visible(), before);
}

TEST_F(Upgrade, AttemptsAreBoundedAndOnlyForUnknownAndUnavailable) {
  const std::size_t log = world.fleet().log().size();
  world.fleet().SetScript([](const WorkItem& item, FakeFleet::Target&) -> std::optional<Outcome> {
    const bool forward = item.id.grade.direction == Direction::kForward;
    if (!forward || Describe(item.body) != "activate api") return std::nullopt;
    return Says(item.id.grade.attempt == 1 ? Verdict::kUnavailable : Verdict::kUnknown);
  });
  const TransactionId second = world.Run(Deploy("2"));
  EXPECT_EQ(world.ResultOf(second), Result::kRolledBack);
  const std::vector<std::string> lines = LogSince(log);
  EXPECT_THAT(lines, Contains("activate api 3"));
  EXPECT_THAT(lines, Not(Contains("activate api 4")));
  EXPECT_EQ(Visible(), before);
}

TEST_F(Upgrade, AnUnknownAttemptMayStillSucceedLater) {
  world.fleet().SetScript([](const WorkItem& item, FakeFleet::Target&) -> std::optional<Outcome> {
    if (Describe(item.body) != "activate api" || item.id.grade.attempt > 1) return std::nullopt;
    return Says(Verdict::kUnknown);
  });
  EXPECT_EQ(world.ResultOf(world.Run(Deploy("2"))), Result::kCommitted);
}

TEST_F(Upgrade, ARefusedInverseIsStuckUntilRetried) {
  bool refuse = true;
  world.fleet().SetScript([&](const WorkItem& item, FakeFleet::Target&) -> std::optional<Outcome> {
    const bool forward = item.id.grade.direction == Direction::kForward;
    if (forward && Describe(item.body) == "activate web") return Says(Verdict::kFailed);
    if (!forward && refuse && Describe(item.body) == "activate api") {
      return Says(Verdict::kFailed, "disk is full");
    }
    return std::nullopt;
  });
  const TransactionId second = world.Run(Deploy("2"));
  EXPECT_EQ(world.ResultOf(second), Result::kStuck);
  EXPECT_THAT(world.StatusOf(second).message, HasSubstr("disk is full"));
  EXPECT_FALSE(world.fleet().target("t1").lease) << "what is restored is unlocked";
  EXPECT_EQ(world.fleet().target("t2").lease, second) << "what is not stays locked";

  const TransactionId queued = world.Run(Deploy("3"));
  EXPECT_FALSE(world.ResultOf(queued)) << "nothing is built on sand";

  refuse = false;
  world.fleet().SetScript({});
  world.Restart();
  EXPECT_EQ(world.Run(RetryTransaction{second}), second);
  EXPECT_EQ(world.ResultOf(second), Result::kRolledBack);
  EXPECT_EQ(world.ResultOf(queued), Result::kCommitted);
}

TEST_F(Upgrade, AStuckOneCanBeGivenUp) {
  world.fleet().SetScript([](const WorkItem& item, FakeFleet::Target&) -> std::optional<Outcome> {
    const bool forward = item.id.grade.direction == Direction::kForward;
    if (forward && Describe(item.body) == "activate web") return Says(Verdict::kFailed);
    if (!forward && Describe(item.body) == "activate api") return Says(Verdict::kFailed);
    return std::nullopt;
  });
  const TransactionId second = world.Run(Deploy("2"));
  ASSERT_EQ(world.ResultOf(second), Result::kStuck);
  Request request;
  request.transaction.transaction = second;
  const std::vector<Reply> replies = world.Ask(RequestVerb::kAbandon, request);
  ASSERT_EQ(replies.size(), 1U);
  EXPECT_TRUE(std::holds_alternative<DoneReply>(replies[0].body));
  world.Settle();
  EXPECT_EQ(world.ResultOf(second), Result::kAbandoned);
  // Its lease is void: what comes next is held up by nobody.
  world.fleet().SetScript(nullptr);
  EXPECT_EQ(world.ResultOf(world.Run(Deploy("3"))), Result::kCommitted);
}

// Given up with api down: the generation says that it is up, and the same content brings it up.
class GivenUpUpgrade : public Upgrade {
 public:
  void SetUp() override {
    Upgrade::SetUp();
    world.fleet().SetScript([](const WorkItem& item, FakeFleet::Target&) -> std::optional<Outcome> {
      const bool forward = item.id.grade.direction == Direction::kForward;
      if (forward && Describe(item.body) == "activate web") return Says(Verdict::kFailed);
      if (!forward && Describe(item.body) == "activate api") return Says(Verdict::kFailed);
      return std::nullopt;
    });
    given_up = world.Run(Deploy("2"));
    ASSERT_EQ(world.ResultOf(given_up), Result::kStuck);
    Request request;
    request.transaction.transaction = given_up;
    world.Ask(RequestVerb::kAbandon, request);
    world.Settle();
    ASSERT_EQ(world.ResultOf(given_up), Result::kAbandoned);
    ASSERT_NE(Visible(), before);
    world.fleet().SetScript(nullptr);
    world.Restart();
  }
  TransactionId given_up;
};

TEST_F(GivenUpUpgrade, TheSameContentIsNotUnchanged) {
  EXPECT_EQ(world.ResultOf(world.Run(Deploy("1"))), Result::kCommitted);
  EXPECT_EQ(Visible(), before);
  EXPECT_EQ(world.ResultOf(world.Run(Deploy("1"))), Result::kUnchanged) << "no doubt is left";
}

TEST_F(GivenUpUpgrade, WhoAsksForTheBaseMakesThePlansOfThePlanner) {
  for (const char* version : {"1", "2", "3"}) {
    SCOPED_TRACE(version);
    Request request;
    request.profile = ProfileName("default");
    std::string bytes;
    for (const Reply& reply : world.Ask(RequestVerb::kGetBase, request)) {
      bytes += std::get<ManifestReply>(reply.body).bytes;
    }
    auto base = Decode<Manifest>(bytes);
    ASSERT_TRUE(base);
    const Manifest next = ThreeTiers(version);
    const auto plan = MakePlan(
        {.profile = request.profile, .base_generation = {1}, .base = &*base, .next = next});
    ASSERT_TRUE(plan);
    EXPECT_FALSE(plan->empty());
    DeployOptions options;
    options.expected_plan_hash = PlanHash(*plan);
    options.until = Until::kPrepare;
    const TransactionId transaction = world.Run(DeployManifest{next}, options);
    EXPECT_TRUE(world.StatusOf(transaction).is_paused) << world.StatusOf(transaction).message;
    request.transaction.transaction = transaction;
    world.Ask(RequestVerb::kCancel, request);
    world.Settle();
  }
}

TEST_F(GivenUpUpgrade, ADoubtOutlivesATransactionThatEndsWithoutAGeneration) {
  world.fleet().SetScript([](const WorkItem& item, FakeFleet::Target&) -> std::optional<Outcome> {
    if (Describe(item.body) == "activate api") return Says(Verdict::kFailed);
    return std::nullopt;
  });
  EXPECT_NE(world.ResultOf(world.Run(Deploy("1"))), Result::kCommitted);
  world.fleet().SetScript(nullptr);
  const auto& open = world.coordinator().transactions();
  if (!open.empty()) {
    Request request;
    request.transaction.transaction = open.rbegin()->first;
    world.Ask(RequestVerb::kAbandon, request);
    world.Settle();
  }
  EXPECT_EQ(world.ResultOf(world.Run(Deploy("1"))), Result::kCommitted);
  EXPECT_EQ(Visible(), before);
}

TEST_F(GivenUpUpgrade, WhatGoesBackIsAsTheGenerationSays) {
  world.fleet().SetScript([](const WorkItem& item, FakeFleet::Target&) -> std::optional<Outcome> {
    const bool forward = item.id.grade.direction == Direction::kForward;
    if (forward && Describe(item.body) == "activate web") return Says(Verdict::kFailed);
    return std::nullopt;
  });
  const TransactionId third = world.Run(Deploy("3"));
  EXPECT_EQ(world.ResultOf(third), Result::kRolledBack);
  EXPECT_EQ(Visible(), before) << "not as it was found, with api down";
  for (const TargetVerified& verified : world.Recorded<TargetVerified>(third)) {
    EXPECT_EQ(verified.verdict, TargetVerified::Verdict::kVerified) << verified.target.text;
  }
}

TEST_F(GivenUpUpgrade, UndeployTakesDownWhatMayBeUp) {
  EXPECT_EQ(world.ResultOf(world.Run(Undeploy{})), Result::kCommitted);
  for (const char* target : {"t1", "t2", "t3"}) {
    EXPECT_TRUE(world.fleet().target(target).active.empty()) << target;
  }
}

TEST_F(Upgrade, CancelWhileSwitchingRollsBack) {
  world.SubmitAs("up", Deploy("2"));
  const auto& transactions = world.coordinator().transactions();
  ASSERT_TRUE(world.SettleUntil([&] {
    return !transactions.empty() &&
           transactions.rbegin()->second->phase() == TransactionPhase::kSwitching;
  }));
  const TransactionId second = transactions.rbegin()->first;
  Request request;
  request.transaction.submission = SubmissionId("up");
  request.reason = "wrong version";
  ASSERT_TRUE(std::holds_alternative<DoneReply>(world.Ask(RequestVerb::kCancel, request)[0].body));
  world.Settle();
  EXPECT_EQ(world.ResultOf(second), Result::kRolledBack);
  EXPECT_THAT(world.StatusOf(second).message, HasSubstr("cancelled by alice: wrong version"));
  EXPECT_EQ(Visible(), before);
}

TEST_F(Upgrade, ALateOutcomeOfAnEarlierGradeSettlesNothing) {
  world.SubmitAs("up", Deploy("2"));
  std::optional<PublishItem> activation;
  world.fleet().SetScript([](const WorkItem& item, FakeFleet::Target&) -> std::optional<Outcome> {
    if (Describe(item.body) == "activate api" && item.id.grade == Grade{Direction::kForward, 1}) {
      return Says(Verdict::kUnknown);
    }
    return std::nullopt;
  });
  ASSERT_TRUE(world.SettleUntil([&] {
    return !world.published().empty() &&
           Describe(world.published().back().item.body) == "activate api" &&
           world.published().back().item.id.grade.attempt == 2;
  }));
  ItemId late = world.published().back().item.id;
  late.grade.attempt = 1;
  const TransactionId second = late.step.transaction;
  world.coordinator().OnOutcome("target.t2", {late, Says(Verdict::kFailed)}, world.now());
  world.Turn();
  EXPECT_THAT(world.acknowledged(), Contains(late));
  world.Settle();
  EXPECT_EQ(world.ResultOf(second), Result::kCommitted);
}

TEST_F(Upgrade, AnUnlockThatFailsIsReportedAndTriedOn) {
  bool broken = true;
  world.fleet().SetScript([&](const WorkItem& item, FakeFleet::Target&) -> std::optional<Outcome> {
    if (broken && Describe(item.body) == "unlock db") return Says(Verdict::kFailed, "not now");
    return std::nullopt;
  });
  world.SubmitAs("up", Deploy("2"));
  world.Settle();
  const TransactionId second = world.taken().at(SubmissionId("up")).transaction;
  EXPECT_EQ(world.ResultOf(second), Result::kCommittedStillLocked);
  EXPECT_THAT(world.StatusOf(second).message, HasSubstr("still locked: t1"));
  world.Restart();
  EXPECT_EQ(world.ResultOf(second), Result::kCommittedStillLocked);
  broken = false;
  world.Settle();
  EXPECT_EQ(world.ResultOf(second), Result::kCommitted);
  EXPECT_FALSE(world.fleet().target("t1").lease);
  // Locked until the last unlock succeeded.
  const TransactionStatus status = world.StatusOf(second);
  EXPECT_GE(status.locked_ms, 1'000);
  EXPECT_LE(status.locked_ms, status.ended_at.ms - status.submitted_at.ms);
  EXPECT_EQ(world.Recorded<TransactionEnded>(second).back().locked_ms, status.locked_ms);
}

TEST_F(Silence, AnAbsentTargetIsWaitedForVisiblyAndThenTheTransactionAborts) {
  world.SetConnected("t2", false);
  world.SubmitAs("up", Deploy("2"));
  world.Settle(Duration(29'000));
  const TransactionId second = world.taken().at(SubmissionId("up")).transaction;
  EXPECT_FALSE(world.ResultOf(second));
  EXPECT_THAT(world.StatusOf(second).waiting_for, Contains(HasSubstr("t2 is not connected")));
  world.Settle(Duration(5'000));
  EXPECT_EQ(world.ResultOf(second), Result::kAborted);
  EXPECT_THAT(world.StatusOf(second).message, HasSubstr("t2 is not connected"));
  EXPECT_EQ(Visible(), before);
}

TEST_F(Silence, ATargetThatComesBackInTimeIsNoTrouble) {
  world.SetConnected("t2", false);
  world.SubmitAs("up", Deploy("2"));
  world.Settle(Duration(29'000));
  world.SetConnected("t2", true);
  world.Settle();
  EXPECT_EQ(world.ResultOf(world.taken().at(SubmissionId("up")).transaction), Result::kCommitted);
}

TEST_F(Silence, BehindTheSwitchItIsRolledBackWithoutTheSilentTargetWhichFollows) {
  world.fleet().SetScript([&](const WorkItem& item, FakeFleet::Target&) -> std::optional<Outcome> {
    if (Describe(item.body) == "deactivate api" && item.id.grade.direction == Direction::kForward) {
      world.fleet().Disconnect("t2");  // it answers, and is gone
    }
    return std::nullopt;
  });
  world.SubmitAs("up", Deploy("2"));
  ASSERT_TRUE(world.SettleUntil([&] { return !world.fleet().IsConnected("target.t2"); }));
  world.SetConnected("t2", false);
  world.Settle();
  const TransactionId second = world.taken().at(SubmissionId("up")).transaction;
  EXPECT_EQ(world.ResultOf(second), Result::kRolledBack);
  EXPECT_THAT(world.StatusOf(second).message, HasSubstr("t2 is unverified"));
  EXPECT_EQ(Visible().at("t3"), before.at("t3"));
  EXPECT_EQ(Visible().at("t1"), before.at("t1"));
  EXPECT_NE(Visible().at("t2"), before.at("t2"));

  world.fleet().SetScript({});
  world.Restart();
  world.SetConnected("t2", true);
  world.Settle();
  EXPECT_EQ(Visible(), before) << "what was left to undo ran on its return";
  const auto verdicts = world.Recorded<TargetVerified>(second);
  EXPECT_EQ(verdicts.back().target, TargetName("t2"));
  EXPECT_EQ(verdicts.back().verdict, TargetVerified::Verdict::kVerified);
  EXPECT_EQ(world.ResultOf(world.Run(Deploy("2"))), Result::kCommitted);
}

TEST_F(Silence, AnAbsentTargetThatOnlyLosesSomethingHoldsNobodyUp) {
  const SubmissionAction without_web = DeployManifest{eris::testing::MakeManifest(
      {{.name = "db", .places = {{"t1"}}},
       {.name = "api", .version = "1", .places = {{"t2"}}, .depends_on = {"db"}}})};
  world.SetConnected("t3", false);
  const TransactionId second = world.Run(without_web);
  EXPECT_EQ(world.ResultOf(second), Result::kCommitted);
  EXPECT_THAT(world.StatusOf(second).message, HasSubstr("t3 waits for its return"));
  EXPECT_EQ(world.fleet().target("t3").active.size(), 1U);
  world.Restart();
  world.SetConnected("t3", true);
  world.Settle();
  EXPECT_THAT(world.fleet().target("t3").active, IsEmpty());
  EXPECT_FALSE(world.fleet().target("t3").lease);
  world.Turn();
  EXPECT_THAT(world.coordinator().transactions(), IsEmpty()) << "nothing is left to do";
}

TEST_F(Silence, WithoutTheBrokerNobodyIsBlamed) {
  world.SubmitAs("up", Deploy("2"));
  world.Turn();
  world.coordinator().OnLinkLost(world.now());
  world.fleet().ForgetQueued();
  world.Settle(std::chrono::hours(1));
  const TransactionId second = world.taken().at(SubmissionId("up")).transaction;
  EXPECT_FALSE(world.ResultOf(second));
  world.Welcome(2);
  world.Settle();
  EXPECT_EQ(world.ResultOf(second), Result::kCommitted);
}

TEST_F(Queue, TransactionsOfAProfileRunInOrder) {
  world.SubmitAs("a", Deploy("2"));
  world.SubmitAs("b", Deploy("3"));
  world.Settle();
  EXPECT_EQ(world.ResultOf({first.value + 1}), Result::kCommitted);
  EXPECT_EQ(world.ResultOf({first.value + 2}), Result::kCommitted);
  EXPECT_EQ(world.StatusOf({first.value + 2}).generation, GenerationNumber{3});
  const auto planned = world.Recorded<TransactionPlanned>({first.value + 2});
  ASSERT_EQ(planned.size(), 1U);
  EXPECT_EQ(planned[0].plan.base, GenerationNumber{2}) << "planned at the head of the queue";
}

TEST_F(Queue, SupersedingReplacesWhatIsStillQueued) {
  world.SubmitAs("a", Deploy("2"));
  world.Turn();
  world.SubmitAs("b", Deploy("3"));
  world.SubmitAs("c", Deploy("4"), {.queueing = Queueing::kSupersedeQueued});
  world.Settle();
  EXPECT_EQ(world.ResultOf({first.value + 1}), Result::kCommitted);
  EXPECT_EQ(world.ResultOf({first.value + 2}), Result::kSuperseded);
  EXPECT_EQ(world.ResultOf({first.value + 3}), Result::kCommitted);
}

TEST_F(Queue, ASubmissionIdMakesOneTransaction) {
  world.SubmitAs("same", Deploy("2"));
  world.Settle();
  const TransactionId once = world.taken().at(SubmissionId("same")).transaction;
  world.SubmitAs("same", Deploy("2"));
  world.Settle();
  EXPECT_EQ(world.taken().at(SubmissionId("same")).transaction, once);
  world.SubmitAs("same", Deploy("3"));
  world.Settle();
  EXPECT_THAT(world.taken().at(SubmissionId("same")).refused, HasSubstr("used for something else"));
}

TEST_F(Queue, AnotherPlanThanExpectedIsInvalid) {
  const TransactionId second = world.Run(Deploy("2"), {.expected_plan_hash = "feed"});
  EXPECT_EQ(world.ResultOf(second), Result::kInvalid);
  EXPECT_THAT(world.StatusOf(second).message, HasSubstr("expected was feed"));
}

TEST_F(Queue, CancelledBeforeItBegan) {
  world.SubmitAs("a", Deploy("2"));
  world.SubmitAs("b", Deploy("3"));
  world.Turn();
  Request request;
  request.transaction.submission = SubmissionId("b");
  (void)world.Ask(RequestVerb::kCancel, request);
  world.Settle();
  EXPECT_EQ(world.ResultOf({first.value + 1}), Result::kCommitted);
  EXPECT_EQ(world.ResultOf({first.value + 2}), Result::kAborted);
}

TEST_F(Deployed, NoMoreTransfersAreOutThanWasAskedFor) {
  for (const std::uint32_t allowed : {1U, 2U}) {
    world.Run(Undeploy{});
    const auto published = [this] {
      return std::count_if(world.published().begin(), world.published().end(),
                           [](const PublishItem& publish) {
                             return std::holds_alternative<TransferItem>(publish.item.body);
                           });
    };
    std::ptrdiff_t done = published();
    std::ptrdiff_t most = 0;
    world.fleet().SetScript(
        [&](const WorkItem& item, FakeFleet::Target&) -> std::optional<Outcome> {
          if (std::holds_alternative<TransferItem>(item.body)) {
            most = std::max(most, published() - done++);
          }
          return std::nullopt;
        });
    const TransactionId again = world.Run(Deploy("1"), {.max_concurrent_transfers = allowed});
    world.fleet().SetScript({});
    EXPECT_EQ(world.ResultOf(again), Result::kCommitted);
    EXPECT_EQ(most, static_cast<std::ptrdiff_t>(allowed));
  }
}

TEST_F(Deployed, RollingBackTwiceWalksBackTwice) {
  const auto second_state = [&] {
    (void)world.Run(Deploy("2"));
    return Visible();
  }();
  (void)world.Run(Deploy("3"));
  EXPECT_EQ(world.ResultOf(world.Run(RollbackTo{})), Result::kCommitted);
  EXPECT_EQ(Visible(), second_state);
  EXPECT_EQ(world.ResultOf(world.Run(RollbackTo{})), Result::kCommitted);
  EXPECT_EQ(Visible(), before);
  EXPECT_EQ(world.coordinator().CurrentGeneration(ProfileName("default")), GenerationNumber{5});
  const TransactionId third = world.Run(RollbackTo{});
  EXPECT_EQ(world.ResultOf(third), Result::kInvalid);
  EXPECT_THAT(world.StatusOf(third).message, HasSubstr("no generation before"));
  EXPECT_EQ(world.ResultOf(world.Run(RollbackTo{{2}})), Result::kCommitted);
  EXPECT_EQ(Visible(), second_state);
}

TEST_F(Deployed, UndeployIsAGenerationToo) {
  EXPECT_EQ(world.ResultOf(world.Run(Undeploy{})), Result::kCommitted);
  for (const auto& [name, target] : Visible()) {
    EXPECT_THAT(target.active, IsEmpty());
    EXPECT_TRUE(target.profile.empty());
  }
  EXPECT_EQ(world.ResultOf(world.Run(Undeploy{})), Result::kUnchanged);
  EXPECT_EQ(world.ResultOf(world.Run(RollbackTo{})), Result::kCommitted);
  EXPECT_EQ(Visible(), before);
}

TEST_F(Deployed, ARetriedAbortIsANewTransaction) {
  Answer("lock api", Says(Verdict::kFailed));
  const TransactionId second = world.Run(Deploy("2"));
  ASSERT_EQ(world.ResultOf(second), Result::kAborted);
  world.fleet().SetScript({});
  const TransactionId again = world.Run(RetryTransaction{second});
  EXPECT_GT(again, second);
  EXPECT_EQ(world.ResultOf(again), Result::kCommitted);
}

TEST_F(Deployed, AQueryIsATransactionOutsideOfGenerations) {
  const TransactionId query = world.Run(Operate{QueryItem{ProfileName("default")}, {}});
  EXPECT_EQ(world.ResultOf(query), Result::kCommitted);
  EXPECT_EQ(world.Recorded<ItemSettled>(query).size(), 3U);
  EXPECT_EQ(world.coordinator().CurrentGeneration(ProfileName("default")), GenerationNumber{1});
  world.SetConnected("t2", false);
  const TransactionId partly = world.Run(Operate{QueryItem{ProfileName("default")}, {}});
  EXPECT_EQ(world.ResultOf(partly), Result::kAborted);
  EXPECT_EQ(world.Recorded<ItemSettled>(partly).size(), 2U) << "the others have answered";
}

TEST_F(Deployed, TheLowWaterMarkIsTheOldestUnsettledTransaction) {
  (void)world.Run(Deploy("2"));
  for (const PublishItem& publish : world.published()) {
    EXPECT_EQ(publish.item.low_water, publish.item.id.step.transaction);
  }
}

TEST_F(Deployed, TheLowWaterMarkCoversAllQueuesThatAWorkerMayServe) {
  world.SetConnected("t2", false);
  world.SubmitAs("look", Operate{QueryItem{ProfileName("default")}, {}});
  world.Settle(std::chrono::seconds(1));
  world.SubmitAs("upgrade", Deploy("2"));
  world.Settle(std::chrono::seconds(5));
  bool built = false;
  for (const PublishItem& publish : world.published()) {
    if (publish.queue.rfind("builder.", 0) != 0) continue;
    if (publish.item.id.step.transaction != TransactionId{3}) continue;
    built = true;
    EXPECT_EQ(publish.item.low_water, TransactionId{2}) << "which still waits for t2";
  }
  EXPECT_TRUE(built);
}

TEST_F(Deployed, ANewerPlannerStopsThisOne) {
  eris::Welcome welcome;
  welcome.journal = world.coordinator().journal();
  welcome.epoch = {world.coordinator().epoch().value + 1};
  world.coordinator().OnWelcome(welcome, world.now());
  world.Turn();
  ASSERT_TRUE(world.stopped());
  EXPECT_THAT(world.stopped()->message, HasSubstr("older than the targets"));
  EXPECT_EQ(world.Recorded<PlannerSuperseded>({}).size(), 1U);
}

// However often it is started: otherwise it would be the newest in the end.
TEST_F(Deployed, APlannerThatWasSupersededStartsNoMoreUntilAnOperatorTakesOver) {
  const JournalPosition seen{
      .epoch = {world.coordinator().epoch().value << 1U}, .event = {1'000}, .transaction = {41}};
  world.coordinator().OnSuperseded(seen, world.now());
  world.Turn();
  for (int start = 0; start < 3; ++start) {
    const auto refused = Coordinator::Recover({}, world.journal(), world.now());
    ASSERT_FALSE(refused.has_value());
    EXPECT_EQ(refused.error().code, ErrorCode::kConflict);
    EXPECT_THAT(refused.error().fix, HasSubstr("--take-over"));
  }

  const JournalHead head = world.journal().LoadHead().value();
  const Event taken_over = TakeOver(head, 5, world.now().wall);
  ASSERT_TRUE(world.journal().Append({&taken_over, 1}));
  world.Restart();
  EXPECT_GT(world.coordinator().epoch(), seen.epoch);
  EXPECT_THAT(world.coordinator().starts(), ::testing::Contains(PlannerStart{seen.epoch, {}}));
  EXPECT_EQ(world.coordinator().starts().back().event, EventSequence{})
      << "the loss of events is accepted";
  world.Welcome();
  EXPECT_EQ(world.Run(Deploy("2")), TransactionId{42}) << "targets may know transactions up to 41";
  EXPECT_EQ(world.ResultOf({42}), Result::kCommitted);
}

TEST(Coordinator, SharedTargetsAreLeasedInOneOrderAndDisjointOnesSideBySide) {
  PlannerWorld world;
  for (const char* name : {"t1", "t2", "t3"}) world.fleet().target(name);
  world.Welcome();
  const auto deploy = [&](const std::string& profile, const std::string& target) {
    Submission submission;
    submission.id = SubmissionId(profile);
    submission.profile = ProfileName(profile);
    submission.action =
        DeployManifest{eris::testing::MakeManifest({{.name = profile, .places = {{target}}}})};
    world.coordinator().OnSubmission(submission, world.now());
  };
  // t1 never answers its lease at first.
  bool hold = true;
  world.fleet().SetScript([&](const WorkItem& item, FakeFleet::Target&) -> std::optional<Outcome> {
    if (hold && Describe(item.body) == "lock lease" &&
        item.id.step.transaction == TransactionId{1}) {
      world.fleet().Disconnect("t1");
    }
    return std::nullopt;
  });
  deploy("a", "t1");
  deploy("b", "t1");
  deploy("c", "t2");
  ASSERT_FALSE(world.SettleUntil([&] { return false; }));
  EXPECT_EQ(world.ResultOf({3}), Result::kCommitted) << "disjoint";
  EXPECT_FALSE(world.ResultOf({1}));
  Request request;
  request.transaction.transaction = {2};
  const std::vector<Reply> replies = world.Ask(RequestVerb::kStatus, request);
  const auto& status = std::get<StatusReply>(replies.at(0).body).transactions.at(0);
  EXPECT_THAT(status.waiting_for, Contains(HasSubstr("target t1, which transaction 1 holds")));
  hold = false;
  world.fleet().Connect("t1");
  world.Settle();
  EXPECT_EQ(world.ResultOf({1}), Result::kCommitted);
  EXPECT_EQ(world.ResultOf({2}), Result::kCommitted);
}

}  // namespace
}  // namespace eris::planner::testing::coordinator_test
