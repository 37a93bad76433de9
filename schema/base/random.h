// Randomness as it is handed in: shells pass SystemRandom, tests and the simulator SeededRandom.
#pragma once

#include <array>
#include <cstdint>

namespace eris {

class Random {
 public:
  virtual ~Random() = default;

  // 64 uniformly random bits.
  virtual std::uint64_t NextU64() = 0;

  // Uniform in [0, bound). Precondition: bound > 0.
  std::uint64_t Below(std::uint64_t bound);
};

// The kernel's generator: unpredictable, fit for ids and keys.
class SystemRandom final : public Random {
 public:
  std::uint64_t NextU64() override;
};

// xoshiro256** (Blackman and Vigna 2018) seeded by splitmix64: the same seed gives the same
// sequence on every machine. Predictable: never for keys.
class SeededRandom final : public Random {
 public:
  explicit SeededRandom(std::uint64_t seed);
  std::uint64_t NextU64() override;

 private:
  std::array<std::uint64_t, 4> state_;
};

}  // namespace eris
