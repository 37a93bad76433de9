// Labelled points at which a test may kill this process for real: what recovery is tested against.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "schema/base/error.h"
#include "schema/base/turn.h"

namespace eris {

// Kills the process with SIGKILL when it reaches a point for the n-th time.
class CrashAt final : public TurnObserver {
 public:
  CrashAt(std::string point, std::uint64_t arrival) : point_(std::move(point)), left_(arrival) {}
  void Reached(std::string_view point) override;

 private:
  std::string point_;
  std::uint64_t left_;
};

// `text` is the value of ERIS_CRASH_AT: "PROCESS:POINT:N", as "planner:after-append:3"; empty or of
// another process: null. kInvalid when it is malformed.
Result<std::unique_ptr<TurnObserver>> MakeCrashPoint(std::string_view text,
                                                     std::string_view process);

}  // namespace eris
