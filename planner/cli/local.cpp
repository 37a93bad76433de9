// `eris manifest` and `eris build`: models and Nix on this machine, no broker.
#include <algorithm>
#include <map>
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
  if (context.settings.digest_key_file.empty()) return manifest;
  ERIS_ASSIGN(std::vector<std::uint8_t> key, ReadDigestKey(context.settings));
  ERIS_TRY(AddProfiles(manifest, {}, std::move(key), context.settings.store));
  return manifest;
}

// By system: Nix begins nothing of a batch that has one it cannot build.
std::map<SystemName, std::vector<Derivation>> DerivationsOf(const Manifest& manifest) {
  std::map<SystemName, std::set<std::pair<StorePath, StorePath>>> all;
  for (const auto& [key, service] : manifest.services) {
    if (service.derivation.empty()) continue;
    all[service.system].emplace(service.derivation, service.package);
  }
  for (const auto& [target, profile] : manifest.profiles) {
    if (profile.derivation.empty()) continue;
    all[manifest.targets.at(target).system].emplace(profile.derivation, profile.path);
  }
  std::map<SystemName, std::vector<Derivation>> derivations;
  for (const auto& [system, pairs] : all) {
    for (const auto& [derivation, output] : pairs) {
      derivations[system].push_back({derivation, output});
    }
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
  NixStore store(NixEnvironmentOf(context.settings, context.surroundings));
  RealiseOptions options;
  const std::uint32_t cores = std::max(1U, std::thread::hardware_concurrency());
  options.max_jobs = command.max_jobs > 0 ? command.max_jobs : cores;
  RealiseResult all;
  for (const auto& [system, derivations] : DerivationsOf(manifest)) {
    ERIS_ASSIGN(const RealiseResult built, store.Realise(derivations, options));
    all.valid.insert(all.valid.end(), built.valid.begin(), built.valid.end());
    all.failed.insert(all.failed.end(), built.failed.begin(), built.failed.end());
    all.log_tail += built.log_tail;
  }
  std::string text;
  for (const StorePath& path : all.valid) text += path.text + "\n";
  context.output.Print(text);
  if (all.failed.empty()) return ExitCode::kDone;
  if (!all.log_tail.empty()) context.output.Note(all.log_tail);
  return Fail(ErrorCode::kInvalid,
              std::to_string(all.failed.size()) + " of " +
                  std::to_string(all.failed.size() + all.valid.size()) +
                  " packages could not be built, the first is " + all.failed.front().text,
              "the ends of the logs are above");
}

}  // namespace eris::cli
