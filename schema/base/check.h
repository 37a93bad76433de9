// ERIS_CHECK: assumptions of the program about itself, checked in every build. Never for input from
// a user, a file or the network: those are expected failures (error.h).
#pragma once

#include <string_view>

namespace eris {

// Writes one line to stderr and aborts. Recovery is the tested path, so stopping is safe.
[[noreturn]] void CheckFailed(std::string_view condition, std::string_view message,
                              std::string_view file, int line);

}  // namespace eris

// ERIS_CHECK(condition, "why it must hold")
#define ERIS_CHECK(condition, message)                              \
  do {                                                              \
    if (!(condition)) [[unlikely]] {                                \
      ::eris::CheckFailed(#condition, message, __FILE__, __LINE__); \
    }                                                               \
  } while (false)
