// Throttle: lets through so many of something in a second, for what others can cause at will: lines
// of a log. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <utility>

#include "schema/base/clock.h"

namespace eris {

// A value, owned by whoever writes the lines.
class Throttle {
 public:
  explicit Throttle(std::uint32_t a_second) : a_second_(a_second) {}

  // Nothing: be silent. Else how many were silenced since the last one that was let through.
  std::optional<std::uint64_t> Take(SteadyTime now) {
    constexpr Duration kSecond{1'000};
    if (!began_ || now - *began_ >= kSecond) {
      began_ = now;
      taken_ = 0;
    }
    if (taken_ == a_second_) {
      ++silenced_;
      return std::nullopt;
    }
    ++taken_;
    return std::exchange(silenced_, 0);
  }

 private:
  std::uint32_t a_second_;
  std::uint32_t taken_ = 0;  // in the second that began then
  std::optional<SteadyTime> began_;
  std::uint64_t silenced_ = 0;
};

}  // namespace eris
