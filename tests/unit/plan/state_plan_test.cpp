// Goal: what a plan does about state (docs/decisions/0003). Method: small manifests, and the plan's
// text compared with what it should say.
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "planner/plan/diff.h"
#include "planner/plan/plan.h"
#include "planner/plan/plan_text.h"
#include "planner/plan/rollback.h"
#include "tests/support/manifest_builder.h"

namespace eris::state_plan_test {
namespace {

using testing::MakeManifest;
using testing::ServiceSpec;

Result<Plan> TryPlan(const Manifest& base, const Manifest& next, PlanOptions options = {}) {
  return MakePlan({.profile = ProfileName("default"),
                   .base_generation = GenerationNumber{4},
                   .base = &base,
                   .next = next,
                   .options = std::move(options)});
}

Plan PlanOf(const Manifest& base, const Manifest& next, PlanOptions options = {}) {
  Result<Plan> plan = TryPlan(base, next, std::move(options));
  EXPECT_TRUE(plan.has_value()) << plan.error().message;
  return plan.value_or(Plan());
}

std::string PhaseOf(const Plan& plan, const std::string& phase) {
  const std::string text = PlanToText(plan);
  const std::string title = "\n" + phase + "\n";
  const std::size_t begin = text.find(title);
  if (begin == std::string::npos) return "";
  return text.substr(begin + title.size(), text.find("\n\n", begin + 1) + 1 - begin - title.size());
}

using Lines = std::vector<std::string>;

// api needs db; web needs api; report only connects to db.
std::vector<ServiceSpec> Shop() {
  return {{.name = "db", .places = {{"t1"}}, .deploy_state = true},
          {.name = "api", .places = {{"t3"}}, .depends_on = {"db"}},
          {.name = "web", .places = {{"t3"}}, .depends_on = {"api"}},
          {.name = "report", .places = {{"t3"}}, .connects_to = {"db"}},
          {.name = "mail", .places = {{"t3"}}}};
}

TEST(StatePlan, ADatabaseMovesWhileNobodyWrites) {
  auto specs = Shop();
  const Manifest base = MakeManifest(specs);
  specs[0].places = {{"t2"}};
  const Plan plan = PlanOf(base, MakeManifest(specs));
  EXPECT_EQ(plan.summary.state, (Lines{"the state of db moves from process on t1 to process on t2",
                                       "the old copy of db stays in process on t1"}));
  EXPECT_EQ(plan.summary.bounced, 1U) << "report";
  EXPECT_EQ(PhaseOf(plan, "switch"), R"(    12  deactivate web in process on t3
    13  unlock web on t3  (after 12)
    14  deactivate report in process on t3
    15  deactivate api in process on t3  (after 12)
    16  unlock api on t3  (after 15)
    17  deactivate db in process on t1  (after 14, 15)
    18  unlock db on t1  (after 17)
    19  snapshot db in process on t1  (after 14, 15, 17)
    20  send the state of db to the depot on t1  (after 19)
    21  fetch the state of db from t1 on t2  (after 20)
        -- all of the above first --
    22  activate db in process on t2  (after 21)
    23  restore db in process on t2  (after 21, 22)
    24  activate report in process on t3  (after 14, 19, 23)
    25  activate api in process on t3  (after 15, 16, 22, 23)
    26  activate web in process on t3  (after 12, 13, 25)
)");
}

std::vector<ServiceSpec> FilesAndDatabase() {
  return {{.name = "db", .places = {{"t1"}}, .deploy_state = true},
          {.name = "files", .places = {{"t1"}}, .deploy_state = true, .type = "fileset"},
          {.name = "web", .places = {{"t3"}}, .depends_on = {"files"}}};
}

TEST(StatePlan, ABaseIsTakenAndSentWhileEverythingRuns) {
  auto specs = FilesAndDatabase();
  const Manifest base = MakeManifest(specs);
  specs[0].places = {{"t2"}};
  specs[1].places = {{"t2"}};
  const Plan plan = PlanOf(base, MakeManifest(specs), {.pre_copy = PreCopy::kBases});
  EXPECT_EQ(plan.summary.state.back(),
            "without a base, all of it in the locked window: db (process)");
  const std::string prepare = PhaseOf(plan, "prepare");
  EXPECT_NE(prepare.find("take a base of files in process on t1\n"), std::string::npos) << prepare;
  EXPECT_NE(prepare.find("send the base of files to the depot on t1  (after "), std::string::npos);
  EXPECT_NE(prepare.find("fetch the base of files from t1 on t2  (after "), std::string::npos);
  const std::string work = PhaseOf(plan, "switch");
  EXPECT_NE(work.find("snapshot files in process since its base on t1"), std::string::npos) << work;
  EXPECT_NE(work.find("snapshot db in process on t1"), std::string::npos);
  for (std::uint32_t i = 0; i < plan.items.size(); ++i) {
    const auto* snapshot = std::get_if<SnapshotItem>(&plan.items[i].body);
    if (snapshot == nullptr || snapshot->part != SnapshotPart::kIncrement) continue;
    ASSERT_EQ(snapshot->taken_by.size(), 1U);
    const auto& taker = plan.items.at(snapshot->taken_by.front().value);
    EXPECT_EQ(std::get<SnapshotItem>(taker.body).part, SnapshotPart::kBase);
    EXPECT_EQ(taker.queue, plan.items[i].queue);
    EXPECT_FALSE(taker.inverse) << "what is nobody's is dropped";
  }
}

TEST(StatePlan, NobodyTakesABaseUnlessAskedAndOfCopiesThatAreCompared) {
  auto specs = FilesAndDatabase();
  specs[1].places = {{"t1"}, {"t2"}};
  const Manifest base = MakeManifest(specs);
  specs[1].places = {{"t3"}};
  const auto bases = [](const Plan& plan) {
    std::size_t count = 0;
    for (const PlanItem& item : plan.items) {
      const auto* snapshot = std::get_if<SnapshotItem>(&item.body);
      count += snapshot != nullptr && snapshot->part == SnapshotPart::kBase ? 1 : 0;
    }
    return count;
  };
  EXPECT_EQ(bases(PlanOf(base, MakeManifest(specs))), 0U);
  const Plan both = PlanOf(base, MakeManifest(specs), {.pre_copy = PreCopy::kBases});
  EXPECT_EQ(bases(both), 0U);
  EXPECT_EQ(both.summary.state.back(),
            "without a base, all of it in the locked window: files (several copies)");
  const StateChoice choice{.service = ServiceName("files"), .target = TargetName("t2")};
  EXPECT_EQ(bases(PlanOf(base, MakeManifest(specs),
                         {.pre_copy = PreCopy::kBases, .state_from = {choice}})),
            1U);
  specs.erase(specs.begin() + 1);
  specs.back().depends_on = {};
  EXPECT_EQ(bases(PlanOf(base, MakeManifest(specs), {.pre_copy = PreCopy::kBases})), 2U)
      << "last snapshots of what is removed";
}

TEST(StatePlan, WithinATargetNoDepotIsNeeded) {
  const Manifest base =
      MakeManifest({{.name = "db", .places = {{"t1", "a"}}, .deploy_state = true}});
  const Manifest next =
      MakeManifest({{.name = "db", .places = {{"t1", "b"}}, .deploy_state = true}});
  EXPECT_EQ(PhaseOf(PlanOf(base, next), "switch"), R"(     5  deactivate db in a on t1
     6  unlock db on t1  (after 5)
     7  snapshot db in a on t1  (after 5)
     8  take over the state of db on t1  (after 7)
        -- all of the above first --
     9  activate db in b on t1  (after 8)
    10  restore db in b on t1  (after 8, 9)
)");
}

TEST(StatePlan, ANewReplicaTakesFromTheOneThatIsKept) {
  const std::vector<ServiceSpec> specs{
      {.name = "db", .places = {{"t1"}}, .deploy_state = true},
      {.name = "report", .places = {{"t1"}}, .connects_to = {"db"}}};
  auto next = specs;
  next[0].places = {{"t1"}, {"t2"}, {"t3"}};
  EXPECT_EQ(PhaseOf(PlanOf(MakeManifest(specs), MakeManifest(next)), "switch"),
            R"(    10  deactivate report in process on t1
    11  deactivate db in process on t1  (after 10)
    12  snapshot db in process on t1  (after 10, 11)
    13  send the state of db to the depot on t1  (after 12)
    14  fetch the state of db from t1 on t2  (after 13)
    15  fetch the state of db from t1 on t3  (after 13)
        -- all of the above first --
    16  activate db in process on t1  (after 11, 12)
    17  activate db in process on t2  (after 14)
    18  activate db in process on t3  (after 15)
    19  restore db in process on t2  (after 14, 16, 17, 18)
    20  restore db in process on t3  (after 15, 18, 19)
    21  activate report in process on t1  (after 10, 12, 20)
)");
}

TEST(StatePlan, CopiesAreComparedUnlessOneIsChosen) {
  const Manifest base =
      MakeManifest({{.name = "db", .places = {{"t1"}, {"t2"}}, .deploy_state = true}});
  const Manifest next = MakeManifest({{.name = "db", .places = {{"t3"}}, .deploy_state = true}});
  EXPECT_EQ(PlanOf(base, next).summary.state.front(),
            "the state of db moves from process on t1 = process on t2 to process on t3");
  const Plan chosen =
      PlanOf(base, next, {.state_from = {{.service = {}, .target = TargetName("t2")}}});
  EXPECT_EQ(chosen.summary.state.front(),
            "the state of db moves from process on t2 to process on t3");
  const auto wrong = TryPlan(
      base, next, {.state_from = {{.service = ServiceName("db"), .target = TargetName("t9")}}});
  ASSERT_FALSE(wrong.has_value());
  EXPECT_EQ(wrong.error().message, "--state-from: db has no state on t9");
  const auto idle = TryPlan(
      base, base, {.state_from = {{.service = ServiceName("db"), .target = TargetName("t1")}}});
  EXPECT_FALSE(idle.has_value()) << "nothing moves";
}

using Places = std::vector<testing::PlaceSpec>;

Lines StateLines(const Places& before, const Places& after) {
  const auto in = [](const Places& places) {
    return MakeManifest({{.name = "db", .places = places, .deploy_state = true}});
  };
  return PlanOf(in(before), in(after)).summary.state;
}

TEST(StatePlan, AStateThatGainsAContainerComesThereToo) {
  EXPECT_EQ(StateLines({{"t1", "a"}}, {{"t1", "a"}, {"t2", "b"}}),
            Lines{"the state of db moves from a on t1 to b on t2"});
  EXPECT_EQ(StateLines({{"t1", "a"}}, {{"t2", "b"}, {"t2", "c"}}),
            (Lines{"the state of db moves from a on t1 to b on t2",
                   "the state of db moves from a on t1 to c on t2",
                   "the old copy of db stays in a on t1"}));
}

TEST(StatePlan, StatesInSeveralContainersAreTheirOwnWhileOneIsLeft) {
  const Places both = {{"t1", "a"}, {"t1", "b"}};
  EXPECT_EQ(StateLines(both, {{"t1", "a"}, {"t2", "b"}}),
            (Lines{"the state of db moves from b on t1 to b on t2",
                   "the old copy of db stays in b on t1"}));
  EXPECT_EQ(StateLines(both, {{"t2", "a"}}),
            (Lines{"the state of db moves from a on t1 to a on t2",
                   "the old copy of db stays in a on t1", "the state of db stays in b on t1"}));
  EXPECT_EQ(StateLines(both, {{"t2", "c"}}),
            (Lines{"the state of db moves from a on t1 = b on t1 to c on t2",
                   "the old copy of db stays in a on t1", "the old copy of db stays in b on t1"}))
      << "neither is left behind without a word";
}

TEST(StatePlan, TheLastSnapshotNeedsNoOldTarget) {
  const Manifest base = MakeManifest({{.name = "db", .places = {{"t1"}}, .deploy_state = true}});
  const Manifest next = MakeManifest({{.name = "db", .places = {{"t2"}}, .deploy_state = true}});
  const Plan plan = PlanOf(base, next, {.state_from = {StateChoice{}}});
  EXPECT_EQ(PhaseOf(plan, "switch"), R"(     7  deactivate db in process on t1
     8  unlock db on t1  (after 7)
     9  fetch the last known state of db on t2
        -- all of the above first --
    10  activate db in process on t2  (after 9)
    11  restore db in process on t2  (after 9, 10)
)");
}

TEST(StatePlan, ARemovedServiceLeavesASnapshotUnlessToldOtherwise) {
  const std::vector<ServiceSpec> specs{
      {.name = "server", .places = {{"t1"}}, .provides = {"sql"}},
      {.name = "db", .places = {{"t1", "sql"}}, .deploy_state = true}};
  const Manifest base = MakeManifest(specs);
  const Manifest gone = UndeployedManifest(base);
  const Plan plan = PlanOf(base, gone, {.old_state = OldState::kDelete});
  EXPECT_EQ(PhaseOf(plan, "switch"), R"(     4  deactivate db in sql on t1
     5  unlock db on t1  (after 4)
     6  snapshot db in sql on t1  (after 4)
     7  deactivate server in process on t1  (after 4, 5, 6)
     8  unlock server on t1  (after 7)
     9  send the state of db to the depot on t1  (after 6)
)");
  EXPECT_EQ(plan.summary.state,
            Lines{"the state of db stays in sql on t1: the provider of its container is gone"});
  const Plan silent = PlanOf(base, gone, {.final_snapshots = FinalSnapshots::kSkip});
  EXPECT_EQ(PhaseOf(silent, "switch").find("snapshot"), std::string::npos);
  const Plan without_db = PlanOf(base, MakeManifest({specs[0]}), {.old_state = OldState::kDelete});
  EXPECT_EQ(PhaseOf(without_db, "after commit"), "    13  delete the state of db in sql on t1\n");
}

TEST(StatePlan, StateUndoRestoresOnTheWayBack) {
  std::vector<ServiceSpec> specs{
      {.name = "db", .places = {{"t1"}}, .deploy_state = true, .state_undo = true},
      {.name = "report", .places = {{"t1"}}, .connects_to = {"db"}}};
  const Manifest base = MakeManifest(specs);
  specs[0].version = "2";
  const Plan plan = PlanOf(base, MakeManifest(specs));
  EXPECT_EQ(PhaseOf(plan, "switch"), R"(     5  deactivate report in process on t1
     6  deactivate db in process on t1  (after 5)
     7  unlock db on t1  (after 6)
     8  snapshot db in process on t1  (after 5, 6)
        -- all of the above first --
     9  activate report in process on t1  (after 5, 8)
    10  activate db in process on t1  (after 6, 7, 8)
)");
  for (std::uint32_t i = 0; i < plan.items.size(); ++i) {
    if (!std::holds_alternative<SnapshotItem>(plan.items[i].body)) continue;
    const auto* restore = std::get_if<RestoreItem>(&*plan.items[i].inverse);
    ASSERT_NE(restore, nullptr);
    EXPECT_EQ(restore->taken_by, std::vector{ItemIndex{i}});
  }
}

TEST(StatePlan, RefusesStatesThatWriteEachOther) {
  std::vector<ServiceSpec> specs{
      {.name = "a", .places = {{"t1"}}, .deploy_state = true, .connects_to = {"b"}},
      {.name = "b", .places = {{"t1"}}, .deploy_state = true, .connects_to = {"a"}}};
  const Manifest base = MakeManifest(specs);
  specs[0].places = {{"t2"}};
  EXPECT_TRUE(TryPlan(base, MakeManifest(specs)).has_value()) << "one at a time is fine";
  specs[1].places = {{"t2"}};
  const auto plan = TryPlan(base, MakeManifest(specs));
  ASSERT_FALSE(plan.has_value());
  EXPECT_EQ(plan.error().message,
            "the state of services that write each other's cannot move at once: a, b");
  EXPECT_TRUE(TryPlan(base, MakeManifest(specs), {.state = StatePolicy::kLeave}).has_value());
}

TEST(StatePlan, NoMigrationLeavesEverythingWhereItIs) {
  auto specs = Shop();
  const Manifest base = MakeManifest(specs);
  specs[0].places = {{"t2"}};
  const Plan plan = PlanOf(base, MakeManifest(specs), {.state = StatePolicy::kLeave});
  EXPECT_EQ(plan.summary.state, Lines{"the state of db stays in process on t1"});
  EXPECT_EQ(plan.summary.bounced, 0U);
  EXPECT_EQ(PhaseOf(plan, "switch").find("snapshot"), std::string::npos);
}

// Nothing moves for an undo, and without it the way back would lose what P5 promises.
TEST(StatePlan, NoMigrationKeepsTheUndoOfUpgradesInPlace) {
  ServiceSpec db{.name = "db", .places = {{"t1"}}, .deploy_state = true, .state_undo = true};
  const Manifest base = MakeManifest({db});
  db.version = "2";
  EXPECT_EQ(PlanOf(base, MakeManifest({db}), {.state = StatePolicy::kLeave}),
            PlanOf(base, MakeManifest({db})));
}

// Where nothing comes to, the way back still dumps what users wrote there; not where it stays.
TEST(StatePlan, AnInstallationThatGoesBackDumpsWhatItBegan) {
  const auto specs = Shop();
  const auto dumps = [](const Plan& plan) {
    Lines lines;
    for (const PlanItem& item : plan.items) {
      if (!IsLastDump(item)) continue;
      lines.push_back(std::get<SnapshotItem>(*item.inverse).activity.service_name.text + " on " +
                      item.queue.name);
    }
    return lines;
  };
  EXPECT_EQ(dumps(PlanOf(Manifest{}, MakeManifest(specs))), Lines{"db on t1"});
  auto changed = specs;
  changed[0].version = "2";
  EXPECT_EQ(dumps(PlanOf(MakeManifest(specs), MakeManifest(changed))), Lines{});
  changed[0].places = {{"t2"}};
  EXPECT_EQ(
      dumps(PlanOf(MakeManifest(specs), MakeManifest(changed), {.state = StatePolicy::kLeave})),
      Lines{"db on t2"});
}

// One that is still on its way is fenced by a higher grade before anybody writes again.
TEST(StatePlan, ALateSnapshotIsFencedBeforeItsSourceComesBack) {
  auto specs = Shop();
  const Manifest base = MakeManifest(specs);
  specs[0].places = {{"t2"}};
  const Plan plan = PlanOf(base, MakeManifest(specs));
  const StepEffects all(plan.items.size(), StepEffect::kPossible);
  int fences = 0;
  for (const InverseStep& step : RollbackOf(plan, all)) {
    for (const ItemIndex fence : step.after) {
      if (!std::holds_alternative<SnapshotItem>(plan.items[fence.value].body)) continue;
      EXPECT_TRUE(std::holds_alternative<QueryItem>(*plan.items[fence.value].inverse));
      EXPECT_TRUE(std::holds_alternative<ActivateItem>(*plan.items[step.item.value].inverse));
      ++fences;
    }
  }
  EXPECT_EQ(fences, 3) << "db, and api and report, which write it";
}

// The last dump of what came to a new place runs behind all that gives users back what they had.
TEST(StatePlan, LastDumpsKeepNobodyWaiting) {
  auto specs = Shop();
  const Manifest base = MakeManifest(specs);
  specs[0].places = {{"t2"}};
  const Plan plan = PlanOf(base, MakeManifest(specs));
  const StepEffects all(plan.items.size(), StepEffect::kPossible);
  const auto steps = RollbackOf(plan, all);
  bool dumped = false;
  bool reactivated = false;
  for (const InverseStep& step : steps) {
    const ItemBody& inverse = *plan.items[step.item.value].inverse;
    if (std::holds_alternative<ActivateItem>(inverse)) {
      EXPECT_FALSE(dumped);
      reactivated = true;
    }
    if (!IsLastDump(plan.items[step.item.value])) continue;
    dumped = true;
    EXPECT_TRUE(reactivated);
    ASSERT_EQ(step.after.size(), 1U) << "after the deactivation of what it dumps";
    EXPECT_TRUE(std::holds_alternative<ActivateItem>(plan.items[step.after[0].value].body));
  }
  EXPECT_TRUE(dumped);
}

}  // namespace
}  // namespace eris::state_plan_test
