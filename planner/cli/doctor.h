// `eris doctor`: what is wrong with an installation, each with its fix. The rules; who asks and
// prints is doctor.cpp. Looks at files of this machine and at what the planner answered; changes
// nothing.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "planner/cli/client_config.h"
#include "planner/cli/lists.h"
#include "schema/base/clock.h"
#include "schema/values/request.h"

namespace eris::cli {

struct Diagnosis {
  enum class Grade : std::uint8_t { kGood, kWarning, kBad } grade = Grade::kGood;
  std::string what;  // one line
  std::string fix;   // empty when it is good
  bool operator==(const Diagnosis&) const = default;
};
using Diagnoses = std::vector<Diagnosis>;

// Keys and settings of a client.
Diagnoses CheckClient(const ClientSettings& settings, const ConnectionArguments& arguments,
                      const Surroundings& surroundings);
// The state directory of daemons on this machine, searched for journals, keys, roots and attempts:
// the layout of `eris up` and that of the package. One that does not exist is no finding.
Diagnoses CheckStateDirectory(const std::string& directory, WallTime now);
// Nix and the clock of this machine.
Diagnoses CheckMachine(const ClientSettings& settings, const Surroundings& surroundings);
// What the planner knows of workers and leases.
Diagnoses CheckNetwork(std::span<const TargetInfo> targets, std::span<const HeldTarget> held,
                       WallTime now);

// One line each, fixes below; then a line that sums up.
std::string DiagnosesText(std::span<const Diagnosis> diagnoses);

}  // namespace eris::cli
