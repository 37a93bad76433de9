// Goal: no input whatsoever crashes a decoder or makes it read without bound. Method: encodings of
// every sample with flipped bits, overwritten words, cut tails, and pure noise, from fixed seeds;
// what still decodes must encode and decode again to the same.
#include <gtest/gtest.h>

#include <string>

#include "schema/base/random.h"
#include "tests/unit/codec/samples.h"

namespace eris {
namespace {

std::string Mutate(std::string bytes, Random& random) {
  switch (random.Below(4)) {
    case 0:  // one word becomes another
      if (bytes.size() >= 16) {
        const std::size_t from = random.Below(bytes.size() / 8) * 8;
        const std::size_t to = random.Below(bytes.size() / 8) * 8;
        bytes.replace(to, 8, std::string(bytes, from, 8));
      }
      break;
    case 1:
      bytes.resize(random.Below(bytes.size() / 8 + 1) * 8);
      break;
    default:
      for (std::uint64_t flips = 1 + random.Below(4); flips > 0; --flips) {
        const std::uint64_t bit = random.Below(bytes.size() * 8);
        bytes[bit / 8] = static_cast<char>(bytes[bit / 8] ^ (1 << (bit % 8)));
      }
  }
  return bytes;
}

TEST(Mutation, NeverCrashesADecoder) {
  constexpr int kRounds = 60;
  SeededRandom random(20'260);
  int refused = 0;
  int accepted = 0;
  for (const samples::Coded& sample : samples::AllCoded()) {
    for (int round = 0; round < kRounds; ++round) {
      const std::string mutant = Mutate(sample.bytes, random);
      const Result<std::string> recoded = sample.recode(mutant);
      if (!recoded) {
        ++refused;
        continue;
      }
      ++accepted;
      const Result<std::string> again = sample.recode(*recoded);
      ASSERT_TRUE(again) << sample.name << ": " << again.error().message;
      EXPECT_TRUE(*again == *recoded) << sample.name;
    }
  }
  // Both ways are taken, or the test tests nothing.
  EXPECT_GT(refused, 100);
  EXPECT_GT(accepted, 100);
}

TEST(Mutation, NoiseIsRefused) {
  constexpr int kRounds = 2'000;
  SeededRandom random(7);
  const std::vector<samples::Coded> all = samples::AllCoded();
  for (int round = 0; round < kRounds; ++round) {
    std::string noise(8 * random.Below(64), '\0');
    for (char& byte : noise) byte = static_cast<char>(random.NextU64());
    (void)all[random.Below(all.size())].recode(noise);
  }
}

TEST(Mutation, ListsOfNothingAreBounded) {
  // A root with one pointer to a list of 2^29-1 empty structs in no bytes at all.
  std::string bytes("\0\0\0\0\2\0\0\0", 8);
  bytes += std::string("\0\0\0\0\0\0\1\0", 8);
  bytes += std::string("\1\0\0\0\xf8\xff\xff\xff", 8);
  const Result<Manifest> manifest = Decode<Manifest>(bytes);
  EXPECT_TRUE(!manifest || manifest->services.size() < 100'000);
}

}  // namespace
}  // namespace eris
