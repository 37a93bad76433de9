// Goal: no retention takes a snapshot from the depot that an open transaction needs, and none is
// kept beyond its end. Method: a state moves in a coordinator against a fleet in memory; what its
// journal says is followed, and real stores are cleaned in the midst of it and afterwards.
#include "planner/depot_needs.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "state/snapshots/copy.h"
#include "state/snapshots/store.h"
#include "tests/unit/dysnomia/test_dir.h"
#include "tests/unit/planner/planner_world.h"
#include "tests/unit/planner/scenario.h"

namespace eris::planner::testing {
namespace {

using snapshots::SnapshotStore;

class NeedsOfTheDepot : public ::testing::Test {
 protected:
  static SubmissionAction DatabaseOn(const char* target) {
    return DeployManifest{
        eris::testing::MakeManifest({{.name = "db", .places = {{target}}, .deploy_state = true}})};
  }

  NeedsOfTheDepot() {
    for (const char* name : {"t1", "t2"}) world_.fleet().target(name);
    world_.Welcome();
    world_.fleet().target("t1").states["db"] = "rows";
    EXPECT_EQ(world_.ResultOf(world_.Run(DatabaseOn("t1"))), TransactionResult::kCommitted);
  }

  // What the planner does with each event that is durable.
  void Follow() {
    for (; followed_ < world_.journal().events().size(); ++followed_) {
      const Event& event = world_.journal().events()[followed_];
      const auto& open = world_.coordinator().transactions();
      const auto found = open.find(event.transaction);
      ASSERT_TRUE(needs_.Follow(event, found == open.end() ? nullptr : found->second.get()));
    }
  }

  // The name that its sending to the depot has reported.
  std::string Sent(TransactionId transaction) const {
    std::string sent;
    for (const auto& settled : world_.Recorded<ItemSettled>(transaction)) {
      const auto* report = std::get_if<SnapshotReport>(&settled.outcome.report);
      if (report != nullptr && settled.item.grade.direction == Direction::kForward) {
        sent = report->snapshot;
      }
    }
    return sent;
  }

  void TakeIn(const snapshots::SnapshotName& name) const {
    const auto staged = store_.Stage(name.key);
    ASSERT_TRUE(WriteFileAtomically((*staged / "dump").string(), name.id, 0600));
    ASSERT_TRUE(store_.Commit(name.key, *staged, name.id));
  }

  PlannerWorld world_;
  dysnomia::TestDir dir_;
  DepotNeeds needs_{dir_.path()};
  SnapshotStore store_{dir_ / "default"};
  std::size_t followed_ = 0;
};

TEST_F(NeedsOfTheDepot, LastAsLongAsTheTransaction) {
  Follow();
  world_.SubmitAs("move", DatabaseOn("t2"));
  const TransactionId moving{2};
  // Far enough that it is on its way to the other target.
  const auto is_fetching = [&] {
    const auto& published = world_.published();
    return std::any_of(published.begin(), published.end(), [](const PublishItem& one) {
      const auto* transfer = std::get_if<TransferStateItem>(&one.item.body);
      return transfer != nullptr && transfer->way == TransferStateItem::Way::kFromDepot;
    });
  };
  ASSERT_TRUE(world_.SettleUntil(is_fetching));
  ASSERT_FALSE(world_.ResultOf(moving));
  Follow();
  const auto name = snapshots::ParseReference(Sent(moving));
  ASSERT_TRUE(name) << Sent(moving);
  TakeIn(*name);
  TakeIn({name->key, "newer"});
  TakeIn({name->key, "newest"});
  ASSERT_TRUE(store_.Collect(name->key, 1));
  EXPECT_TRUE(store_.Verify(name->key, name->id));
  EXPECT_FALSE(store_.Verify(name->key, "newer"));

  // A planner that has restarted drops what no open transaction needs, and nothing else.
  ASSERT_TRUE(needs_.Drop(
      [&](TransactionId one) { return !world_.coordinator().transactions().contains(one); }));
  ASSERT_TRUE(store_.Collect(name->key, 1));
  EXPECT_TRUE(store_.Verify(name->key, name->id));

  world_.Settle();
  ASSERT_EQ(world_.ResultOf(moving), TransactionResult::kCommitted);
  Follow();
  ASSERT_TRUE(store_.Collect(name->key, 1));
  EXPECT_FALSE(store_.Verify(name->key, name->id));
  EXPECT_TRUE(store_.Verify(name->key, "newest"));
}

}  // namespace
}  // namespace eris::planner::testing
