// The grammar of the commands that ask targets what they have and run: capture-infra,
// capture-manifest, reconstruct, copy-closure, diagnose.
#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <memory>

#include "planner/cli/internal/grammar_parts.h"

namespace eris::cli {
namespace {

void AddCommonOptions(CLI::App& app, MissingTargets& missing, SubmitArguments& submit,
                      const GrammarParts& parts) {
  app.add_flag_callback(
      "--allow-missing", [&missing] { missing = MissingTargets::kAllowed; },
      "leave out targets that do not answer");
  AddWait(app, submit.options);
  parts.add_connection(app);
  parts.add_profile(app);
  parts.add_json(app);
}

void AddCaptureInfra(CLI::App& root, const GrammarParts& parts) {
  auto command = std::make_shared<CaptureInfraCommand>();
  CLI::App& app = *root.add_subcommand(
      "capture-infra",
      "the containers and properties that targets have, as an infrastructure model");
  parts.add_infrastructure(app, command->models);
  AddCommonOptions(app, command->missing, command->submit, parts);
  app.callback([command, take = parts.take] { take(*command); });
}

void AddCaptureManifest(CLI::App& root, const GrammarParts& parts) {
  auto command = std::make_shared<CaptureManifestCommand>();
  CLI::App& app = *root.add_subcommand("capture-manifest",
                                       "what targets say of themselves, as a deployment model");
  parts.add_infrastructure(app, command->models);
  AddCommonOptions(app, command->missing, command->submit, parts);
  app.callback([command, parts] {
    parts.take(*command);
    parts.print_json();  // a model is read by programs
  });
}

void AddReconstruct(CLI::App& root, const GrammarParts& parts) {
  auto command = std::make_shared<ReconstructCommand>();
  CLI::App& app = *root.add_subcommand(
      "reconstruct", "make what targets say of themselves the current generation");
  parts.add_infrastructure(app, command->models);
  AddCommonOptions(app, command->missing, command->submit, parts);
  app.add_flag_callback(
      "--take-over", [command] { command->journal = ReconstructCommand::Journal::kTaken; },
      "the journal was lost: the targets serve this planner's from now on");
  app.add_flag_callback(
      "--from-disnix", [command] { command->source = ReconstructCommand::Source::kDisnix; },
      "from the profiles of a running Disnix: generation 1, without any activity");
  app.callback([command, take = parts.take] { take(*command); });
}

void AddCopyClosure(CLI::App& root, const GrammarParts& parts) {
  auto command = std::make_shared<CopyClosureCommand>();
  CLI::App& app = *root.add_subcommand(
      "copy-closure",
      "have store paths of the planner, and what they need, on targets, or those of a target here");
  CLI::Option* to = app.add_option_function<std::vector<std::string>>(
                           "-t,--to,--target",
                           [command](const std::vector<std::string>& names) {
                             for (const std::string& name : names) {
                               command->targets.emplace_back(name);
                             }
                           },
                           "which target is to have them; repeatable")
                        ->allow_extra_args(false);
  CLI::Option* from = app.add_option_function<std::string>(
      "--from",
      [command](const std::string& name) {
        command->targets = {TargetName(name)};
        command->way = TransferItem::Way::kFromTarget;
      },
      "which target has them: the planner's store is to have them; for keys of level admin");
  to->excludes(from);
  app.add_option_function<std::vector<std::string>>(
         "PATH",
         [command](const std::vector<std::string>& paths) {
           for (const std::string& path : paths) command->paths.emplace_back(path);
         },
         "store paths")
      ->required();
  AddWait(app, command->submit.options);
  parts.add_connection(app);
  parts.add_profile(app);
  app.callback([command, take = parts.take] { take(*command); });
}

void AddDiagnose(CLI::App& root, const GrammarParts& parts) {
  auto command = std::make_shared<DiagnoseCommand>();
  CLI::App& app = *root.add_subcommand(
      "diagnose", "a shell beside a service, with its container's properties; for keys that may");
  app.add_option("-S,--service", command->service.text, "name of the service")->required();
  app.add_option("-t,--target", command->target.text, "the one on this target");
  app.add_option("-c,--container", command->container.text, "the one in this container");
  app.add_option("--command", command->command,
                 "run this instead of a shell; on each of them where there are several, until one "
                 "fails");
  app.add_flag_callback(
      "--show-mappings", [command] { command->doing = DiagnoseCommand::Doing::kListing; },
      "list where the service is, and do nothing");
  AddWait(app, command->submit.options);
  parts.add_connection(app);
  parts.add_profile(app);
  app.callback([command, take = parts.take] { take(*command); });
}

}  // namespace

void AddCaptures(CLI::App& root, const GrammarParts& parts) {
  AddCaptureInfra(root, parts);
  AddCaptureManifest(root, parts);
  AddReconstruct(root, parts);
  AddCopyClosure(root, parts);
  AddDiagnose(root, parts);
}

}  // namespace eris::cli
