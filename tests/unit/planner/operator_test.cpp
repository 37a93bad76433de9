// Goal: what operators ask beside deploying: stops on the way, generations deleted, generations of
// what runs already, repairs. Method: the real coordinator against a fleet in memory.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <variant>

#include "tests/unit/planner/planner_world.h"
#include "tests/unit/planner/scenario.h"

namespace eris::planner::testing::operator_test {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

using Result = TransactionResult;

const ProfileName kProfile("default");

class Operator : public ::testing::Test {
 public:
  Operator() {
    for (const char* name : {"t1", "t2", "t3"}) world.fleet().target(name);
    world.Welcome();
    world.Run(Deploy("1"));
  }
  TransactionId Begin(Until until) {
    DeployOptions options;
    options.until = until;
    return world.Run(Deploy("2"), options);
  }
  Reply Resume(TransactionId transaction, Until until = Until::kEnd) {
    Request request;
    request.transaction.transaction = transaction;
    request.until = until;
    Reply reply = world.Ask(RequestVerb::kResume, request).at(0);
    world.Settle();
    return reply;
  }
  bool Runs(const std::string& target, const std::string& version) {
    for (const ActiveMapping& mapping : world.fleet().target(target).active) {
      if (mapping.package.text.ends_with(version)) return true;
    }
    return false;
  }
  std::size_t Generations() {
    Request request;
    request.profile = kProfile;
    const Reply reply = world.Ask(RequestVerb::kGenerations, request).at(0);
    return std::get<GenerationsReply>(reply.body).generations.size();
  }

