// What Nix says about builds that failed, as data. Pure; reads the standard error of
// RealiseCommands (nix_commands.h) as Nix 2.8 and its successors print it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "schema/values/ids.h"

namespace eris {

// A derivation whose own build failed. What could not be built because it needs this one is not
// listed.
struct BuildFailure {
  StorePath derivation;
  std::string why;                 // one line: "failed with exit code 3"
  std::vector<std::string> lines;  // the last ones of its log, as many as Nix shows
  bool operator==(const BuildFailure&) const = default;
};

// In the order of their failing; empty when Nix says something else.
std::vector<BuildFailure> ParseBuildFailures(std::string_view nix_stderr);

// One line that names them, the first few by name: "a.drv: failed with exit code 3; b.drv: …".
std::string NameBuildFailures(const std::vector<BuildFailure>& failures);

// The derivations with the ends of their logs, shorter ones the more there are: what a person
// reads.
std::string LogOfBuildFailures(const std::vector<BuildFailure>& failures);

}  // namespace eris
