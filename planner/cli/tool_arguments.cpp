// The grammar of the commands that do the jobs of Disnix' smaller tools.
#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <cstdint>
#include <memory>
#include <utility>

#include "planner/cli/command_shape.h"
#include "planner/cli/completion.h"
#include "planner/cli/internal/grammar_parts.h"
#include "planner/cli/manual_page.h"

namespace eris::cli {
namespace {

template <typename Value>
void AddNamed(CLI::App& app, const std::string& name, Value& into,
              const std::vector<std::pair<std::string, Value>>& values, const std::string& help) {
  std::vector<std::string> names;
  names.reserve(values.size());
  for (const auto& [word, value] : values) names.push_back(word);
  app.add_option_function<std::string>(
         name,
         [&into, values](const std::string& text) {
           for (const auto& [word, value] : values) {
             if (word == text) into = value;
           }
         },
         help)
      ->type_name("")
      ->check(CLI::IsMember(names));
}

void AddTargetNames(CLI::App& app, std::vector<TargetName>& targets) {
  app.add_option_function<std::vector<std::string>>(
      "TARGET",
      [&targets](const std::vector<std::string>& names) {
        for (const std::string& name : names) targets.emplace_back(name);
      },
      "targets (all of the current generation)");
}

template <typename T>
CLI::App& Add(CLI::App& root, const char* name, const char* help, const GrammarParts& parts,
              std::shared_ptr<T> command) {
  CLI::App& app = *root.add_subcommand(name, help);
  app.callback([command, take = parts.take] { take(*command); });
  return app;
}

// ---- the grammar as data ----

// CLI11 shows the words that IsMember allows as "{a,b}".
std::vector<std::string> ChoicesOf(const std::string& type) {
  const std::size_t open = type.find('{');
  const std::size_t close = type.find('}');
  std::vector<std::string> choices;
  if (open == std::string::npos || close == std::string::npos || close < open) return choices;
  std::string rest = type.substr(open + 1, close - open - 1) + ",";
  for (std::size_t comma = rest.find(','); comma != std::string::npos; comma = rest.find(',')) {
    const std::string word = rest.substr(0, comma);
    choices.push_back(word.substr(0, word.find("->")));
    rest.erase(0, comma + 1);
  }
  return choices;
}

OptionShape ShapeOf(const CLI::Option& option) {
  OptionShape shape{.names = {}, .help = option.get_description(), .value = {}, .choices = {}};
  const std::string type = option.get_type_name();
  shape.choices = ChoicesOf(type);
  if (shape.choices.empty()) shape.value = type;
  if (option.get_positional()) {
    shape.kind = OptionShape::Kind::kPositional;
    shape.names = {option.get_name(true)};
    return shape;
  }
  if (option.get_items_expected_max() > 0) shape.kind = OptionShape::Kind::kValue;
  for (const std::string& name : option.get_snames()) shape.names.push_back("-" + name);
  for (const std::string& name : option.get_lnames()) shape.names.push_back("--" + name);
  return shape;
}

CommandShape ShapeOfOne(const CLI::App& app) {
  CommandShape shape{app.get_name(), app.get_description(), {}, {}};
  for (const CLI::Option* option : app.get_options()) shape.options.push_back(ShapeOf(*option));
  return shape;
}

std::vector<const CLI::App*> Below(const CLI::App& app) {
  return app.get_subcommands([](const CLI::App*) { return true; });
}

CommandShape ShapeOf(const CLI::App& root) {
  CommandShape shape = ShapeOfOne(root);
  for (const CLI::App* command : Below(root)) {
    shape.commands.push_back(ShapeOfOne(*command));
    for (const CLI::App* below : Below(*command)) {
      shape.commands.back().commands.push_back(ShapeOfOne(*below));
    }
  }
  return shape;
}

// ---- the commands ----

void AddGenerations(CLI::App& root, const GrammarParts& parts) {
  CLI::App& app =
      *root.add_subcommand("generations", "list what was committed, go to one, delete old ones");
  app.require_subcommand(0, 1);
  app.callback([&app, take = parts.take] {
    if (app.get_subcommands().empty()) take(GenerationsCommand{});
  });
  CLI::App& list_app =
      Add(app, "list", "list what was committed", parts, std::make_shared<GenerationsCommand>());
  auto to = std::make_shared<RollbackCommand>();
  CLI::App& switch_app =
      Add(app, "switch", "deploy the content of a generation: as `rollback --to`", parts, to);
  switch_app.add_option("GENERATION", to->to.value, "its number")->required();
  parts.add_deploy_options(switch_app, to->submit.options);
  parts.add_submit(switch_app, to->submit);
  auto deletion = std::make_shared<DeleteGenerationsCommand>();
  CLI::App& delete_app = Add(app, "delete", "delete generations", parts, deletion);
  delete_app
      .add_option("WHICH", deletion->which,
                  "numbers, an age like 30d, old or all; never the current one")
      ->required();
  parts.add_submit(delete_app, deletion->submit);
  for (CLI::App* one : {&app, &list_app, &switch_app, &delete_app}) {
    parts.add_connection(*one);
    parts.add_profile(*one);
    parts.add_json(*one);
  }
}

void AddOperations(CLI::App& root, const GrammarParts& parts) {
  auto query = std::make_shared<QueryCommand>();
  CLI::App& query_app = Add(root, "query", "ask targets what they run", parts, query);
  AddTargetNames(query_app, query->targets);
  AddWait(query_app, query->submit.options);
  using Shape = QueryCommand::Shape;
  query_app
      .add_option_function<std::string>(
          "-f,--format",
          [query, print_json = parts.print_json](const std::string& name) {
            if (name == "json") print_json();
            if (name == "services") query->shape = Shape::kServices;
            if (name == "containers") query->shape = Shape::kContainers;
            if (name == "nix") query->shape = Shape::kNix;
          },
          "packages per target, per container, or everything as data (table)")
      ->type_name("")
      ->check(CLI::IsMember({"table", "services", "containers", "nix", "json"}));
  query_app.add_flag_callback(
      "--drift", [query] { query->question = QueryCommand::Question::kDrift; },
      "what differs from the current generation; exit status 1 when something does");
  auto collect = std::make_shared<CollectCommand>();
  CLI::App& collect_app =
      Add(root, "collect-garbage", "delete what nothing needs from the Nix stores of targets",
          parts, collect);
  AddTargetNames(collect_app, collect->targets);
  AddWait(collect_app, collect->submit.options);
  collect_app.add_flag_callback(
      "-d,--delete-old",
      [collect] { collect->what.scope = CollectItem::Scope::kGarbageAndOldGenerations; },
      "also old generations of the profiles there");
  for (CLI::App* app : {&query_app, &collect_app}) {
    parts.add_connection(*app);
    parts.add_profile(*app);
    parts.add_json(*app);
  }
}

void AddVisualize(CLI::App& root, const GrammarParts& parts) {
  auto command = std::make_shared<VisualizeCommand>();
  auto models = std::make_shared<ModelArguments>();
  CLI::App& app = *root.add_subcommand(
      "visualize", "a picture of the current generation, or of models where any is given");
  parts.add_models(app, *models);
  app.callback([command, models, take = parts.take] {
    const bool is_given = models->sources != ModelSources() || !models->deployment.empty();
    if (is_given) command->models = *models;
    take(*command);
  });
  app.add_option("--generation", command->generation.value, "instead of the current one");
  using Format = VisualizeCommand::Format;
  AddNamed<Format>(app, "--format", command->format,
                   {{"dot", Format::kDot}, {"svg", Format::kSvg}, {"png", Format::kPng}},
                   "dot: a text for Graphviz (default); the others are made by Graphviz");
  app.add_flag_callback(
      "--no-containers", [command] { command->containers = VisualizeCommand::Containers::kHidden; },
      "targets and services only");
  app.add_flag_callback(
      "--status", [command] { command->colours = VisualizeCommand::Colours::kLastTransaction; },
      "colour services by what the last transaction did to them");
  parts.add_connection(app);
  parts.add_profile(app);
}

void AddModelTools(CLI::App& root, const GrammarParts& parts) {
  auto distribution = std::make_shared<DistributionCommand>();
  CLI::App& distribution_app =
      Add(root, "distribution", "a distribution model: services in turn over the targets", parts,
          distribution);
  parts.add_models(distribution_app, distribution->models);
  auto normalize = std::make_shared<NormalizeCommand>();
  CLI::App& normalize_app =
      Add(root, "normalize", "the infrastructure model with its defaults", parts, normalize);
  parts.add_models(normalize_app, normalize->models);
  auto compare = std::make_shared<CompareCommand>();
  CLI::App& compare_app = Add(root, "compare",
                              "what differs between the models and the current generation; exit "
                              "status 0 nothing, 1 something, 2 or more: unknown",
                              parts, compare);
  parts.add_models(compare_app, compare->models);
  compare_app.add_option("--generation", compare->generation.value, "instead of the current one");
  parts.add_connection(compare_app);
  parts.add_profile(compare_app);
  for (CLI::App* app : {&distribution_app, &normalize_app, &compare_app}) parts.add_json(*app);
}

void AddSelfDescriptions(CLI::App& root, const GrammarParts& parts) {
  auto shell = std::make_shared<Shell>();
  CLI::App& completion_app = *root.add_subcommand(
      "completion", "a script that completes command lines of eris in a shell");
  AddNamed<Shell>(completion_app, "SHELL", *shell,
                  {{"bash", Shell::kBash}, {"zsh", Shell::kZsh}, {"fish", Shell::kFish}},
                  "which one");
  completion_app.get_option("SHELL")->required();
  completion_app.callback(
      [shell, &root, answer = parts.answer] { answer(CompletionText(*shell, ShapeOf(root))); });
  auto command = std::make_shared<std::string>();
  CLI::App& man_app = *root.add_subcommand("man", "the manual page eris(1), for man(1)");
  man_app
      .add_option("--options", *command,
                  "instead: what docs/manual/commands says of this command's options")
      ->type_name("COMMAND");
  man_app.callback([&root, command, answer = parts.answer] {
    const CommandShape shape = ShapeOf(root);
    answer(command->empty() ? ManualPage(shape) : OptionsSection(shape, *command));
  });
}

}  // namespace

void AddPhases(CLI::App& deploy, DeployCommand& command, const GrammarParts&) {
  AddNamed<Until>(
      deploy, "--until", command.submit.options.until,
      {{"prepare", Until::kPrepare}, {"lock", Until::kLock}, {"switch", Until::kSwitch}},
      "stop there, and wait for --resume or `eris cancel`");
  CLI::Option& resume =
      *deploy.add_option("--resume", "let this transaction, which has stopped, go on")
           ->type_name("TX");
  CLI::Option& repair = *deploy.add_flag_callback(
      "--repair", [] {},
      "no models: bring the targets back to what the current generation says, and nothing else");
  resume.excludes(&repair);
  for (const char* name : {"--plan", "--dry-run"}) resume.excludes(deploy.get_option(name));
}

void AddTools(CLI::App& root, const GrammarParts& parts) {
  AddGenerations(root, parts);
  AddOperations(root, parts);
  AddVisualize(root, parts);
  AddModelTools(root, parts);
  AddSelfDescriptions(root, parts);
}

}  // namespace eris::cli
