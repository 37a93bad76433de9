// Time as the cores see it: handed in, never read. A shell reads Clock once a turn.
#pragma once

#include <chrono>
#include <cstdint>

namespace eris {

using Duration = std::chrono::milliseconds;

// A moment on the wall clock, milliseconds since 1970-01-01 UTC. Shown to people and journaled;
// never used for deadlines, because it may jump.
struct WallTime {
  std::int64_t ms = 0;
  auto operator<=>(const WallTime&) const = default;
};

// A moment on a clock that only goes forward; its origin means nothing and it dies with the
// process.
struct SteadyTime {
  std::int64_t ms = 0;
  auto operator<=>(const SteadyTime&) const = default;
  friend SteadyTime operator+(SteadyTime t, Duration d) { return {t.ms + d.count()}; }
  friend Duration operator-(SteadyTime a, SteadyTime b) { return Duration(a.ms - b.ms); }
};

// Both clocks at the start of a turn: what a core is told about time.
struct Now {
  SteadyTime steady;
  WallTime wall;
};

class Clock {
 public:
  virtual ~Clock() = default;
  virtual Now Read() = 0;
};

// The machine's clocks.
class SystemClock final : public Clock {
 public:
  Now Read() override;
};

}  // namespace eris
