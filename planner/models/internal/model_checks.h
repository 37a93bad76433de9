// The parts of CheckModel that look at targets, names and properties. Private to planner/models.
#pragma once

#include "planner/models/finding.h"
#include "planner/models/raw_model.h"

namespace eris {

// Two targets with one address.
void CheckTargets(const RawModel& model, Findings& errors);

// Names become names of files, queues and environment variables.
void CheckNames(const RawModel& model, Findings& errors);

// Plain properties that look like passwords end up in journals and on targets in the clear.
void WarnOfPlainSecrets(const RawModel& model, Findings& warnings);

}  // namespace eris
