#include "schema/base/random.h"

#include <sys/random.h>

#include <bit>
#include <cerrno>

#include "schema/base/check.h"

namespace eris {
namespace {

std::uint64_t SplitMix64(std::uint64_t& state) {
  state += 0x9e3779b97f4a7c15U;
  std::uint64_t z = state;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
  return z ^ (z >> 31);
}

}  // namespace

std::uint64_t Random::Below(std::uint64_t bound) {
  ERIS_CHECK(bound > 0, "there is no number below zero");
  // Values under 2^64 mod bound would make small results more likely: they are drawn again.
  const std::uint64_t threshold = (0 - bound) % bound;
  while (true) {
    const std::uint64_t value = NextU64();
    if (value >= threshold) return value % bound;
  }
}

std::uint64_t SystemRandom::NextU64() {
  std::uint64_t value = 0;
  ssize_t got = 0;
  do {
    got = ::getrandom(&value, sizeof value, 0);
  } while (got < 0 && errno == EINTR);
  ERIS_CHECK(got == sizeof value, "getrandom gives up to 256 bytes at once");
  return value;
}

SeededRandom::SeededRandom(std::uint64_t seed) {
  for (std::uint64_t& word : state_) word = SplitMix64(seed);
}

std::uint64_t SeededRandom::NextU64() {
  const std::uint64_t result = std::rotl(state_[1] * 5, 7) * 9;
  const std::uint64_t t = state_[1] << 17;
  state_[2] ^= state_[0];
  state_[3] ^= state_[1];
  state_[1] ^= state_[2];
  state_[0] ^= state_[3];
  state_[2] ^= t;
  state_[3] = std::rotl(state_[3], 45);
  return result;
}

}  // namespace eris
