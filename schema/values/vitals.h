// What workers tell of their machines.
#pragma once

#include <cstdint>

namespace eris {

// How the machine of a worker is, for people. May be lost; at most one for a queue is handed on in
// limits::kVitalsPauseMs.
struct Vitals {
  std::uint32_t load_milli = 0;  // mean of one minute, times 1000
  std::uint32_t cores = 0;       // that the machine has
  std::uint64_t store_free_bytes = 0;
  std::uint64_t state_free_bytes = 0;
  bool operator==(const Vitals&) const = default;
};

}  // namespace eris
