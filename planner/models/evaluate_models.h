// Models of the user -> manifest: runs Nix on them, checks what they mean, computes identity.
// Blocks while Nix works; builds nothing.
#pragma once

#include <string>

#include "planner/models/check_model.h"
#include "planner/models/model_sources.h"
#include "planner/models/nix_command.h"
#include "planner/models/raw_model.h"
#include "schema/base/error.h"
#include "schema/values/manifest.h"

namespace eris {

struct ModelOptions {
  ModelSources sources;
  std::string extra_params;  // a Nix attribute set: "{ port = 80; }"; empty = none
  std::string nixpkgs;  // path of nixpkgs; empty = <nixpkgs>, looked up only if a model uses it
  std::string target_property = "hostname";  // of targets that name none themselves
  bool deploy_state = false;                 // for services that do not say
  CheckOptions check;
  NixOptions nix;
};

// A model that has errors has no manifest.
struct EvaluatedModels {
  Manifest manifest;
  Findings errors;
  Findings warnings;
};

// Failures here are Nix' own (kInvalid), a missing file (kNotFound) or a broken machine; what is
// wrong with the models otherwise comes as `errors`, all of it at once. The manifest has no
// profiles yet: see MakeProfiles.
Result<EvaluatedModels> EvaluateModels(const ModelOptions& options);

// What the models are about, without what a distribution says: no packages, no places. Errors in
// the shape of the models are kInvalid with the first of them. Sources may be left out: nothing is
// looked for in the working directory.
Result<RawModel> EvaluateOutline(const ModelOptions& options);

// What Nix says of the models, before any judgement. `sources` are resolved.
Result<RawModel> EvaluateRawModel(const ModelOptions& options);

}  // namespace eris
