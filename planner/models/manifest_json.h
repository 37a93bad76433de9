// The manifest as people and scripts see it: JSON in the shape of Disnix' deployment model
// (profiles, services by key, serviceMappings, snapshotMappings, infrastructure), with a few
// members more that Eris needs.
#pragma once

#include <string>
#include <string_view>

#include "schema/base/error.h"
#include "schema/values/manifest.h"

namespace eris {

// Deterministic: members are sorted. Properties have the values of the model; secrets are
// references.
std::string ManifestToJson(const Manifest& manifest);

// kInvalid, naming the member, when the text is not such a manifest or names what it does not hold.
// Cycles are not looked for.
Result<Manifest> ManifestFromJson(std::string_view json);

}  // namespace eris
