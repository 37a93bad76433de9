// Goal: how many are let through in which time. Method: each millisecond asked.
#include "broker/link/pace.h"

#include <gtest/gtest.h>

namespace eris::link::pace_test {
namespace {

int Taken(Pace& pace, std::int64_t from_ms, std::int64_t to_ms) {
  int taken = 0;
  for (std::int64_t ms = from_ms; ms < to_ms; ++ms) {
    while (pace.Take({ms})) ++taken;
  }
  return taken;
}

TEST(Pace, LetsSoManyAtOnceAndThenSoManyASecond) {
  Pace pace(500, 40);
  EXPECT_EQ(Taken(pace, 0, 1), 40);
  EXPECT_EQ(Taken(pace, 1, 1'001), 500);
  EXPECT_EQ(Taken(pace, 1'001, 3'001), 1'000);
}

TEST(Pace, SavesNoMoreThanThat) {
  Pace pace(500, 40);
  EXPECT_EQ(Taken(pace, 0, 1), 40);
  EXPECT_EQ(Taken(pace, 1'000'000'000, 1'000'000'001), 40);
}

TEST(Pace, TellsWhenTheNextOneMay) {
  for (const int per_second : {1, 3, 250, 1'000, 7'000}) {
    Pace pace(per_second, 1);
    EXPECT_TRUE(pace.Take({0}));
    ASSERT_FALSE(pace.Take({0}));
    const std::int64_t wait = pace.Wait().count();
    EXPECT_GE(wait, 1) << per_second;
    EXPECT_FALSE(pace.Take({wait - 1})) << per_second;
    EXPECT_TRUE(pace.Take({wait})) << per_second;
  }
}

}  // namespace
}  // namespace eris::link::pace_test
