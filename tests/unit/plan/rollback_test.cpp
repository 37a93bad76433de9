// Goal: the way back runs what may have taken effect and nothing else, in an order that reverses
// the plan's. Method: hand-made plans; the laws on random plans are in tests/property.
#include "planner/plan/rollback.h"

#include <gtest/gtest.h>

namespace eris {
namespace {

constexpr StepEffect kNone = StepEffect::kNone;
constexpr StepEffect kPossible = StepEffect::kPossible;

PlanItem Item(std::uint32_t stage, std::vector<ItemIndex> after) {
  PlanItem item;
  item.stage = stage;
  item.after = std::move(after);
  item.inverse = QueryItem{};
  return item;
}

Plan PlanWith(std::vector<PlanItem> items) {
  Plan plan;
  plan.items = std::move(items);
  return plan;
}

TEST(Rollback, OfNothingIsNothing) {
  const Plan plan = PlanWith({Item(0, {}), Item(1, {})});
  EXPECT_TRUE(RollbackOf(plan, {kNone, kNone}).empty());
  EXPECT_TRUE(RollbackOf(Plan(), {}).empty());
}

TEST(Rollback, RunsTheInversesOfWhatMayHaveTakenEffectInReverse) {
  // 0 ← 1 ← 3, 0 ← 2 ← 3; the last one never ran.
  const Plan plan = PlanWith({Item(5, {}), Item(5, {{0}}), Item(5, {{0}}), Item(6, {{1}, {2}})});
  EXPECT_EQ(RollbackOf(plan, {kPossible, kPossible, kPossible, kNone}),
            (std::vector<InverseStep>{{{2}, 5, {}}, {{1}, 5, {}}, {{0}, 5, {{1}, {2}}}}));
}

TEST(Rollback, LeavesOutWhatHasNoInverse) {
  Plan plan = PlanWith({Item(0, {}), Item(1, {{0}}), Item(1, {{0}})});
  plan.items[1].inverse.reset();
  EXPECT_EQ(RollbackOf(plan, {kPossible, kPossible, kPossible}),
            (std::vector<InverseStep>{{{2}, 1, {}}, {{0}, 0, {{2}}}}));
}

TEST(Rollback, GoesOnWithWhatIsNotOrderedAfterARefusedInverse) {
  // Two chains, 0 ← 2 ← 4 and 1 ← 3; 2's inverse is refused.
  const Plan plan =
      PlanWith({Item(5, {}), Item(5, {}), Item(5, {{0}}), Item(6, {{1}}), Item(6, {{2}})});
  const auto rollback = RollbackOf(plan, StepEffects(5, kPossible));
  const std::vector<ItemIndex> failed = {{2}};
  EXPECT_EQ(HeldBackBy(rollback, failed), (std::vector<ItemIndex>{{0}}));
  EXPECT_TRUE(HeldBackBy(rollback, {}).empty());
}

TEST(Rollback, HoldsBackIndirectly) {
  const Plan plan = PlanWith({Item(0, {}), Item(0, {{0}}), Item(0, {{1}}), Item(0, {{2}})});
  const std::vector<ItemIndex> failed = {{3}};
  EXPECT_EQ(HeldBackBy(RollbackOf(plan, StepEffects(4, kPossible)), failed),
            (std::vector<ItemIndex>{{2}, {1}, {0}}));
}

}  // namespace
}  // namespace eris
