// `eris distribution`, `eris normalize` and `eris compare`: what can be said of models.
#include <filesystem>
#include <map>
#include <memory>
#include <system_error>
#include <utility>
#include <vector>

#include "planner/cli/commands.h"
#include "planner/cli/comparison.h"
#include "planner/cli/desired.h"
#include "planner/cli/generation.h"
#include "planner/cli/json_text.h"
#include "planner/cli/submitting.h"
#include "planner/models/evaluate_models.h"
#include "planner/models/manifest_json.h"
#include "planner/models/nix_text.h"
#include "planner/models/round_robin.h"

namespace eris::cli {
namespace {

Status CheckFile(const std::string& path, const char* option) {
  std::error_code ignored;
  if (std::filesystem::exists(path, ignored)) return {};
  return Fail(ErrorCode::kNotFound, "there is no " + path,
              std::string("name the model with ") + option);
}

ModelOptions OutlineOptions(const ModelArguments& arguments, const Context& context) {
  ModelOptions options;
  options.nixpkgs = arguments.nixpkgs;
  options.extra_params = arguments.extra_params;
  options.target_property = arguments.target_property;
  options.nix.environment = context.settings.store;
  options.nix.show_trace = arguments.trace == ModelArguments::Trace::kWhole;
  return options;
}

// With its default; the file is there.
Result<std::string> InfrastructureOf(const ModelArguments& arguments) {
  const std::string& given = arguments.sources.infrastructure;
  const std::string file = given.empty() ? "./infrastructure.nix" : given;
  ERIS_TRY(CheckFile(file, "-i"));
  return file;
}

Result<std::vector<Discrepancy>> Discrepancies(const CompareCommand& command, Context& context) {
  ERIS_ASSIGN(const Manifest next,
              EvaluateDesired(command.models, context.settings.store, context.output));
  ERIS_ASSIGN(const std::unique_ptr<Session> session, Connect(context));
  ERIS_ASSIGN(const DeployedGeneration base,
              FetchGeneration(session->client(), context.call.profile, command.generation));
  return Compare(base.manifest, next);
}

}  // namespace

Result<ExitCode> RunDistribution(const DistributionCommand& command, Context& context) {
  ModelOptions options = OutlineOptions(command.models, context);
  const std::string& services = command.models.sources.services;
  options.sources.services = services.empty() ? "./services.nix" : services;
  ERIS_TRY(CheckFile(options.sources.services, "-s"));
  ERIS_ASSIGN(options.sources.infrastructure, InfrastructureOf(command.models));
  ERIS_ASSIGN(const RawModel model, EvaluateOutline(options));
  std::vector<ServiceName> service_names;
  for (const auto& [name, service] : model.services) service_names.push_back(name);
  std::vector<TargetName> target_names;
  for (const auto& [name, target] : model.targets) target_names.push_back(name);
  ERIS_ASSIGN(const std::string text, context.output.json()
                                          ? RoundRobinJson(service_names, target_names)
                                          : RoundRobinModel(service_names, target_names));
  context.output.Print(text);
  return ExitCode::kDone;
}

Result<ExitCode> RunNormalize(const NormalizeCommand& command, Context& context) {
  ModelOptions options = OutlineOptions(command.models, context);
  ERIS_ASSIGN(options.sources.infrastructure, InfrastructureOf(command.models));
  ERIS_ASSIGN(const RawModel model, EvaluateOutline(options));
  std::map<TargetName, Target> targets;
  for (const auto& [name, raw] : model.targets) targets.emplace(name, raw.target);
  std::string text = TargetsToJson(targets);
  if (!context.output.json()) {
    ERIS_ASSIGN(text, NixFromJson(text));
  }
  context.output.Print(text);
  return ExitCode::kDone;
}

Result<ExitCode> RunCompare(const CompareCommand& command, Context& context) {
  const Result<std::vector<Discrepancy>> found = Discrepancies(command, context);
  if (!found) {
    const ExitCode code = ExitCodeOf(found.error().code);
    if (code != ExitCode::kInvalid) return Fail(found.error());
    context.output.Problem(found.error());
    return ExitCode::kRolledBack;
  }
  context.output.Print(context.output.json() ? ToJson(*found) : DiscrepanciesText(*found));
  return found->empty() ? ExitCode::kDone : ExitCode::kInvalid;
}

}  // namespace eris::cli
