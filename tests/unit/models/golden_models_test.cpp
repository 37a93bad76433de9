// Goal: each form of a model, and each mistake in one, comes out as the manifest or the findings
// that its golden file says. Method: Nix on the models in golden/*/, in a store of the test's own,
// compared with golden/*/expected. ERIS_UPDATE_GOLDEN=1 writes the files anew.
#include <gtest/gtest.h>
#include <stdlib.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "planner/models/evaluate_models.h"
#include "planner/models/manifest_json.h"
#include "tests/unit/models/nix_store.h"

namespace eris {
namespace {

namespace fs = std::filesystem;

NixOptions SharedStore() {
  static const testing::NixStore kStore(testing::StoreNames::kLogical);
  return kStore.options();
}

std::string Read(const fs::path& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

void Print(const char* title, const Findings& findings, const std::string& directory,
           std::ostream& out) {
  for (Finding finding : findings) {
    const std::size_t at = finding.position.find(directory);
    if (at == 0) finding.position.erase(0, directory.size() + 1);
    out << title << ": " << ToString(finding) << "\n  fix: " << finding.fix << "\n";
  }
}

std::string Describe(const Result<EvaluatedModels>& models, const std::string& directory) {
  if (!models) {
    std::string message = models.error().message;
    if (message.starts_with(directory)) message.erase(0, directory.size() + 1);
    return "failed: " + message + "\n  fix: " + models.error().fix + "\n";
  }
  std::ostringstream out;
  Print("error", models->errors, directory, out);
  Print("warning", models->warnings, directory, out);
  if (models->errors.empty()) out << ManifestToJson(models->manifest);
  return out.str();
}

// The models that the directory has, by the names of the files.
ModelSources SourcesIn(const fs::path& directory) {
  const auto file = [&](const std::string& model) -> std::string {
    for (const char* ending : {".nix", ".json"}) {
      if (fs::exists(directory / (model + ending))) return directory / (model + ending);
    }
    return {};
  };
  ModelSources sources;
  sources.services = file("services");
  sources.infrastructure = file("infrastructure");
  sources.distribution = file("distribution");
  sources.packages = file("packages");
  sources.architecture = file("architecture");
  const bool is_bare = sources.services.empty() && sources.packages.empty();
  if (is_bare && sources.architecture.empty()) sources.purpose = ModelSources::Purpose::kUndeploy;
  return sources;
}

class GoldenModels : public ::testing::TestWithParam<std::string> {};

TEST_P(GoldenModels, ComeOutAsExpected) {
  const fs::path directory = fs::path(ERIS_GOLDEN_DIR) / GetParam();
  ModelOptions options;
  options.sources = SourcesIn(directory);
  options.nixpkgs = ERIS_TEST_NIXPKGS;
  options.nix = SharedStore();
  const std::string actual = Describe(EvaluateModels(options), directory.string());
  const fs::path expected = directory / "expected";
  if (::getenv("ERIS_UPDATE_GOLDEN") != nullptr) std::ofstream(expected) << actual;
  EXPECT_EQ(actual, Read(expected)) << "in " << directory;
}

std::vector<std::string> Cases() {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(ERIS_GOLDEN_DIR)) {
    if (entry.is_directory()) names.push_back(entry.path().filename());
  }
  std::sort(names.begin(), names.end());
  return names;
}

INSTANTIATE_TEST_SUITE_P(All, GoldenModels, ::testing::ValuesIn(Cases()),
                         [](const auto& one) { return one.param; });

}  // namespace
}  // namespace eris
