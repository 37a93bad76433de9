#include "planner/models/evaluate_models.h"

#include <filesystem>

#include "planner/models/build_manifest.h"
#include "planner/models/instances.h"
#include "planner/models/nix_source.h"

namespace eris {
namespace {

// kPossible: those that throw are left out.
enum class Packages { kAll, kPossible, kNone };

const char* NameOf(Packages packages) {
  switch (packages) {
    case Packages::kAll:
      return "all";
    case Packages::kPossible:
      return "possible";
    case Packages::kNone:
      return "none";
  }
  return "";
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
                     "  packagesFile = " + Parenthesised(source::kPackages) + ";\n" +
                     "  validateFile = " + Parenthesised(source::kValidate) + ";\n} (" +
                     SourcesToNix(options.sources) + " // {\n";
  text += "  targetProperty = " + NixString(options.target_property) + ";\n";
  if (!options.extra_params.empty()) {
    text += "  extraParams = " + Parenthesised(options.extra_params) + ";\n";
  }
  if (!options.nixpkgs.empty()) text += "  nixpkgs = " + NixPath(options.nixpkgs) + ";\n";
  if (options.deploy_state) text += "  deployState = true;\n";
  return text + "  withPackages = " + NixString(NameOf(packages)) + ";\n})\n";
}

NixOptions NixFor(const ModelOptions& options) {
  NixOptions nix = options.nix;
  if (!options.nixpkgs.empty()) nix.nixpkgs = std::filesystem::absolute(options.nixpkgs).string();
  if (!options.sources.flake.empty()) nix.features = NixOptions::Features::kFlakes;
  return nix;
}

Result<RawModel> Evaluate(const ModelOptions& options, Packages packages) {
  ERIS_ASSIGN(const std::string json, EvaluateNix(Expression(options, packages), NixFor(options)));
  return ReadRawModel(json);
}

// In an architecture model everything is one model.
void NameArchitecture(Findings& findings) {
  for (Finding& finding : findings) {
    if (finding.model == "packages") finding.model = "targetPackages";
    if (finding.model == "distribution") {
      finding.model = "services";
      finding.path += ".targets";
    }
    finding.path = finding.model + (finding.path.empty() ? "" : "." + finding.path);
    finding.model = "architecture";
  }
}

ModelVerdict Check(const RawModel& model, const InstanceGraph& graph, const ModelOptions& options) {
  ModelVerdict verdict = CheckModel(model, graph, options.check);
  if (!options.sources.architecture.empty()) {
    NameArchitecture(verdict.errors);
    NameArchitecture(verdict.warnings);
  }
  return verdict;
}

EvaluatedModels Judge(const RawModel& model, const ModelOptions& options) {
  const InstanceGraph graph = MakeInstances(model);
  ModelVerdict verdict = Check(model, graph, options);
  EvaluatedModels result{{}, std::move(verdict.errors), std::move(verdict.warnings)};
  if (result.errors.empty()) result.manifest = BuildManifest(model, graph);
  return result;
}

// A package that cannot be evaluated is often a symptom (a cycle, an interdependency that runs
// nowhere): the rest may tell the cause, and what else is wrong. Empty when it does not.
Findings FindCauses(const ModelOptions& options) {
  for (const Packages packages : {Packages::kPossible, Packages::kNone}) {
    const Result<RawModel> model = Evaluate(options, packages);
    if (model) return Check(*model, MakeInstances(*model), options).errors;
  }
  return {};
}

}  // namespace

Result<RawModel> EvaluateOutline(const ModelOptions& options) {
  ERIS_ASSIGN(RawModel model, Evaluate(options, Packages::kNone));
  if (model.findings.empty()) return model;
  const Finding& first = model.findings.front();
  return Fail(ErrorCode::kInvalid, ToString(first), first.fix);
}

Result<RawModel> EvaluateRawModel(const ModelOptions& options) {
  return Evaluate(options, Packages::kAll);
}

Result<EvaluatedModels> EvaluateModels(const ModelOptions& given) {
  ModelOptions options = given;
  ERIS_ASSIGN(options.sources, ResolveSources(given.sources));
  Result<RawModel> model = EvaluateRawModel(options);
  if (model) return Judge(*model, options);
  if (model.error().code != ErrorCode::kInvalid) return Fail(std::move(model).error());
  Findings causes = FindCauses(options);
  if (causes.empty()) return Fail(std::move(model).error());
  return EvaluatedModels{{}, std::move(causes), {}};
}

}  // namespace eris
