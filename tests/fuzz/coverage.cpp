// Tells libFuzzer which ways the code has taken. g++ calls one function at every branch, where
// clang keeps a counter each: the counters are kept here, under a hash of the caller's address. The
// linker sends the calls here (--wrap), because libFuzzer has a function of that name which refuses
// them.
#include <array>
#include <cstdint>

namespace {

constexpr std::uintptr_t kCounters = 1U << 16U;  // some times the number of branches
std::array<std::uint8_t, kCounters> counters;    // NOLINT: libFuzzer reads and clears them

}  // namespace

extern "C" {

void __sanitizer_cov_8bit_counters_init(std::uint8_t* begin, std::uint8_t* end);  // NOLINT

void __wrap___sanitizer_cov_trace_pc() {  // NOLINT: the linker's name
  const auto caller = reinterpret_cast<std::uintptr_t>(__builtin_return_address(0));
  ++counters[(caller ^ (caller >> 16U)) % kCounters];
}

// What numbers with a fraction are compared with leads nowhere.
void __sanitizer_cov_trace_cmpf(float, float) {}    // NOLINT
void __sanitizer_cov_trace_cmpd(double, double) {}  // NOLINT

void ErisStartCounting() {
  __sanitizer_cov_8bit_counters_init(counters.data(), counters.data() + counters.size());
}
}
