// Goal: the scheduler runs as much as the limits and the components allow, and no more. Method:
// items by hand, looking at what may run after each step.
#include "worker/scheduler.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace eris::scheduler_test {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

ItemId Id(std::uint32_t index) {
  return {.step = {.journal = {1}, .transaction = {1}, .index = {index}},
          .grade = {.direction = Direction::kForward, .attempt = 1}};
}

ItemBody Activate(const std::string& component) {
  Activity activity;
  activity.container = ContainerName("process");
  activity.component = ComponentName(component);
  return ActivateItem{.activity = activity};
}

TEST(Scheduler, RunsAtMostNumOfCoresActivities) {
  Scheduler scheduler({.num_of_cores = 2});
  for (std::uint32_t i = 0; i < 3; ++i) scheduler.Add(Id(i), Activate(std::to_string(i)));
  EXPECT_THAT(scheduler.TakeRunnable(), ElementsAre(Id(0), Id(1)));
  EXPECT_THAT(scheduler.TakeRunnable(), IsEmpty());
  scheduler.Done(Id(1));
  EXPECT_THAT(scheduler.TakeRunnable(), ElementsAre(Id(2)));
}

TEST(Scheduler, RunsOneActivityOfAComponentAtATimeAndLetsOthersPass) {
  Scheduler scheduler({.num_of_cores = 4});
  scheduler.Add(Id(0), Activate("db"));
  scheduler.Add(Id(1), Activate("db"));
  scheduler.Add(Id(2), Activate("api"));
  EXPECT_THAT(scheduler.TakeRunnable(), ElementsAre(Id(0), Id(2)));
  scheduler.Done(Id(0));
  EXPECT_THAT(scheduler.TakeRunnable(), ElementsAre(Id(1)));
}

TEST(Scheduler, NeverLetsQueriesAndLeasesWaitForACore) {
  Scheduler scheduler({.num_of_cores = 1, .max_transfers = 1});
  scheduler.Add(Id(0), Activate("db"));
  scheduler.Add(Id(1), QueryItem{});
  scheduler.Add(Id(2), LockItem{.what = AcquireLease{}});
  scheduler.Add(Id(3), TransferItem{});
  scheduler.Add(Id(4), TransferItem{});
  EXPECT_THAT(scheduler.TakeRunnable(), ElementsAre(Id(1), Id(2), Id(0), Id(3)));
}

TEST(Scheduler, ForgetsARemovedItem) {
  Scheduler scheduler({.num_of_cores = 1});
  scheduler.Add(Id(0), Activate("db"));
  EXPECT_TRUE(scheduler.Remove(Id(0)));
  EXPECT_FALSE(scheduler.Remove(Id(0)));
  EXPECT_THAT(scheduler.TakeRunnable(), IsEmpty());
  EXPECT_EQ(scheduler.waiting(), 0U);
}

TEST(Scheduler, ATargetWithoutCoresStillWorks) {
  Scheduler scheduler({.num_of_cores = 0, .max_transfers = 0});
  scheduler.Add(Id(0), Activate("db"));
  EXPECT_THAT(scheduler.TakeRunnable(), ElementsAre(Id(0)));
}

TEST(Scheduler, ABatchOccupiesAllItsComponents) {
  Scheduler scheduler({.num_of_cores = 4});
  const auto db = std::get<ActivateItem>(Activate("db")).activity;
  const auto api = std::get<ActivateItem>(Activate("api")).activity;
  scheduler.Add(Id(0), LockItem{.what = LockComponents{.components = {db, api}}});
  scheduler.Add(Id(1), Activate("api"));
  EXPECT_THAT(scheduler.TakeRunnable(), ElementsAre(Id(0)));
  scheduler.Done(Id(0));
  EXPECT_THAT(scheduler.TakeRunnable(), ElementsAre(Id(1)));
}

}  // namespace
}  // namespace eris::scheduler_test
