// What the models mean, judged: everything of which a deployment would not make sense. The shape
// was judged in Nix (nix/validate.nix) and is part of the raw model.
#pragma once

#include <set>
#include <string>

#include "planner/models/finding.h"
#include "planner/models/instances.h"
#include "planner/models/raw_model.h"

namespace eris {

struct CheckOptions {
  // Names of the modules that targets are known to have; empty = nobody knows, so any type is
  // accepted. A type is also known where a service provides its container. A target's own property
  // supportedTypes (as captured from a machine) counts for that target, whether this is given or
  // not.
  std::set<std::string> known_types;
};

struct ModelVerdict {
  Findings errors;    // sorted by model and path; empty = the model may be deployed
  Findings warnings;  // sorted; shown, but stop nothing
};

// `graph` was made from `model`.
ModelVerdict CheckModel(const RawModel& model, const InstanceGraph& graph,
                        const CheckOptions& options);

}  // namespace eris
