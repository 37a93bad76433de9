// The manifest as people and scripts see it: JSON in the shape of Disnix' deployment model
// (profiles, services by key, serviceMappings, snapshotMappings, infrastructure), with a few
// members more that Eris needs.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "planner/models/finding.h"
#include "schema/base/error.h"
#include "schema/values/manifest.h"

namespace eris {

// Deterministic: members are sorted. Properties have the values of the model; secrets are
// references.
std::string ManifestToJson(const Manifest& manifest);

// Its `infrastructure` alone.
std::string TargetsToJson(const std::map<TargetName, Target>& targets);

// What a text says, or what is wrong with its shape (then the manifest is empty or incomplete).
// What it means is judged by CheckManifest.
struct ManifestReading {
  Manifest manifest;
  Findings findings;
};
// kInvalid: the text is no JSON.
Result<ManifestReading> ReadManifestJson(std::string_view json);

// The same, where the first finding is enough: kInvalid with it.
Result<Manifest> ManifestFromJson(std::string_view json);

}  // namespace eris
