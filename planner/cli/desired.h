// The desired state as this machine sees it: models (or a manifest in a file) evaluated, profiles
// made. Blocks while Nix works; says what is wrong with the models.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "planner/cli/call.h"
#include "planner/cli/output.h"
#include "schema/base/error.h"
#include "schema/values/manifest.h"

namespace eris::cli {

// How Nix is called on this machine: variables that win over the environment's.
using NixEnvironment = std::vector<std::string>;

// Prints every finding. kInvalid: the models have errors. Only a deployment model has profiles yet.
Result<Manifest> EvaluateDesired(const ModelArguments& arguments, const NixEnvironment& nix,
                                 Output& output);

// Makes the profiles of all targets that have none (MakeProfiles); those of `known` that did not
// change cost nothing.
Status AddProfiles(Manifest& manifest, const std::map<TargetName, TargetProfile>& known,
                   std::vector<std::uint8_t> digest_key, const NixEnvironment& nix);

}  // namespace eris::cli
