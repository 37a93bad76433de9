#include "planner/models/model_sources.h"

#include <array>
#include <filesystem>
#include <string_view>

#include "planner/models/nix_command.h"

namespace eris {
namespace {

namespace fs = std::filesystem;

struct Part {
  const char* name;  // of the argument of nix/evaluate.nix, and of the option
  std::string ModelSources::*file;
};

constexpr std::array<Part, 5> kParts = {{{"services", &ModelSources::services},
                                         {"infrastructure", &ModelSources::infrastructure},
                                         {"distribution", &ModelSources::distribution},
                                         {"packages", &ModelSources::packages},
                                         {"architecture", &ModelSources::architecture}}};

void SetDefault(std::string& file, const char* otherwise) {
  if (file.empty()) file = otherwise;
}

// The first part that stands beside `alone`, which tolerates none but `tolerated`.
Status CheckAlone(const ModelSources& given, std::string_view alone, std::string_view tolerated) {
  for (const Part& part : kParts) {
    if ((given.*part.file).empty() || part.name == alone || part.name == tolerated) continue;
    return Fail(ErrorCode::kInvalid, "--" + std::string(alone) + " does not go with --" + part.name,
                "give either of them");
  }
  return {};
}

Status CheckCombination(const ModelSources& given) {
  const bool undeploys = given.purpose == ModelSources::Purpose::kUndeploy;
  if (undeploys) ERIS_TRY(CheckAlone(given, "undeploy", "infrastructure"));
  if (!given.architecture.empty()) ERIS_TRY(CheckAlone(given, "architecture", ""));
  if (!given.flake.empty() && (undeploys || !given.architecture.empty())) {
    return Fail(ErrorCode::kInvalid, "--flake does not go with --architecture and --undeploy",
                "give either of them");
  }
  return {};
}

Status CheckFiles(const ModelSources& sources) {
  for (const Part& part : kParts) {
    const std::string& path = sources.*part.file;
    std::error_code ignored;
    if (path.empty() || fs::exists(path, ignored)) continue;
    const std::string name = part.name;
    return Fail(ErrorCode::kNotFound, "the " + name + " model '" + path + "' does not exist",
                "name the file with --" + name);
  }
  return {};
}

// "." and "./system" are directories of this machine; what has a scheme is left to Nix.
std::string FlakeReference(std::string_view flake) {
  const std::string reference(flake.substr(0, flake.find('#')));
  const bool is_path = reference.empty() || reference.front() == '.' || reference.front() == '/';
  if (!is_path) return NixString(reference);
  std::string path = fs::absolute(reference.empty() ? "." : reference).lexically_normal().string();
  while (path.size() > 1 && path.back() == '/') path.pop_back();
  return NixString(path);
}

std::string FlakeName(std::string_view flake) {
  const std::size_t mark = flake.find('#');
  return mark == std::string_view::npos || mark + 1 == flake.size()
             ? "default"
             : std::string(flake.substr(mark + 1));
}

// The models of a flake, and its own nixpkgs where it has one.
std::string FlakeToNix(std::string_view flake) {
  const std::string name = NixString(FlakeName(flake));
  return "(let\n"
         "  flake = if builtins ? getFlake then builtins.getFlake " +
         FlakeReference(flake) +
         "\n    else throw \"this Nix has no flakes\";\n"
         "  models = (flake.eris or { }).${" +
         name +
         "} or\n"
         "    (throw \"the flake has no output 'eris.${" +
         name +
         "}'\");\n"
         "in { nixpkgs = flake.inputs.nixpkgs or <nixpkgs>; } // builtins.intersectAttrs\n"
         "  { services = 1; infrastructure = 1; distribution = 1; packages = 1; architecture = 1;"
         " nixpkgs = 1; }\n  models)";
}

}  // namespace

Result<ModelSources> ResolveSources(ModelSources given) {
  ERIS_TRY(CheckCombination(given));
  if (given.architecture.empty() && given.flake.empty()) {
    SetDefault(given.infrastructure, "infrastructure.nix");
    const bool has_services = !given.services.empty() || !given.distribution.empty();
    const bool undeploys = given.purpose == ModelSources::Purpose::kUndeploy;
    if (!undeploys && (has_services || given.packages.empty())) {
      SetDefault(given.services, "services.nix");
      SetDefault(given.distribution, "distribution.nix");
    }
  }
  ERIS_TRY(CheckFiles(given));
  return given;
}

std::string NixPath(const std::string& path) {
  return "(/. + " + NixString(fs::absolute(path).lexically_normal().string()) + ")";
}

std::string SourcesToNix(const ModelSources& sources) {
  std::string text = sources.flake.empty() ? "" : FlakeToNix(sources.flake) + " // ";
  text += "{\n";
  for (const Part& part : kParts) {
    const std::string& path = sources.*part.file;
    if (!path.empty()) text += "  " + std::string(part.name) + " = " + NixPath(path) + ";\n";
  }
  return text + "}";
}

}  // namespace eris
