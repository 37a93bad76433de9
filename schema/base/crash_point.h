// Labelled points at which a test may kill this process for real: what recovery is tested against.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

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

// Does what a file says, which may come, change and go while the process runs: "PROCESS:POINT:N"
// as above, but N counts the arrivals of all processes of that name together, in the file. Who
// arrives last renames it to FILE.hit and dies: the one who is started in its place goes on.
class CrashOnOrder final : public TurnObserver {
 public:
  // `names`: what this process answers to.
  CrashOnOrder(std::string file, std::vector<std::string> names)
      : file_(std::move(file)), names_(std::move(names)) {}
  void Reached(std::string_view point) override;

 private:
  std::string file_;
  std::vector<std::string> names_;
};

// `text` is the value of ERIS_CRASH_AT: "PROCESS:POINT:N", as "planner:after-append:3", or "@FILE"
// for orders; empty or of another process: null. A worker answers to its `name`, too. kInvalid when
// it is malformed.
Result<std::unique_ptr<TurnObserver>> MakeCrashPoint(std::string_view text,
                                                     std::string_view process,
                                                     std::string_view name = {});

}  // namespace eris
