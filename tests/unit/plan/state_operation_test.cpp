// Goal: what is planned for states outside of a deployment. Method: small manifests, and the plan's
// text compared with what it should say.
#include "planner/plan/state_operation.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "planner/plan/plan_text.h"
#include "planner/plan/rollback.h"
#include "tests/support/manifest_builder.h"

namespace eris {
namespace {

using testing::MakeManifest;
using testing::ServiceSpec;
using Job = StateOperation::Job;

// api needs db; report only connects to db; mail has nothing to do with it.
std::vector<ServiceSpec> Shop() {
  return {{.name = "db", .places = {{"t1"}}, .deploy_state = true},
          {.name = "api", .places = {{"t3"}}, .depends_on = {"db"}},
          {.name = "report", .places = {{"t3"}}, .connects_to = {"db"}},
          {.name = "mail", .places = {{"t3"}}}};
}

StateOperation Operation(Job job) {
  StateOperation operation;
  operation.job = job;
  return operation;
}

Result<Plan> TryPlan(const Manifest& manifest, const StateOperation& operation,
                     std::vector<const Manifest*> earlier = {},
                     const std::vector<StateChoice>& state_from = {}) {
  return PlanStateOperation({.profile = ProfileName("default"),
                             .base_generation = GenerationNumber{4},
                             .manifest = manifest,
                             .operation = operation,
                             .state_from = state_from,
                             .earlier = std::move(earlier)});
}

// Without its first line.
std::string TextOf(const Result<Plan>& plan) {
  if (!plan) return plan.error().message;
  const std::string text = PlanToText(*plan);
  return text.substr(text.find('\n') + 1);
}

std::string PhaseOf(const Result<Plan>& plan, const std::string& phase) {
  const std::string text = TextOf(plan);
  const std::string title = "\n" + phase + "\n";
  const std::size_t begin = text.find(title);
  if (begin == std::string::npos) return "";
  return text.substr(begin + title.size(), text.find("\n\n", begin + 1) + 1 - begin - title.size());
}

TEST(StateOperationPlan, RestoresWhileNobodyWritesAndLocksWhatGoesDown) {
  EXPECT_EQ(TextOf(TryPlan(MakeManifest(Shop()), Operation(Job::kRestore))),
            R"(  the state of db in process on t1 becomes its last snapshot

prepare
     0  fetch the last known state of db on t1

lease
     1  take the lease on t1
     2  take the lease on t3

lock
     3  lock report, api on t3
     4  lock db on t1  (after 3)

confirm
     5  confirm the lease on t1
     6  confirm the lease on t3

switch
     7  deactivate report in process on t3
     8  deactivate api in process on t3
     9  deactivate db in process on t1  (after 7, 8)
    10  snapshot db in process on t1  (after 7, 8, 9)
        -- all of the above first --
    11  restore db in process on t1  (after 0, 10)
    12  activate db in process on t1  (after 0, 9, 10, 11)
    13  activate report in process on t3  (after 7, 10, 11)
    14  activate api in process on t3  (after 8, 10, 11, 12)

unlock
    15  unlock db on t1
    16  unlock report on t3
    17  unlock api on t3  (after 15)
    18  release the lease on t1  (after 15)
    19  release the lease on t3  (after 16, 17)
)");
}

TEST(StateOperationPlan, TheWayBackRestoresWhatWasThere) {
  const auto plan = TryPlan(MakeManifest(Shop()), Operation(Job::kRestore));
  ASSERT_TRUE(plan.has_value());
  const StepEffects effects(plan->items.size(), StepEffect::kPossible);
  std::string text;
  for (const InverseStep& step : RollbackOf(*plan, effects)) {
    const PlanItem& item = plan->items[step.item.value];
    if (item.phase == PlanPhase::kSwitch) text += DescribeItem(*item.inverse) + "\n";
  }
  EXPECT_EQ(text, R"(deactivate api in process
deactivate report in process
deactivate db in process
restore db in process
activate db in process
activate api in process
activate report in process
)");
}

TEST(StateOperationPlan, StatesThatWriteEachOtherAreRestoredAtOnce) {
  const Manifest manifest =
      MakeManifest({{.name = "a", .places = {{"t1"}}, .deploy_state = true, .connects_to = {"b"}},
                    {.name = "b", .places = {{"t1"}}, .deploy_state = true, .connects_to = {"a"}}});
  const std::string text = PhaseOf(TryPlan(manifest, Operation(Job::kRestore)), "switch");
  for (const char* restored : {"restore a", "restore b"}) {
    const std::size_t at = text.find(restored);
    ASSERT_NE(at, std::string::npos) << text;
    EXPECT_LT(text.find("deactivate b"), at);
    EXPECT_LT(at, text.find("activate a", text.find("first --")));
    EXPECT_LT(at, text.find("activate b", text.find("first --")));
  }
}

TEST(StateOperationPlan, ASetGivesEachCopyItsOwn) {
  const Manifest manifest =
      MakeManifest({{.name = "db", .places = {{"t1"}, {"t2"}}, .deploy_state = true},
                    {.name = "files", .places = {{"t1"}}, .deploy_state = true}});
  StateOperation operation = Operation(Job::kRestore);
  const auto add = [&](const char* target, const char* snapshot) {
    operation.sources.push_back({.service = ServiceName("db"),
                                 .target = TargetName(target),
                                 .container = ContainerName("process"),
                                 .snapshot = snapshot});
  };
  add("t2", "process/db/2");
  add("t1", "process/db/1");
  EXPECT_EQ(PhaseOf(TryPlan(manifest, operation), "prepare"),
            "     0  fetch process/db/1 on t1\n     1  fetch process/db/2 on t2\n");
  operation.which.targets = {TargetName("t2")};
  EXPECT_EQ(PhaseOf(TryPlan(manifest, operation), "prepare"), "     0  fetch process/db/2 on t2\n");
  operation.which.service = ServiceName("files");
  EXPECT_FALSE(TryPlan(manifest, operation).has_value());
}

TEST(StateOperationPlan, ASetFollowsAServiceThatHasMoved) {
  const Manifest manifest =
      MakeManifest({{.name = "db", .places = {{"t3"}}, .deploy_state = true}});
  StateOperation operation = Operation(Job::kRestore);
  const auto add = [&](const char* target, const char* snapshot) {
    operation.sources.push_back({.service = ServiceName("db"),
                                 .target = TargetName(target),
                                 .container = ContainerName("process"),
                                 .snapshot = snapshot});
  };
  add("t1", "process/db-1.0/1");
  EXPECT_EQ(PhaseOf(TryPlan(manifest, operation), "prepare"),
            "     0  fetch process/db-1.0/1 on t3\n");
  add("t2", "process/db-1.0/2");
  EXPECT_EQ(TextOf(TryPlan(manifest, operation)),
            "there are several snapshots of db, and none of process on t3");
  EXPECT_EQ(PhaseOf(TryPlan(manifest, operation, {}, {{.service = {}, .target = TargetName("t2")}}),
                    "prepare"),
            "     0  fetch process/db-1.0/2 on t3\n");
}

TEST(StateOperationPlan, WhatIsSentIsKnownByItsDescription) {
  const TransferStateItem sent{.way = TransferStateItem::Way::kToDepot,
                               .service_name = ServiceName("db")};
  EXPECT_EQ(SentStateIn(DescribeItem(sent)), ServiceName("db"));
  EXPECT_EQ(SentStateIn(DescribeItem(CollectItem{})), ServiceName());
}

TEST(StateOperationPlan, TransferOnlyTouchesNothingThatRuns) {
  StateOperation operation = Operation(Job::kRestore);
  operation.extent = StateOperation::Extent::kTransferOnly;
  EXPECT_EQ(TextOf(TryPlan(MakeManifest(Shop()), operation)),
            "  the state of db in process on t1 becomes its last snapshot\n\nprepare\n"
            "     0  fetch the last known state of db on t1\n");
}

TEST(StateOperationPlan, MigratesWhatWasLeftElsewhere) {
  auto specs = Shop();
  specs[0].places = {{"t1"}, {"t2"}};
  const Manifest before = MakeManifest(specs);
  specs[0].places = {{"t4"}};
  const Manifest now = MakeManifest(specs);
  StateOperation operation = Operation(Job::kMigrate);
  operation.generation = {3};
  EXPECT_EQ(PhaseOf(TryPlan(now, operation, {&before}), "prepare"),
            R"(     0  snapshot db in process on t1
     1  snapshot db in process on t2
     2  send the state of db to the depot on t1  (after 0, 1)
     3  fetch the state of db from t1 on t4  (after 2)
)");
  EXPECT_EQ(
      PhaseOf(TryPlan(now, operation, {&before}, {{.service = {}, .target = TargetName("t2")}}),
              "prepare"),
      R"(     0  snapshot db in process on t2
     1  send the state of db to the depot on t2  (after 0)
     2  fetch the state of db from t2 on t4  (after 1)
)");
  EXPECT_EQ(TextOf(TryPlan(now, operation, {&now})),
            "nothing of generation 3 is left anywhere else");
}

TEST(StateOperationPlan, OlderSnapshotsComeBeforeTheNewest) {
  auto specs = Shop();
  const Manifest before = MakeManifest(specs);
  specs[0].places = {{"t4"}};
  const Manifest now = MakeManifest(specs);
  StateOperation operation = Operation(Job::kMigrate);
  operation.generation = {3};
  operation.older = true;
  EXPECT_EQ(PhaseOf(TryPlan(now, operation, {&before}), "prepare"),
            R"(     0  snapshot db in process on t1
     1  send the older snapshots of db to the depot on t1  (after 0)
     2  send the state of db to the depot on t1  (after 0, 1)
     3  fetch the older snapshots of db from t1 on t4  (after 2)
     4  fetch the state of db from t1 on t4  (after 2, 3)
)");
  operation = Operation(Job::kRestore);
  operation.older = true;
  operation.extent = StateOperation::Extent::kTransferOnly;
  EXPECT_EQ(PhaseOf(TryPlan(now, operation), "prepare"),
            R"(     0  fetch the older snapshots of db on t4
     1  fetch the last known state of db on t4  (after 0)
)");
  operation.job = Job::kSnapshot;
  EXPECT_EQ(PhaseOf(TryPlan(now, operation), "after commit"),
            R"(     0  send the older snapshots of db to the depot on t4
     1  send the state of db to the depot on t4  (after 0)
)");
}

TEST(StateOperationPlan, WhatIsLeftInAContainerThatIsGoneIsNotReadAndNotDeleted) {
  const Manifest before =
      MakeManifest({{.name = "server", .places = {{"t1"}}, .provides = {"sql"}},
                    {.name = "db", .places = {{"t1", "sql"}}, .deploy_state = true}});
  const Manifest now = MakeManifest({{.name = "db", .places = {{"t1"}}, .deploy_state = true}});
  EXPECT_EQ(TextOf(TryPlan(now, Operation(Job::kMigrate), {&before})),
            "the state of db in sql on t1 cannot be read: its container is not there any more");
  EXPECT_EQ(TextOf(TryPlan(now, Operation(Job::kDelete), {&before})),
            "no state was left behind; the state of db stays in sql on t1: the provider of its "
            "container is gone");
}

TEST(StateOperationPlan, DeletesWhatIsNowhereInUse) {
  auto specs = Shop();
  const Manifest oldest = MakeManifest(specs);
  specs[0].places = {{"t2"}};
  const Manifest older = MakeManifest(specs);
  specs[0].places = {{"t4"}};
  const Manifest now = MakeManifest(specs);
  EXPECT_EQ(TextOf(TryPlan(now, Operation(Job::kDelete), {&older, &oldest, &now})),
            R"(  the state of db in process on t2 is deleted
  the state of db in process on t1 is deleted

after commit
     0  delete the state of db in process on t2
     1  delete the state of db in process on t1
)");
  StateOperation one = Operation(Job::kDelete);
  one.which.targets = {TargetName("t1")};
  EXPECT_EQ(PhaseOf(TryPlan(now, one, {&older, &oldest}), "after commit"),
            "     0  delete the state of db in process on t1\n");
}

}  // namespace
}  // namespace eris
