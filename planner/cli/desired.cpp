#include "planner/cli/desired.h"

#include <utility>

#include "planner/models/evaluate_models.h"
#include "planner/models/manifest_json.h"
#include "planner/models/profiles.h"
#include "schema/base/files.h"

namespace eris::cli {
namespace {

constexpr std::size_t kMaxManifestBytes = std::size_t{256} << 20;

Result<Manifest> ReadDeployment(const std::string& path) {
  ERIS_ASSIGN(const std::string json, ReadFile(path, kMaxManifestBytes));
  Result<Manifest> manifest = ManifestFromJson(json);
  if (manifest) return manifest;
  Error error = std::move(manifest.error()).In(path);
  if (error.fix.empty()) error.fix = "`eris manifest --json` prints one";
  return Fail(std::move(error));
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

}  // namespace

Result<Manifest> EvaluateDesired(const ModelArguments& arguments, const NixEnvironment& nix,
                                 Output& output) {
  if (!arguments.deployment.empty()) return ReadDeployment(arguments.deployment);
  ERIS_ASSIGN(EvaluatedModels models, EvaluateModels(OptionsOf(arguments, nix)));
  for (const Finding& warning : models.warnings) {
    output.Note("warning: " + ToString(warning) +
                (warning.fix.empty() ? "" : "\n      " + warning.fix));
  }
  if (models.errors.empty()) return std::move(models.manifest);
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
