// Goal: the laws of plans and of the way back (invariants P1, P4, P5, P6) on random deployments.
// Method: plans are run in a model of the targets in every order that their stages and edges allow,
// stopped anywhere, and run back.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cstdint>
#include <limits>
#include <map>
#include <set>
#include <string>

#include "planner/plan/diff.h"
#include "planner/plan/plan.h"
#include "planner/plan/plan_hash.h"
#include "planner/plan/plan_text.h"
#include "planner/plan/state_operation.h"
#include "tests/property/plan/plan_runner.h"
#include "tests/property/plan/random_manifests.h"
#include "tests/property/plan/world.h"
#include "tests/support/manifest_builder.h"

namespace eris::testing {
namespace {

const ProfileName kProfile("default");
constexpr std::size_t kToTheEnd = std::numeric_limits<std::size_t>::max();

Plan PlanOf(const ManifestPair& pair, PlanOptions options = {}) {
  if (pair.base.mappings.size() % 2 == 0) options.pre_copy = PreCopy::kBases;
  const auto make = [&] {
    return MakePlan({.profile = kProfile,
                     .base_generation = GenerationNumber{1},
                     .base = &pair.base,
                     .next = pair.next,
                     .options = options});
  };
  auto plan = make();
  if (!plan) {
    // Only where interdependencies leave no instant for it.
    RC_ASSERT(plan.error().message.find("state") != std::string::npos);
    options.state = StatePolicy::kLeave;
    plan = make();
  }
  // Nor for what is read to be undone.
  if (!plan && plan.error().fix.find("stateUndo") != std::string::npos) RC_DISCARD();
  RC_ASSERT(plan.has_value());
  return std::move(*plan);
}

bool NobodyRefuses(const PlanItem&) { return false; }

RC_GTEST_PROP(PlanLaws, ItemsAreInATopologicalOrderAndPhasesShareNoStage, (std::uint64_t seed)) {
  const Plan plan = PlanOf(RandomManifests(seed), {.build_batch = 2});
  for (std::uint32_t i = 0; i < plan.items.size(); ++i) {
    const PlanItem& item = plan.items[i];
    for (std::size_t e = 0; e < item.after.size(); ++e) {
      RC_ASSERT(item.after[e].value < i);
      // RC_ASSERT evaluates both sides of a disjunction.
      if (e > 0) RC_ASSERT(item.after[e - 1] < item.after[e]);
    }
    if (i == 0) continue;
    const PlanItem& before = plan.items[i - 1];
    RC_ASSERT(before.stage <= item.stage && before.phase <= item.phase);
    RC_ASSERT(before.phase == item.phase || before.stage < item.stage);
  }
}

RC_GTEST_PROP(PlanLaws, EqualInputsGiveEqualPlans, (std::uint64_t seed)) {
  const ManifestPair pair = RandomManifests(seed);
  const Plan plan = PlanOf(pair);
  const Plan again = PlanOf(RandomManifests(seed));
  RC_ASSERT(plan == again);
  RC_ASSERT(PlanHash(plan) == PlanHash(again));
  RC_ASSERT(PlanToText(plan) == PlanToText(again));
}

// P1, P2 and P6: whatever the order, every instant is sound and the end is what was desired.
RC_GTEST_PROP(PlanLaws, AnyOrderIsSoundAndEndsAsDesired, (std::uint64_t seed)) {
  const ManifestPair pair = RandomManifests(seed);
  const Plan plan = PlanOf(pair);
  World world(pair.base, pair.next);
  RandomSource random(seed + 1);
  RunForward(plan, world, random, kToTheEnd);
  RC_ASSERT(world.violations() == std::set<std::string>());
  RC_ASSERT(world.state() == world.DesiredState());
}

RC_GTEST_PROP(PlanLaws, OverlapKeepsInterdependenciesAndSeats, (std::uint64_t seed)) {
  const ManifestPair pair = RandomManifests(seed);
  const Plan plan = PlanOf(pair, {.switching = SwitchPolicy::kOverlap});
  World world(pair.base, pair.next);
  RandomSource random(seed + 1);
  RunForward(plan, world, random, kToTheEnd);
  std::set<std::string> violations = world.violations();
  violations.erase("old and new meet");
  RC_ASSERT(violations == std::set<std::string>());
  RC_ASSERT(world.state() == world.DesiredState());
}

// P5: from wherever the way forward stopped, the way back ends where it began.
RC_GTEST_PROP(RollbackLaws, UndoesAnyPrefix, (std::uint64_t seed)) {
  const ManifestPair pair = RandomManifests(seed);
  const Plan plan = PlanOf(pair);
  const World before(pair.base, pair.next);
  World world(pair.base, pair.next);
  RandomSource random(seed + 1);
  // Each item takes two turns; beyond the commit there is no way back.
  std::size_t undoable = 0;
  for (const PlanItem& item : plan.items) undoable += item.phase < PlanPhase::kUnlock ? 2 : 0;
  const StepEffects effects = RunForward(plan, world, random, Below(random, undoable + 1));
  const BackwardResult result = RunBackward(plan, effects, world, random, NobodyRefuses);
  RC_ASSERT(result.refused.empty() && result.held_back.empty());
  RC_ASSERT(world.violations() == std::set<std::string>());
  RC_ASSERT(world.state() == before.state());
  RC_ASSERT(world.SpoiltCopies() == std::set<std::string>());
}

// What a refused inverse holds back is told by HeldBackBy; all else goes on, and P1 holds
// throughout.
RC_GTEST_PROP(RollbackLaws, GoesOnAroundRefusedInverses, (std::uint64_t seed)) {
  const ManifestPair pair = RandomManifests(seed);
  const Plan plan = PlanOf(pair);
  World world(pair.base, pair.next);
  RandomSource random(seed + 1);
  std::size_t undoable = 0;
  for (const PlanItem& item : plan.items) undoable += item.phase < PlanPhase::kUnlock ? 2 : 0;
  const StepEffects effects = RunForward(plan, world, random, Below(random, undoable + 1));
  const auto refuses = [&](const PlanItem& item) {
    return item.phase == PlanPhase::kSwitch && Below(random, 5) == 0;
  };
  const BackwardResult result = RunBackward(plan, effects, world, random, refuses);
  RC_ASSERT(result.held_back == HeldBackBy(RollbackOf(plan, effects), result.refused));
  std::set<std::string> violations = world.violations();
  if (!result.refused.empty()) violations.erase("old and new meet");
  RC_ASSERT(violations == std::set<std::string>());
  RC_ASSERT(world.state().locked.empty());
  RC_ASSERT(world.state().leases.empty());
}

// P4: the way back is a function of plan and effects, each step once, edges turned round.
RC_GTEST_PROP(RollbackLaws, IsTheReversedPlanOfWhatMayHaveTakenEffect, (std::uint64_t seed)) {
  const Plan plan = PlanOf(RandomManifests(seed));
  RandomSource random(seed + 1);
  StepEffects effects;
  for (std::size_t i = 0; i < plan.items.size(); ++i) {
    effects.push_back(Below(random, 3) == 0 ? StepEffect::kNone : StepEffect::kPossible);
  }
  const auto steps = RollbackOf(plan, effects);
  RC_ASSERT(steps == RollbackOf(plan, effects));
  std::set<std::pair<ItemIndex, ItemIndex>> edges;
  std::set<ItemIndex> run;
  for (const InverseStep& step : steps) {
    run.insert(step.item);
    for (const ItemIndex before : step.after) {
      RC_ASSERT(run.contains(before));
      edges.emplace(step.item, before);
    }
  }
  RC_ASSERT(run.size() == steps.size());
  for (std::uint32_t i = 0; i < plan.items.size(); ++i) {
    const bool expected = effects[i] == StepEffect::kPossible && plan.items[i].inverse.has_value();
    RC_ASSERT(run.contains(ItemIndex{i}) == expected);
    for (const ItemIndex before : plan.items[i].after) {
      const bool both = run.contains(ItemIndex{i}) && run.contains(before);
      // A last dump keeps nobody waiting.
      RC_ASSERT(edges.contains({before, ItemIndex{i}}) == (both && !IsLastDump(plan.items[i])));
    }
  }
}

RC_GTEST_PROP(DiffLaws, NothingTouchesWhatIsKept, (std::uint64_t seed)) {
  const ManifestPair pair = RandomManifests(seed);
  const auto difference = DiffManifests(&pair.base, pair.next);
  RC_ASSERT(difference.has_value());
  std::set<std::tuple<std::string, std::string, std::string>> kept;
  for (const KeptMapping& mapping : difference->kept) {
    const Mapping& next = pair.next.mappings[mapping.next];
    RC_ASSERT(pair.base.mappings[mapping.base] == next);
    kept.emplace(next.target.text, next.container.text, next.service.text);
  }
  // But for those that are down while a state moves: down, and up again.
  const Plan plan = PlanOf(pair);
  std::multiset<std::tuple<std::string, std::string, std::string>> down;
  std::multiset<std::tuple<std::string, std::string, std::string>> up;
  for (const PlanItem& item : plan.items) {
    const auto touch = [&](const Activity& activity, auto& where) {
      const std::tuple place(item.queue.name, activity.container.text, activity.service.text);
      if (kept.contains(place)) where.insert(place);
    };
    if (const auto* activate = std::get_if<ActivateItem>(&item.body)) touch(activate->activity, up);
    if (const auto* deactivate = std::get_if<DeactivateItem>(&item.body)) {
      touch(deactivate->activity, down);
    }
  }
  RC_ASSERT(down == up);
  RC_ASSERT(down.size() == plan.summary.bounced);
}

// What was one state before is in every copy afterwards, whatever containers they are in.
RC_GTEST_PROP(PlanLaws, EveryNewCopyOfAStateIsFilled, (std::uint64_t seed)) {
  const ManifestPair pair = RandomManifests(seed);
  const auto plan = MakePlan({.profile = kProfile,
                              .base_generation = GenerationNumber{1},
                              .base = &pair.base,
                              .next = pair.next,
                              .options = {}});
  if (!plan) RC_DISCARD();
  std::map<ServiceName, std::set<ContainerName>> containers;
  std::set<Seat> old;
  for (const Mapping& mapping : pair.base.mappings) {
    const Service& service = pair.base.services.at(mapping.service);
    if (service.type == "package") continue;
    containers[service.name].insert(mapping.container);
    old.emplace(mapping.target.text, mapping.container.text, ComponentOf(service.package).text);
  }
  std::set<Seat> filled;
  for (const PlanItem& item : plan->items) {
    const auto* restore = std::get_if<RestoreItem>(&item.body);
    if (restore == nullptr) continue;
    filled.emplace(item.queue.name, restore->activity.container.text,
                   restore->activity.component.text);
  }
  for (const Mapping& mapping : pair.next.mappings) {
    const Service& service = pair.next.services.at(mapping.service);
    if (!service.deploy_state || containers[service.name].size() != 1) continue;
    const Seat seat(mapping.target.text, mapping.container.text, ComponentOf(service.package).text);
    if (!old.contains(seat)) RC_ASSERT(filled.contains(seat));
  }
}

// P3: until the commit no item destroys anything: state is copied, and what an upgrade in place
// would change is brought back by the inverse.
RC_GTEST_PROP(PlanLaws, NothingIrreversibleHappensBeforeTheCommit, (std::uint64_t seed)) {
  const Plan plan = PlanOf(RandomManifests(seed), {.old_state = OldState::kDelete});
  for (const PlanItem& item : plan.items) {
    if (!std::holds_alternative<DeleteStateItem>(item.body)) continue;
    RC_ASSERT(item.phase == PlanPhase::kAfterCommit);
  }
}

// --- states alone: a restore of some or all of them

struct RestoreCase {
  Manifest manifest;
  Plan plan;
};

RestoreCase RandomRestore(std::uint64_t seed) {
  ManifestPair pair = RandomManifests(seed);
  RestoreCase made{.manifest = seed % 2 == 0 ? std::move(pair.base) : std::move(pair.next),
                   .plan = {}};
  RandomSource random(seed + 7);
  StateOperation operation;
  if (Below(random, 2) == 0)
    operation.which.targets = {TargetName("t" + std::to_string(random() % 4))};
  if (Below(random, 4) == 0) operation.pace = StateOperation::Pace::kOneByOne;
  const auto plan = PlanStateOperation({.profile = kProfile,
                                        .base_generation = GenerationNumber{1},
                                        .manifest = made.manifest,
                                        .operation = operation,
                                        .state_from = {}});
  // Only where there is none, or interdependencies leave no instant for it.
  if (!plan) RC_ASSERT(plan.error().message.find("state") != std::string::npos);
  if (!plan) RC_DISCARD();
  made.plan = *plan;
  return made;
}

RC_GTEST_PROP(RestoreLaws, AnyOrderIsSoundAndLeavesWhatRunsAsItWas, (std::uint64_t seed)) {
  const RestoreCase restore = RandomRestore(seed);
  World world(restore.manifest, restore.manifest);
  RandomSource random(seed + 1);
  RunForward(restore.plan, world, random, kToTheEnd);
  RC_ASSERT(world.violations() == std::set<std::string>());
  RC_ASSERT(world.state() == world.DesiredState());
  RC_ASSERT(world.SpoiltCopies().size() >= RestoredPlaces(restore.plan).size());
}

RC_GTEST_PROP(RestoreLaws, AnyPrefixIsUndone, (std::uint64_t seed)) {
  const RestoreCase restore = RandomRestore(seed);
  World world(restore.manifest, restore.manifest);
  RandomSource random(seed + 1);
  std::size_t undoable = 0;
  for (const PlanItem& item : restore.plan.items) {
    undoable += item.phase < PlanPhase::kUnlock ? 2 : 0;
  }
  const StepEffects effects = RunForward(restore.plan, world, random, Below(random, undoable + 1));
  const BackwardResult result = RunBackward(restore.plan, effects, world, random, NobodyRefuses);
  RC_ASSERT(result.refused.empty() && result.held_back.empty());
  RC_ASSERT(world.violations() == std::set<std::string>());
  RC_ASSERT(world.state() == world.DesiredState());
  RC_ASSERT(world.SpoiltCopies() == std::set<std::string>());
}

// --- the checks themselves can fail
// ----------------------------------------------------------------

ManifestPair Upgrade() {
  std::vector<ServiceSpec> specs = {{.name = "a", .places = {{"t1"}}},
                                    {.name = "b", .places = {{"t2"}}, .depends_on = {"a"}}};
  ManifestPair pair;
  pair.base = MakeManifest(specs);
  specs[0].version = "2";
  pair.next = MakeManifest(specs);
  return pair;
}

std::set<std::string> ViolationsOf(const ManifestPair& pair, const Plan& plan) {
  std::set<std::string> violations;
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    World world(pair.base, pair.next);
    RandomSource random(seed);
    RunForward(plan, world, random, kToTheEnd);
    violations.insert(world.violations().begin(), world.violations().end());
  }
  return violations;
}

TEST(PlantedBugs, APlanWithoutEdgesBreaksP1) {
  const ManifestPair pair = Upgrade();
  Plan plan = PlanOf(pair);
  EXPECT_EQ(ViolationsOf(pair, plan), std::set<std::string>());
  for (PlanItem& item : plan.items) item.after.clear();
  EXPECT_TRUE(ViolationsOf(pair, plan).contains("P1: b@t2/process without a@t1/process"));
}

TEST(PlantedBugs, APlanWithoutStagesLetsOldAndNewMeet) {
  const ManifestPair pair = Upgrade();
  Plan plan = PlanOf(pair);
  for (PlanItem& item : plan.items) {
    item.stage = 0;
    if (item.phase == PlanPhase::kSwitch) item.after.clear();
  }
  const auto violations = ViolationsOf(pair, plan);
  EXPECT_TRUE(violations.contains("old and new meet"));
  EXPECT_TRUE(violations.contains("two activities at once: a@t1/process"));
  EXPECT_TRUE(violations.contains("no lease: a@t1/process"));
}

TEST(PlantedBugs, APlanThatForgetsAWriterBreaksP2) {
  std::vector<ServiceSpec> specs = {{.name = "db", .places = {{"t1"}}, .deploy_state = true},
                                    {.name = "report", .places = {{"t3"}}, .connects_to = {"db"}}};
  ManifestPair pair;
  pair.base = MakeManifest(specs);
  specs[0].places = {{"t2"}};
  pair.next = MakeManifest(specs);
  Plan plan = PlanOf(pair);
  EXPECT_EQ(ViolationsOf(pair, plan), std::set<std::string>());
  for (PlanItem& item : plan.items) {
    const bool is_writer = item.phase == PlanPhase::kSwitch && item.queue.name == "t3";
    if (is_writer || std::holds_alternative<SnapshotItem>(item.body)) item.after.clear();
  }
  EXPECT_TRUE(ViolationsOf(pair, plan).contains("P2: report@t3/process writes db"));
}

}  // namespace
}  // namespace eris::testing
