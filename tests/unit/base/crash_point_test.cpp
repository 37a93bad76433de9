// Goal: a crash point kills at the n-th arrival of its own process and label only. Method: death
// tests.
#include "schema/base/crash_point.h"

#include <gtest/gtest.h>

#include <csignal>

namespace eris {
namespace {

TEST(CrashPoint, KillsAtTheNthArrival) {
  EXPECT_EXIT(
      {
        auto observer = MakeCrashPoint("planner:after-append:2", "planner").value();
        observer->Reached(kBeforeAppend);
        observer->Reached(kAfterAppend);
        observer->Reached(kAfterAppend);
      },
      ::testing::KilledBySignal(SIGKILL), "");
}

TEST(CrashPoint, LeavesOtherProcessesAndEarlierArrivalsAlone) {
  EXPECT_EQ(MakeCrashPoint("planner:after-append:2", "worker").value(), nullptr);
  EXPECT_EQ(MakeCrashPoint("", "planner").value(), nullptr);
  auto observer = MakeCrashPoint("planner:after-append:2", "planner").value();
  observer->Reached(kAfterAppend);
  SUCCEED();
}

TEST(CrashPoint, RefusesMalformedText) {
  for (const char* text : {"planner", "planner:x", "planner:x:0", "planner:x:1y"}) {
    EXPECT_FALSE(MakeCrashPoint(text, "planner").has_value()) << text;
  }
}

}  // namespace
}  // namespace eris
