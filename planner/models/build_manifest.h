// From a checked model to the manifest. Pure; profiles are made afterwards (profiles.h).
#pragma once

#include "planner/models/instances.h"
#include "planner/models/raw_model.h"
#include "schema/values/manifest.h"

namespace eris {

// Precondition: CheckModel found no error in `model`, and `graph` was made from it. Services of
// type "package" have a mapping in the container "package": it says which profile they are in, and
// nothing is activated for it. What the packages model has for a target becomes such a service too.
Manifest BuildManifest(const RawModel& model, const InstanceGraph& graph);

}  // namespace eris
