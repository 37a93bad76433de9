#include "planner/models/evaluate_models.h"

#include <filesystem>

#include "planner/models/build_manifest.h"
#include "planner/models/instances.h"
#include "planner/models/nix_source.h"

namespace eris {
namespace {

namespace fs = std::filesystem;

enum class Packages { kEvaluate, kLeaveOut };

// A path literal cannot hold every name; a path made from a string can.
std::string NixPath(const std::string& path) {
  return "(/. + " + NixString(fs::absolute(path).lexically_normal().string()) + ")";
}

Status CheckFile(const std::string& path, const std::string& model) {
  std::error_code ignored;
  if (fs::exists(path, ignored)) return {};
  return Fail(ErrorCode::kNotFound, "the " + model + " model '" + path + "' does not exist",
              "name the file with --" + model);
}

std::string Parenthesised(std::string_view expression) {
  return "(" + std::string(expression) + "\n)";
}

std::string Expression(const ModelOptions& options, Packages packages) {
  namespace source = nix_source;
  std::string text = "let lib = " + Parenthesised(source::kLib) + "; in\n" +
                     Parenthesised(source::kEvaluate) + " {\n  inherit lib;\n" +
                     "  infrastructureFile = " + Parenthesised(source::kInfrastructure) + ";\n" +
                     "  servicesFile = " + Parenthesised(source::kServices) + ";\n" +
                     "  validateFile = " + Parenthesised(source::kValidate) + ";\n} {\n";
  text += "  services = " + NixPath(options.services) + ";\n";
  text += "  infrastructure = " + NixPath(options.infrastructure) + ";\n";
  text += "  distribution = " + NixPath(options.distribution) + ";\n";
  text += "  targetProperty = " + NixString(options.target_property) + ";\n";
  if (!options.extra_params.empty()) {
    text += "  extraParams = " + Parenthesised(options.extra_params) + ";\n";
  }
  if (!options.nixpkgs.empty()) text += "  nixpkgs = " + NixPath(options.nixpkgs) + ";\n";
  if (options.deploy_state) text += "  deployState = true;\n";
  if (packages == Packages::kLeaveOut) text += "  withPackages = false;\n";
  return text + "}\n";
}

Result<RawModel> Evaluate(const ModelOptions& options, Packages packages) {
  ERIS_ASSIGN(const std::string json, EvaluateNix(Expression(options, packages), options.nix));
  return ReadRawModel(json);
}

EvaluatedModels Judge(const RawModel& model, const CheckOptions& check) {
  const InstanceGraph graph = MakeInstances(model);
  ModelVerdict verdict = CheckModel(model, graph, check);
  EvaluatedModels result{{}, std::move(verdict.errors), std::move(verdict.warnings)};
  if (result.errors.empty()) result.manifest = BuildManifest(model, graph);
  return result;
}

// A package that cannot be evaluated is often a symptom (a cycle, an interdependency that runs
// nowhere): the structure alone may tell the cause. Empty when it does not.
Findings CausesInStructure(const ModelOptions& options) {
  const Result<RawModel> structure = Evaluate(options, Packages::kLeaveOut);
  if (!structure) return {};
  return CheckModel(*structure, MakeInstances(*structure), options.check).errors;
}

}  // namespace

Result<RawModel> EvaluateRawModel(const ModelOptions& options) {
  ERIS_TRY(CheckFile(options.services, "services"));
  ERIS_TRY(CheckFile(options.infrastructure, "infrastructure"));
  ERIS_TRY(CheckFile(options.distribution, "distribution"));
  return Evaluate(options, Packages::kEvaluate);
}

Result<EvaluatedModels> EvaluateModels(const ModelOptions& options) {
  Result<RawModel> model = EvaluateRawModel(options);
  if (model) return Judge(*model, options.check);
  if (model.error().code != ErrorCode::kInvalid) return Fail(std::move(model).error());
  Findings causes = CausesInStructure(options);
  if (causes.empty()) return Fail(std::move(model).error());
  return EvaluatedModels{{}, std::move(causes), {}};
}

}  // namespace eris
