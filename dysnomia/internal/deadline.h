// A moment by which something is over. For the shells of this folder, which wait for processes;
// reads the machine's clock that only goes forward.
#pragma once

#include <poll.h>

#include <algorithm>

#include "schema/base/clock.h"

namespace eris::dysnomia {

class Deadline {
 public:
  static Deadline After(Duration duration) { return Deadline(Steady() + duration); }

  // Never negative.
  Duration Left() const { return std::max(at_ - Steady(), Duration(0)); }
  bool Passed() const { return Steady() >= at_; }

 private:
  explicit Deadline(SteadyTime at) : at_(at) {}
  static SteadyTime Steady() { return SystemClock().Read().steady; }

  SteadyTime at_;
};

// Gives up the processor for so long: between two looks at what the kernel has no event for.
inline void Pause(Duration duration) { ::poll(nullptr, 0, static_cast<int>(duration.count())); }

}  // namespace eris::dysnomia
