// A manifest from what targets say of themselves, without a journal and without models. Pure.
#pragma once

#include <map>
#include <string>

#include "schema/base/error.h"
#include "schema/values/ids.h"
#include "schema/values/manifest.h"
#include "schema/values/work_item.h"

namespace eris {

// What one target says.
struct TargetEvidence {
  TargetReport report;       // of a query: its profile, and what is active there
  std::string profile_text;  // content of PROFILE/manifest.nix (ProfileText)
};

// Mappings, services, interdependencies, snapshot mappings and profiles are those of the profiles;
// digests are those that the targets' ledgers have for what is active, and empty where a profile
// maps what is not (it is then another mapping than any that is planned). Profiles carry no values
// of properties: `targets` are taken as they are, as an infrastructure model says them, and
// containers of services have no properties. Derivations are not known.
//
// Targets without a profile have nothing. kInvalid: a text is not what ProfileText writes, two
// profiles disagree about a service, or a target is not in `targets`. An interdependency on a
// target that gave no evidence is kept: CheckManifest finds it.
Result<Manifest> ReconstructManifest(const std::map<TargetName, TargetEvidence>& evidence,
                                     const std::map<TargetName, Target>& targets);

}  // namespace eris
