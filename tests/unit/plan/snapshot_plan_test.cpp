// Goal: a backup is taken of what is meant, dependents first, and sent when all of it has been
// taken. Method: small manifests, items compared.
#include "planner/plan/snapshot_plan.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <variant>
#include <vector>

#include "tests/support/manifest_builder.h"

namespace eris::snapshot_plan_test {
namespace {

using testing::MakeManifest;

// orders and stock both need accounts; only mail has no state.
Manifest Shop() {
  return MakeManifest(
      {{.name = "accounts", .places = {{"t1"}}, .deploy_state = true},
       {.name = "mail", .places = {{"t2"}}, .depends_on = {"accounts"}},
       {.name = "orders", .places = {{"t2"}}, .depends_on = {"mail"}, .deploy_state = true},
       {.name = "stock", .places = {{"t1"}}, .depends_on = {"accounts"}, .deploy_state = true}});
}

Result<Plan> PlanFor(const Activity& which, const std::vector<TargetName>& targets = {}) {
  const Manifest shop = Shop();
  const ProfileName profile("default");
  const StateOperation operation{.job = StateOperation::Job::kSnapshot,
                                 .which = {.service = which.service_name,
                                           .container = which.container,
                                           .component = which.component,
                                           .targets = targets}};
  return PlanSnapshots(
      {.profile = profile, .base_generation = {3}, .manifest = shop, .operation = operation});
}

// "STAGE VERB SERVICE TARGET" of each item; within a stage in no order that is promised.
std::vector<std::string> Lines(const Plan& plan) {
  std::vector<std::string> lines;
  for (const PlanItem& item : plan.items) {
    const auto* snapshot = std::get_if<SnapshotItem>(&item.body);
    const auto* transfer = std::get_if<TransferStateItem>(&item.body);
    lines.push_back(std::to_string(item.stage) +
                    (snapshot != nullptr ? " snapshot " + snapshot->activity.service_name.text
                                         : " transfer " + transfer->service_name.text) +
                    " " + item.queue.name);
  }
  std::sort(lines.begin(), lines.end());
  return lines;
}

TEST(SnapshotPlan, TakesDependentsFirstAndSendsWhenAllAreTaken) {
  const Result<Plan> plan = PlanFor({});
  ASSERT_TRUE(plan) << plan.error().message;
  EXPECT_EQ(Lines(*plan),
            (std::vector<std::string>{"0 snapshot orders t2", "0 snapshot stock t1",
                                      "1 snapshot accounts t1", "2 transfer accounts t1",
                                      "2 transfer orders t2", "2 transfer stock t1"}));
  for (std::uint32_t i = 3; i < 6; ++i) {
    const auto& transfer = std::get<TransferStateItem>(plan->items[i].body);
    EXPECT_EQ(transfer.way, TransferStateItem::Way::kToDepot);
    EXPECT_EQ(transfer.taken_by, std::vector<ItemIndex>{{i - 3}});
    EXPECT_EQ(plan->items[i].after, std::vector<ItemIndex>{{i - 3}});
  }
}

TEST(SnapshotPlan, TakesWhatIsNamed) {
  Activity which;
  which.service_name = ServiceName("mail");
  const Result<Plan> named = PlanFor(which);
  ASSERT_TRUE(named);
  EXPECT_EQ(Lines(*named), (std::vector<std::string>{"0 snapshot mail t2", "1 transfer mail t2"}))
      << "by its name, whether or not its state is deployed";
  const Result<Plan> here = PlanFor({}, {TargetName("t1")});
  ASSERT_TRUE(here);
  EXPECT_EQ(Lines(*here),
            (std::vector<std::string>{"0 snapshot stock t1", "1 snapshot accounts t1",
                                      "2 transfer accounts t1", "2 transfer stock t1"}));
  which = {};
  which.container = ContainerName("nowhere");
  EXPECT_EQ(PlanFor(which).error().code, ErrorCode::kNotFound);
}

}  // namespace
}  // namespace eris::snapshot_plan_test
