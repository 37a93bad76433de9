// Goal: simulations repeat and draws are uniform. Method: fixed seeds, published reference values.
#include "schema/base/random.h"

#include <gtest/gtest.h>

#include <array>
#include <limits>

namespace eris {
namespace {

TEST(SeededRandom, RepeatsForASeedAndDiffersBetweenSeeds) {
  SeededRandom a(1);
  SeededRandom b(1);
  SeededRandom c(2);
  const std::uint64_t first = a.NextU64();
  EXPECT_EQ(first, b.NextU64());
  EXPECT_NE(first, c.NextU64());
}

// First value of xoshiro256** after splitmix64(0): 5 * s1, rotated by 7, times 9, with s1 the
// second published value of splitmix64, 0x6e789e6aa1b965f4.
TEST(SeededRandom, IsXoshiroSeededBySplitMix) {
  EXPECT_EQ(SeededRandom(0).NextU64(), 0x99ec5f36cb75f2b4U);
}

// Remembers nothing and returns what it is told: shows the rejection of values that would bias.
class ScriptedRandom final : public Random {
 public:
  explicit ScriptedRandom(std::array<std::uint64_t, 2> values) : values_(values) {}
  std::uint64_t NextU64() override { return values_.at(next_++); }

 private:
  std::array<std::uint64_t, 2> values_;
  std::size_t next_ = 0;
};

TEST(Random, DrawsAgainWhatWouldBias) {
  // 2^64 mod 3 is 1: the value 0 is one too many for the result 0.
  EXPECT_EQ(ScriptedRandom({0, 5}).Below(3), 2U);
}

TEST(Random, StaysBelowItsBoundAndReachesEveryValue) {
  SeededRandom random(42);
  std::array<int, 7> counts{};
  for (int i = 0; i < 7000; ++i) ++counts.at(random.Below(7));
  for (const int count : counts) {
    EXPECT_GT(count, 800);
    EXPECT_LT(count, 1200);
  }
  EXPECT_EQ(random.Below(1), 0U);
  EXPECT_LT(random.Below(std::numeric_limits<std::uint64_t>::max()),
            std::numeric_limits<std::uint64_t>::max());
}

TEST(SystemRandom, DoesNotRepeat) {
  SystemRandom random;
  EXPECT_NE(random.NextU64(), random.NextU64());
}

}  // namespace
}  // namespace eris
