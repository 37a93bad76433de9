// What the sources of the grammar share: options that many commands have, and where a parsed
// command goes. Private to arguments.cpp and the sources that add groups of commands to it.
#pragma once

#include <functional>
#include <string>

#include "planner/cli/call.h"

namespace CLI {
class App;
}

namespace eris::cli {

// Made by the grammar; refers into it and into the parser, and lives as long as they do.
struct GrammarParts {
  std::function<void(CLI::App&)> add_connection;
  std::function<void(CLI::App&)> add_profile;
  std::function<void(CLI::App&)> add_json;
  std::function<void(CLI::App&, ModelArguments&)> add_models;
  std::function<void(CLI::App&, ModelArguments&)> add_infrastructure;
  std::function<void(CLI::App&, DeployOptions&)> add_deploy_options;
  std::function<void(CLI::App&, SubmitArguments&)> add_submit;
  std::function<void(Command)> take;        // this is what the call asks for
  std::function<void()> print_json;         // as --json does
  std::function<void(std::string)> note;    // an option that means nothing here was given
  std::function<void(std::string)> answer;  // print this, do nothing
};

// submit_arguments.cpp: what every submission may say; and the part of it that operations have.
void AddSubmitOptions(CLI::App& app, SubmitArguments& submit);
void AddWait(CLI::App& app, DeployOptions& options);
// tool_arguments.cpp: generations, query, collect-garbage, visualize, distribution, normalize,
// compare, completion, man.
void AddTools(CLI::App& root, const GrammarParts& parts);
// capture_arguments.cpp: capture-infra, capture-manifest, reconstruct, copy-closure, diagnose.
void AddCaptures(CLI::App& root, const GrammarParts& parts);
// tool_arguments.cpp: --until, --resume and --repair of `deploy`.
void AddPhases(CLI::App& deploy, DeployCommand& command, const GrammarParts& parts);
// snapshot_arguments.cpp: `eris snapshot`, `eris snapshots …`.
void AddSnapshots(CLI::App& root, const GrammarParts& parts);
// disnix_env.cpp: `eris env`, the command line of disnix-env.
void AddEnv(CLI::App& root, const GrammarParts& parts);

}  // namespace eris::cli