  PlannerWorld world;
};

TEST_F(Operator, AStopBehindEachPhaseHoldsWhatItSaysAndNoMore) {
  const std::set<ActiveMapping> old = world.fleet().target("t2").active;
  const TransactionId transaction = Begin(Until::kPrepare);
  EXPECT_TRUE(world.StatusOf(transaction).is_paused);
  EXPECT_EQ(world.StatusOf(transaction).phase, TransactionPhase::kPreparing);
  EXPECT_FALSE(world.fleet().target("t2").lease) << "nothing is locked";

  EXPECT_TRUE(std::holds_alternative<DoneReply>(Resume(transaction, Until::kLock).body));
  EXPECT_TRUE(world.StatusOf(transaction).is_paused);
  EXPECT_EQ(world.fleet().target("t2").lease, transaction);
  EXPECT_TRUE(world.fleet().target("t2").confirmed) << "or the lease would run out";
  EXPECT_EQ(world.fleet().target("t2").active, old);

  (void)Resume(transaction, Until::kSwitch);
  EXPECT_TRUE(world.StatusOf(transaction).is_paused);
  EXPECT_NE(world.fleet().target("t2").active, old);
  EXPECT_EQ(world.coordinator().CurrentGeneration(kProfile), GenerationNumber{1});

  (void)Resume(transaction);
  EXPECT_EQ(world.ResultOf(transaction), Result::kCommitted);
  EXPECT_EQ(world.Recorded<TransactionPaused>(transaction).size(), 3U);
}

TEST_F(Operator, AStopIsNoWayBackAndOutlivesThePlanner) {
  const TransactionId transaction = Begin(Until::kLock);
  const Reply refused = Resume(transaction, Until::kPrepare);
  ASSERT_TRUE(std::holds_alternative<ErrorReply>(refused.body));
  EXPECT_THAT(std::get<ErrorReply>(refused.body).error.message, HasSubstr("behind prepare"));
  world.Restart();
  world.Settle();
  EXPECT_TRUE(world.StatusOf(transaction).is_paused);
  EXPECT_EQ(world.Recorded<TransactionPaused>(transaction).size(), 1U);
  (void)Resume(transaction);
  EXPECT_EQ(world.ResultOf(transaction), Result::kCommitted);
  const Reply again = Resume(transaction);
  EXPECT_TRUE(std::holds_alternative<ErrorReply>(again.body));
}

TEST_F(Operator, WhoMayNotChangeTheProfileEndsAndResumesNothing) {
  const TransactionId transaction = Begin(Until::kSwitch);
  Request request;
  request.transaction.transaction = transaction;
  world.LetAskersChange({"other"});
  for (const RequestVerb verb :
       {RequestVerb::kCancel, RequestVerb::kAbandon, RequestVerb::kResume}) {
    const Reply reply = world.Ask(verb, request).at(0);
    ASSERT_TRUE(std::holds_alternative<ErrorReply>(reply.body)) << ToString(verb);
    EXPECT_THAT(std::get<ErrorReply>(reply.body).error.message,
                HasSubstr("may not change profile 'default'"));
  }
  world.Settle();
  EXPECT_TRUE(world.StatusOf(transaction).is_paused);
}

TEST_F(Operator, WhoMayNotActOnATargetOfItEndsAndResumesNothing) {
  const TransactionId transaction = Begin(Until::kSwitch);
  Request request;
  request.transaction.transaction = transaction;
  world.LetAskersChange({"default"}, {"t1", "t2"});
  for (const RequestVerb verb :
       {RequestVerb::kCancel, RequestVerb::kAbandon, RequestVerb::kResume}) {
    const Reply reply = world.Ask(verb, request).at(0);
    ASSERT_TRUE(std::holds_alternative<ErrorReply>(reply.body)) << ToString(verb);
    EXPECT_THAT(std::get<ErrorReply>(reply.body).error.message,
                HasSubstr("may not act on target 't3'"));
  }
  world.Settle();
  EXPECT_TRUE(world.StatusOf(transaction).is_paused);
  // What waits behind it has no plan yet: it is about what runs.
  request.transaction = {.transaction = {}, .submission = SubmissionId("behind")};
  world.SubmitAs("behind", Undeploy{});
  const Reply waiting = world.Ask(RequestVerb::kCancel, request).at(0);
  EXPECT_TRUE(std::holds_alternative<ErrorReply>(waiting.body));
  world.LetAskersChange({"default"}, {"t1", "t2", "t3"});
  EXPECT_TRUE(std::holds_alternative<DoneReply>(Resume(transaction).body));
}

TEST_F(Operator, WhatNamesNoTargetsNeedsAKeyForAllThatItConcerns) {
  const auto objection = [&](SubmissionAction action, const std::vector<std::string>& targets) {
    Submission submission{.id = SubmissionId("scoped"), .profile = ProfileName("default")};
    submission.author = "tenant";
    submission.action = std::move(action);
    const Status may = world.coordinator().CheckTargets(submission, targets);
    return may ? std::string() : may.error().message;
  };
  const TransactionId ended = world.Run(Deploy("3"));
  const TransactionId open = Begin(Until::kLock);
  const std::vector<SubmissionAction> actions{RollbackTo{}, Undeploy{}, RetryTransaction{open},
                                              RetryTransaction{ended},
                                              Operate{QueryItem{ProfileName("default")}, {}}};
  for (const SubmissionAction& action : actions) {
    EXPECT_EQ(objection(action, {"*"}), "") << NameOf(action);
    EXPECT_EQ(objection(action, {"t1", "t2", "t3"}), "") << NameOf(action);
    EXPECT_THAT(objection(action, {"t1"}), HasSubstr("key 'tenant' may not act on target"))
        << NameOf(action);
    EXPECT_THAT(objection(action, {}), HasSubstr("may not act on target")) << NameOf(action);
  }
  EXPECT_EQ(objection(Operate{QueryItem{ProfileName("default")}, {TargetName("t1")}}, {"t1"}), "");
}

TEST_F(Operator, WhatStoppedCanBeCancelled) {
  const auto before = world.fleet().target("t2").active;
  for (const auto& [until, result] : {std::pair{Until::kPrepare, Result::kAborted},
                                      {Until::kLock, Result::kRolledBack},
                                      {Until::kSwitch, Result::kRolledBack}}) {
    const TransactionId transaction = Begin(until);
    Request request;
    request.transaction.transaction = transaction;
    (void)world.Ask(RequestVerb::kCancel, request);
    world.Settle();
    EXPECT_EQ(world.ResultOf(transaction), result) << ToString(until);
    EXPECT_EQ(world.fleet().target("t2").active, before) << ToString(until);
    EXPECT_THAT(world.fleet().target("t2").locked, IsEmpty());
    EXPECT_FALSE(world.fleet().target("t2").lease);
  }
}

TEST_F(Operator, WhatIsPreparedOnlyLetsOthersOfTheSameTargetsGoFirst) {
  const TransactionId transaction = Begin(Until::kPrepare);
  Submission other;
  other.id = SubmissionId("other");
  other.profile = ProfileName("other");
  other.action =
      DeployManifest{eris::testing::MakeManifest({{.name = "extra", .places = {{"t2"}}}})};
  world.coordinator().OnSubmission(other, world.now());
  world.Settle();
  EXPECT_EQ(world.ResultOf({transaction.value + 1}), Result::kCommitted);
  (void)Resume(transaction);
  EXPECT_EQ(world.ResultOf(transaction), Result::kCommitted);
}

TEST_F(Operator, GenerationsAreDeletedOnRecordAndTheirNumbersNeverComeBack) {
  world.Run(Deploy("2"));
  world.Run(Deploy("3"));
  const TransactionId deletion = world.Run(DeleteGenerations{{{1}, {2}}});
  EXPECT_EQ(world.ResultOf(deletion), Result::kCommitted);
  EXPECT_EQ(world.StatusOf(deletion).message, "deleted generations 1, 2");
  EXPECT_EQ(world.StatusOf(deletion).author, "alice");
  EXPECT_EQ(Generations(), 1U);
  EXPECT_EQ(world.ResultOf(world.Run(RollbackTo{{1}})), Result::kInvalid);
  world.Restart();
  world.Settle();
  EXPECT_EQ(Generations(), 1U);
  world.Run(Deploy("4"));
  EXPECT_EQ(world.coordinator().CurrentGeneration(kProfile), GenerationNumber{4});
}

TEST_F(Operator, TheCurrentGenerationAndWhatIsNotThereAreNotDeleted) {
  world.Run(Deploy("2"));
  for (const std::uint64_t number : {2U, 7U}) {
    const TransactionId refused = world.Run(DeleteGenerations{{{1}, {number}}});
    EXPECT_EQ(world.ResultOf(refused), Result::kInvalid) << number;
  }
  EXPECT_EQ(Generations(), 2U) << "all or nothing";
}

TEST_F(Operator, AGenerationThatAQueuedRollbackNeedsIsNotDeleted) {
  world.Run(Deploy("2"));
  world.SetConnected("t1", false);
  for (const RollbackTo rollback : {RollbackTo{{1}}, RollbackTo{}}) {
    DeployOptions patient;
    patient.wait_ms = 1'000'000;
    world.SubmitAs("first" + std::to_string(rollback.to.value), Deploy("3"), patient);
    const std::string deletion = "delete" + std::to_string(rollback.to.value);
    world.SubmitAs(deletion, DeleteGenerations{{{1}}});
    world.SubmitAs("back" + std::to_string(rollback.to.value), rollback, patient);
    world.Settle(std::chrono::seconds(1));
    Request request;
    request.transaction.submission = SubmissionId("first" + std::to_string(rollback.to.value));
    (void)world.Ask(RequestVerb::kCancel, request);
    world.Settle(std::chrono::seconds(5));
    const TransactionId id = world.taken().at(SubmissionId(deletion)).transaction;
    EXPECT_EQ(world.ResultOf(id), Result::kInvalid);
    EXPECT_THAT(world.StatusOf(id).message, HasSubstr("needs generation 1"));
    request.transaction.submission = SubmissionId("back" + std::to_string(rollback.to.value));
    (void)world.Ask(RequestVerb::kCancel, request);
    world.Settle(std::chrono::seconds(5));
  }
}

TEST_F(Operator, WhatRunsAlreadyBecomesAGenerationWithoutAnyActivity) {
  Manifest found = ThreeTiers("1");
  for (auto& [target, profile] : found.profiles) {
    profile.path = world.fleet().target(target.text).profile;
    profile.derivation = {};
    profile.digest = {};
  }
  const std::size_t before = world.fleet().log().size();
  const TransactionId adoption = world.Run(AdoptManifest{found});
  EXPECT_EQ(world.ResultOf(adoption), Result::kCommitted) << world.StatusOf(adoption).message;
  EXPECT_EQ(world.StatusOf(adoption).action, "reconstruct");
  EXPECT_EQ(world.coordinator().CurrentGeneration(kProfile), GenerationNumber{2});
  const auto& log = world.fleet().log();
  for (std::size_t i = before; i < log.size(); ++i) {
    EXPECT_EQ(log[i].find("activate"), std::string::npos) << log[i];
    EXPECT_EQ(log[i].find("setProfile"), std::string::npos) << log[i];
  }
  EXPECT_FALSE(world.fleet().target("t1").lease);
}

class Adopter : public Operator {
 public:
  Adopter() {
    world.Run(Undeploy{});
    found = ThreeTiers("1");
    for (auto& [target, profile] : found.profiles) {
      profile = {.derivation = {}, .path = StorePath("/nix/store/disnix-" + target.text)};
    }
  }
  std::set<ActiveMapping>& ActiveOn(const std::string& target) {
    return world.fleet().target(target).active;
  }
  Manifest found;
};

TEST_F(Adopter, WhatSomebodyElseHasActivatedIsTakenNoteOfAndDeactivatedLater) {
  const std::size_t before = world.fleet().log().size();
  const TransactionId adoption = world.Run(AdoptManifest{found, AdoptManifest::Origin::kForeign});
  EXPECT_EQ(world.ResultOf(adoption), Result::kCommitted) << world.StatusOf(adoption).message;
  const auto& log = world.fleet().log();
  for (std::size_t i = before; i < log.size(); ++i) {
    EXPECT_EQ(log[i].find("activate"), std::string::npos) << log[i];
  }
  EXPECT_EQ(ActiveOn("t1").size(), 1U);
  EXPECT_EQ(world.fleet().target("t1").profile.text, "/nix/store/disnix-t1");

  const std::size_t adopted = log.size();
  EXPECT_EQ(world.ResultOf(world.Run(Deploy("1"))), Result::kCommitted);
  for (std::size_t i = adopted; i < log.size(); ++i) {
    EXPECT_EQ(log[i].find("activate"), std::string::npos) << "the same models: " << log[i];
  }
  EXPECT_EQ(world.ResultOf(world.Run(Undeploy{})), Result::kCommitted);
  EXPECT_THAT(ActiveOn("t1"), IsEmpty());
}

TEST_F(Adopter, AnAdoptionThatFailsLeavesNoNote) {
  world.fleet().SetScript(
      [](const WorkItem& item, FakeFleet::Target& target) -> std::optional<Outcome> {
        const auto* adopt = std::get_if<AdoptItem>(&item.body);
        if (adopt == nullptr || adopt->way != AdoptItem::Way::kTakeUp) return std::nullopt;
        const bool is_web = adopt->components.front().service_name == ServiceName("web");
        (void)target;
        return is_web ? std::optional(Says(Verdict::kFailed, "no")) : std::nullopt;
      });
  const TransactionId adoption = world.Run(AdoptManifest{found, AdoptManifest::Origin::kForeign});
  EXPECT_EQ(world.ResultOf(adoption), Result::kRolledBack) << world.StatusOf(adoption).message;
  for (const char* target : {"t1", "t2", "t3"}) EXPECT_THAT(ActiveOn(target), IsEmpty());
}

TEST_F(Operator, WhereErisHasAProfileNothingForeignIsAdopted) {
  const TransactionId adoption =
      world.Run(AdoptManifest{ThreeTiers("1"), AdoptManifest::Origin::kForeign});
  EXPECT_EQ(world.ResultOf(adoption), Result::kAborted);
  EXPECT_THAT(world.StatusOf(adoption).message, HasSubstr("has a profile of Eris already"));
}

TEST_F(Operator, WhatChangedMeanwhileIsNotAdopted) {
  const TransactionId adoption = world.Run(AdoptManifest{ThreeTiers("2")});
  EXPECT_EQ(world.ResultOf(adoption), Result::kAborted);
  EXPECT_THAT(world.StatusOf(adoption).message, HasSubstr("has another profile"));
  EXPECT_EQ(world.coordinator().CurrentGeneration(kProfile), GenerationNumber{1});
}

TEST_F(Operator, ARepairActivatesWhatDiedAndNothingElse) {
  const Manifest manifest = ThreeTiers("1");
  DeployOptions options;
  for (const Mapping& mapping : manifest.mappings) {
    if (mapping.target != TargetName("t1")) continue;
    options.repair.push_back({.target = mapping.target,
                              .found = Repair::Found::kMissing,
                              .container = mapping.container,
                              .service = mapping.service,
                              .digest = {},
                              .profile = {}});
  }
  ASSERT_EQ(options.repair.size(), 1U);
  const std::size_t before = world.fleet().log().size();
  const TransactionId repair = world.Run(DeployManifest{manifest}, options);
  EXPECT_EQ(world.ResultOf(repair), Result::kCommitted) << world.StatusOf(repair).message;
  std::vector<std::string> activities;
  const auto& log = world.fleet().log();
  for (std::size_t i = before; i < log.size(); ++i) {
    if (log[i].find("activate") != std::string::npos) activities.push_back(log[i]);
  }
  EXPECT_THAT(activities, ::testing::ElementsAre("activate db 1"));
}

TEST_F(Operator, TargetsTellLoadDiskAndWhatTheyWaitFor) {
  world.coordinator().OnVitals("target.t1", {.load_milli = 500, .cores = 4}, world.now());
  world.coordinator().OnVitals("target.nobody", {.load_milli = 1}, world.now());
  world.fleet().SetScript([&](const WorkItem& item, FakeFleet::Target&) -> std::optional<Outcome> {
    if (Describe(item.body) == "lock lease") world.fleet().Disconnect("t1");
    return std::nullopt;
  });
  world.SubmitAs("upgrade", Deploy("2"));
  world.Settle(std::chrono::seconds(5));
  const Reply reply = world.Ask(RequestVerb::kTargets, Request{}).at(0);
  for (const TargetInfo& info : std::get<TargetsReply>(reply.body).targets) {
    EXPECT_NE(info.queue, "target.nobody");
    if (info.queue != "target.t1") continue;
    ASSERT_TRUE(info.vitals.has_value());
    EXPECT_EQ(info.vitals->cores, 4U);
    EXPECT_FALSE(info.waiting_for.empty());
  }
}

}  // namespace
}  // namespace eris::planner::testing::operator_test
