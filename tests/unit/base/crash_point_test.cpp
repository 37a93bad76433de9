// Goal: a crash point kills at the n-th arrival of its own process and label only. Method: death
// tests.
#include "schema/base/crash_point.h"

#include <gtest/gtest.h>

#include <csignal>
#include <cstdlib>
#include <string>

#include "schema/base/files.h"

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

class CrashOrder : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_NE(::mkdtemp(directory_.data()), nullptr);
    file_ = directory_ + "/order";
  }
  void TearDown() override { EXPECT_TRUE(RemoveTree(directory_)); }
  void Order(const std::string& text) { ASSERT_TRUE(WriteFileAtomically(file_, text, 0600)); }
  std::unique_ptr<TurnObserver> Process(const std::string& process, const std::string& name = {}) {
    return MakeCrashPoint("@" + file_, process, name).value();
  }

  std::string directory_ = testing::TempDir() + "eris-order-XXXXXX";
  std::string file_;
};

TEST_F(CrashOrder, CountsTheArrivalsOfAllProcessesOfAName) {
  const auto first = Process("worker", "test1");
  const auto second = Process("worker", "test2");
  first->Reached(kAfterAppend);  // no order: nothing happens
  Order("worker:after-append:11");
  first->Reached(kAfterAppend);
  second->Reached(kAfterAppend);
  second->Reached(kAfterSend);
  Process("broker")->Reached(kAfterAppend);
  EXPECT_EQ(ReadFile(file_, 64).value(), "worker:after-append:9");
  Order("test2:after-append:1");
  first->Reached(kAfterAppend);
  EXPECT_EXIT(second->Reached(kAfterAppend), ::testing::KilledBySignal(SIGKILL), "");
  EXPECT_TRUE(FileExists(file_ + ".hit")) << "an order is carried out once";
  second->Reached(kAfterAppend);
  EXPECT_FALSE(FileExists(file_));
}

}  // namespace
}  // namespace eris
