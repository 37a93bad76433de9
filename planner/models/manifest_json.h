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

// kInvalid, naming the member, when the text has not the shape of a manifest. What it means is
// judged by CheckManifest.
Result<Manifest> ManifestFromJson(std::string_view json);

}  // namespace eris
