// A manifest from what a running installation of Disnix says of itself: the profilemanifest.xml in
// the profile of each target. Pure.
//
// Services are given the keys, and mappings the digests, that the same models have in Eris: what
// stays the same is then known as the same, and not deployed again. Where Disnix says less than a
// model, this is assumed:
//   - its list of ordered interdependencies does not tell dependsOn from activatesAfter: dependsOn;
//   - the provider of a service's own container is in that list whether a model names it or not: it
//     is taken not to be named;
//   - containers have the properties that the infrastructure model gives them, services are built
//     for the system of their target.
#pragma once

#include <map>
#include <string>

#include "planner/models/manifest_json.h"
#include "schema/base/error.h"
#include "schema/values/manifest.h"

namespace eris {

struct DisnixEvidence {
  StorePath profile;
  std::string text;  // of its profilemanifest.xml
};

// `targets` are those of the infrastructure model. kInvalid: a text is not what Disnix writes
// (version 2), or two profiles disagree about a service; the message says which target's. What does
// not fit together (an interdependency on nothing) is among the findings; the manifest is of use
// only without any.
Result<ManifestReading> ReadDisnixProfiles(const std::map<TargetName, DisnixEvidence>& evidence,
                                           const std::map<TargetName, Target>& targets);

}  // namespace eris
