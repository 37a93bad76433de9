// `eris manifest` and `eris build`: models and Nix on this machine, no broker.
#include <algorithm>
#include <set>
#include <thread>
#include <utility>

#include "planner/cli/commands.h"
#include "planner/cli/desired.h"
#include "planner/cli/lists.h"
#include "planner/models/manifest_json.h"
#include "state/package_store.h"

namespace eris::cli {
namespace {

// With profiles where the key of their digests is configured; without it they would give away
// what the properties are.
Result<Manifest> EvaluateHere(const ModelArguments& models, Context& context) {
  ERIS_ASSIGN(Manifest manifest, EvaluateDesired(models, context.settings.store, context.output));
  if (context.settings.digest_key_file.empty() || !manifest.profiles.empty()) return manifest;
  ERIS_ASSIGN(std::vector<std::uint8_t> key, ReadDigestKey(context.settings));
  ERIS_TRY(AddProfiles(manifest, {}, std::move(key), context.settings.store));
  return manifest;
}

std::vector<Derivation> DerivationsOf(const Manifest& manifest) {
  std::set<std::pair<StorePath, StorePath>> all;
  for (const auto& [key, service] : manifest.services) {
    all.emplace(service.derivation, service.package);
  }
  for (const auto& [target, profile] : manifest.profiles) {
    all.emplace(profile.derivation, profile.path);
  }
  std::vector<Derivation> derivations;
  for (const auto& [derivation, output] : all) {
    if (!derivation.empty()) derivations.push_back({derivation, output});
  }
  return derivations;
}

}  // namespace

Result<ExitCode> RunManifest(const ManifestCommand& command, Context& context) {
  ERIS_ASSIGN(const Manifest manifest, EvaluateHere(command.models, context));
  if (context.output.json()) {
    std::string json = ManifestToJson(manifest);
    if (json.empty() || json.back() != '\n') json += '\n';
    context.output.Print(json);
  } else {
    context.output.Print(ManifestText(manifest));
  }
  return ExitCode::kDone;
}

Result<ExitCode> RunBuild(const BuildCommand& command, Context& context) {
  ERIS_ASSIGN(const Manifest manifest, EvaluateHere(command.models, context));
  const std::vector<Derivation> derivations = DerivationsOf(manifest);
  std::vector<std::string> environment = context.surroundings.environment;
  for (const std::string& variable : context.settings.store) {
    const std::string name = variable.substr(0, variable.find('=') + 1);
    std::erase_if(environment, [&name](const std::string& old) { return old.starts_with(name); });
    environment.push_back(variable);
  }
  RealiseOptions options;
  const std::uint32_t cores = std::max(1U, std::thread::hardware_concurrency());
  options.max_jobs = command.max_jobs > 0 ? command.max_jobs : cores;
  ERIS_ASSIGN(const RealiseResult result, NixStore(environment).Realise(derivations, options));
  std::string text;
  for (const StorePath& path : result.valid) text += path.text + "\n";
  context.output.Print(text);
  if (result.failed.empty()) return ExitCode::kDone;
  if (!result.log_tail.empty()) context.output.Note(result.log_tail);
  return Fail(ErrorCode::kInvalid,
              std::to_string(result.failed.size()) + " of " + std::to_string(derivations.size()) +
                  " packages could not be built, the first is " + result.failed.front().text,
              "the end of Nix' output is above");
}

}  // namespace eris::cli
