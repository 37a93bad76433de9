#include "planner/cli/desired.h"

#include <utility>

#include "planner/models/deployment_model.h"
#include "planner/models/evaluate_models.h"
#include "planner/models/profiles.h"

namespace eris::cli {
namespace {

// What a user may have meant by naming more than one kind of model.
Status CheckAlone(const ModelArguments& arguments) {
  if (arguments.sources == ModelSources()) return {};
  return Fail(ErrorCode::kInvalid, "--deployment does not go with other models",
              "give either of them");
}

ModelOptions OptionsOf(const ModelArguments& arguments, const NixEnvironment& nix) {
  ModelOptions options;
  options.sources = arguments.sources;
  options.nixpkgs = arguments.nixpkgs;
  options.extra_params = arguments.extra_params;
  options.target_property = arguments.target_property;
  options.deploy_state = arguments.state == ModelArguments::State::kDeployAll;
  options.nix.environment = nix;
  options.nix.show_trace = arguments.trace == ModelArguments::Trace::kWhole;
  return options;
}

Result<EvaluatedModels> Evaluate(const ModelArguments& arguments, const NixEnvironment& nix) {
  const ModelOptions options = OptionsOf(arguments, nix);
  if (arguments.deployment.empty()) return EvaluateModels(options);
  ERIS_TRY(CheckAlone(arguments));
  return ReadDeploymentModel(arguments.deployment, options.nix);
}

// Disnix talks to a target through its client interface; here its worker comes by itself.
void NoteClientInterfaces(const Manifest& manifest, Output& output) {
  std::size_t count = 0;
  for (const auto& [name, target] : manifest.targets)
    count += target.client_interface.empty() ? 0 : 1;
  if (count == 0) return;
  output.Note("note: clientInterface is accepted, but not used (" + std::to_string(count) +
              (count == 1 ? " target)" : " targets)"));
}

}  // namespace

Result<Manifest> EvaluateDesired(const ModelArguments& arguments, const NixEnvironment& nix,
                                 Output& output) {
  ERIS_ASSIGN(EvaluatedModels models, Evaluate(arguments, nix));
  for (const Finding& warning : models.warnings) {
    output.Note("warning: " + ToString(warning) +
                (warning.fix.empty() ? "" : "\n      " + warning.fix));
  }
  if (models.errors.empty()) {
    NoteClientInterfaces(models.manifest, output);
    return std::move(models.manifest);
  }
  for (const Finding& finding : models.errors) {
    output.Problem({ErrorCode::kInvalid, ToString(finding), finding.fix});
  }
  const std::size_t count = models.errors.size();
  return Fail(ErrorCode::kInvalid,
              count == 1 ? std::string("the models have an error")
                         : "the models have " + std::to_string(count) + " errors",
              "nothing was begun");
}

Status AddProfiles(Manifest& manifest, const std::map<TargetName, TargetProfile>& known,
                   std::vector<std::uint8_t> digest_key, const NixEnvironment& nix) {
  ProfileOptions options;
  options.key.bytes = std::move(digest_key);
  options.known = known;
  options.nix.environment = nix;
  ERIS_ASSIGN(manifest.profiles, MakeProfiles(manifest, options));
  return {};
}

}  // namespace eris::cli
