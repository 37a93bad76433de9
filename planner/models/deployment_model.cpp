#include "planner/models/deployment_model.h"

#include <algorithm>
#include <utility>

#include "planner/models/check_manifest.h"
#include "planner/models/manifest_json.h"
#include "planner/models/nix_source.h"
#include "schema/base/files.h"
#include "schema/base/text.h"

namespace eris {
namespace {

constexpr std::size_t kMaxManifestBytes = std::size_t{256} << 20;

Result<std::string> ReadJson(const std::string& path, const NixOptions& nix) {
  ERIS_ASSIGN(std::string text, ReadFile(path, kMaxManifestBytes));
  if (path.ends_with(".json")) return text;
  return EvaluateNix("(" + std::string(nix_source::kDeployment) + ") { lib = (" +
                         std::string(nix_source::kLib) + "); } " + NixPath(path),
                     nix);
}

// Where the model does not say: targets are of this machine's system, services of that of a target
// that they are mapped to.
Status AddMissingSystems(Manifest& manifest, const NixOptions& nix) {
  const bool all_say = std::none_of(manifest.targets.begin(), manifest.targets.end(),
                                    [](const auto& one) { return one.second.system.empty(); });
  SystemName here;
  if (!all_say) {
    ERIS_ASSIGN(const std::string quoted, EvaluateNix("builtins.currentSystem", nix));
    here = SystemName(std::string(Trim(quoted)).substr(1, Trim(quoted).size() - 2));
  }
  for (auto& [name, target] : manifest.targets) {
    if (target.system.empty()) target.system = here;
  }
  for (const Mapping& mapping : manifest.mappings) {
    Service& service = manifest.services.at(mapping.service);
    if (service.system.empty()) service.system = manifest.targets.at(mapping.target).system;
  }
  return {};
}

}  // namespace

Result<EvaluatedModels> ReadDeploymentModel(const std::string& path, const NixOptions& nix) {
  ERIS_ASSIGN(const std::string json, ReadJson(path, nix));
  Result<ManifestReading> reading = ReadManifestJson(json);
  if (!reading) return Fail(std::move(reading.error()).In(path));
  EvaluatedModels models;
  models.errors = std::move(reading->findings);
  if (models.errors.empty()) models.errors = CheckManifest(reading->manifest);
  for (Finding& error : models.errors) error.position = path;
  if (!models.errors.empty()) return models;
  models.manifest = std::move(reading->manifest);
  ERIS_TRY(AddMissingSystems(models.manifest, nix));
  AddMissingDigests(models.manifest);
  return models;
}

}  // namespace eris
