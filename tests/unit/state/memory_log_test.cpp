// Goal: the log in memory loses and refuses exactly what a test tells it to. Method: numbers as
// records.
#include "state/memory_log.h"

#include <gtest/gtest.h>

namespace eris {
namespace {

using Numbers = std::vector<int>;

struct Sum {
  int value = 0;
};
void Apply(Sum& sum, int record) { sum.value += record; }

TEST(MemoryLog, KeepsWhatWasAppended) {
  MemoryLog<int> log;
  ASSERT_TRUE(log.Append(Numbers{1, 2}));
  ASSERT_TRUE(log.Append(Numbers{3}));
  EXPECT_EQ(log.records(), (Numbers{1, 2, 3}));
  EXPECT_EQ(log.appends(), 2U);
  EXPECT_EQ(log.Replay(Sum{.value = 10}).value, 16);
}

TEST(MemoryLog, FailsTheAppendItWasToldToAndAllAfterIt) {
  MemoryLog<int> log;
  log.FailAppend(1);
  EXPECT_TRUE(log.Append(Numbers{1}));
  EXPECT_FALSE(log.Append(Numbers{2}));
  EXPECT_FALSE(log.Append(Numbers{3}));
  log.Restart();
  EXPECT_TRUE(log.Append(Numbers{4}));
  EXPECT_EQ(log.records(), (Numbers{1, 4}));
}

TEST(MemoryLog, AFailedAppendMayHaveReachedTheDisk) {
  MemoryLog<int> log;
  log.FailAppend(0, MemoryLog<int>::FailedAppend::kWritten);
  EXPECT_FALSE(log.Append(Numbers{2}));
  log.Restart();
  EXPECT_EQ(log.records(), Numbers{2});
}

TEST(MemoryLog, LosesTheTailThatTheDiskHeldBack) {
  MemoryLog<int> log;
  ASSERT_TRUE(log.Append(Numbers{1}));
  log.HoldWrites();
  ASSERT_TRUE(log.Append(Numbers{2}));
  ASSERT_TRUE(log.Append(Numbers{3}));
  log.LoseTail();
  EXPECT_EQ(log.records(), Numbers{1});
  ASSERT_TRUE(log.Append(Numbers{4}));
  log.LoseTail();  // nothing was held back
  EXPECT_EQ(log.records(), (Numbers{1, 4}));
}

}  // namespace
}  // namespace eris
