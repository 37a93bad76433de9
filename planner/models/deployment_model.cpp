#include "planner/models/deployment_model.h"

#include <utility>

#include "planner/models/check_manifest.h"
#include "planner/models/manifest_json.h"
#include "planner/models/nix_source.h"
#include "schema/base/files.h"

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

}  // namespace

Result<EvaluatedModels> ReadDeploymentModel(const std::string& path, const NixOptions& nix) {
  ERIS_ASSIGN(const std::string json, ReadJson(path, nix));
  Result<Manifest> manifest = ManifestFromJson(json);
  if (!manifest) return Fail(std::move(manifest.error()).In(path));
  EvaluatedModels models;
  models.errors = CheckManifest(*manifest);
  if (!models.errors.empty()) return models;
  models.manifest = std::move(*manifest);
  AddMissingDigests(models.manifest);
  return models;
}

}  // namespace eris
