// A deployment model: the manifest itself, written by hand in Nix or JSON, captured, or printed by
// `eris manifest --json`.
#pragma once

#include <string>

#include "planner/models/evaluate_models.h"
#include "planner/models/nix_command.h"
#include "schema/base/error.h"

namespace eris {

// JSON files (*.json) are read as they are, all others by Nix. Failures are a file that is missing
// (kNotFound) or has not the shape of a manifest (kInvalid); what is wrong with its meaning comes
// as `errors`, all at once. Mappings without a digest are given one.
Result<EvaluatedModels> ReadDeploymentModel(const std::string& path, const NixOptions& nix);

}  // namespace eris
