// A manifest that nobody of ours evaluated (a deployment model written by hand, or captured),
// judged: everything that the invariants of schema/values/manifest.h promise to its users.
#pragma once

#include "planner/models/finding.h"
#include "schema/values/manifest.h"

namespace eris {

// All that is wrong, sorted; empty = the manifest may be planned. Linear (times log) in services +
// mappings + interdependencies, and not recursive: cycles are found as paths.
Findings CheckManifest(const Manifest& manifest);

// Gives a digest to each mapping that has none, from its service's key, its place, the properties
// that it is given and the digests of what is ordered before it. Precondition: CheckManifest found
// nothing.
void AddMissingDigests(Manifest& manifest);

}  // namespace eris
