// The grammar of the commands about snapshots.
#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <memory>

#include "planner/cli/internal/grammar_parts.h"

namespace eris::cli {
namespace {

using Job = SnapshotsCommand::Job;

struct Verb {
  const char* name;
  const char* help;
  Job job;
};
constexpr Verb kVerbs[] = {
    {"list", "the newest snapshot of each component", Job::kList},
    {"show", "what a snapshot consists of", Job::kShow},
    {"verify", "hold snapshots against what they were when they were made", Job::kVerify},
    {"export", "copy a snapshot out: a tar archive for a name that ends in .tar, else a directory",
     Job::kExport},
    {"import", "take a snapshot in that was copied out", Job::kImport},
    {"clean", "delete all but the newest generations", Job::kClean}};

bool NamesOne(Job job) { return job == Job::kShow || job == Job::kExport || job == Job::kImport; }

void AddVerb(CLI::App& snapshots, const GrammarParts& parts, const Verb& verb) {
  auto command = std::make_shared<SnapshotsCommand>();
  command->job = verb.job;
  CLI::App& app = *snapshots.add_subcommand(verb.name, verb.help);
  app.callback([command, take = parts.take] { take(*command); });
  app.add_option("--store", command->store,
                 "a state directory of Dysnomia (default: the depot's on this machine)");
  parts.add_profile(app);
  if (verb.job == Job::kImport)
    app.add_option("FILE", command->file, "archive or directory")->required();
  if (NamesOne(verb.job)) {
    app.add_option("SNAPSHOT", command->reference, "CONTAINER/COMPONENT/ID; without ID the newest")
        ->required();
  } else {
    app.add_option("-C,--container", command->container, "only of this container");
    app.add_option("-c,--component", command->component, "only of this component");
  }
  if (verb.job == Job::kExport) app.add_option("FILE", command->file, "where to")->required();
  if (verb.job == Job::kClean) {
    app.add_option("--keep", command->keep, "how many generations are kept (1)");
  }
  if (verb.job == Job::kList || verb.job == Job::kVerify) {
    app.add_flag_callback(
        "--all", [command] { command->which = SnapshotsCommand::Which::kAll; },
        "all generations, not the newest only");
  }
  if (verb.job == Job::kList) parts.add_json(app);
}

template <typename Name>
void AddName(CLI::App& app, const char* names, Name& into, const char* help) {
  app.add_option(names, into.text, help);
}

void AddSnapshot(CLI::App& root, const GrammarParts& parts) {
  auto command = std::make_shared<SnapshotCommand>();
  CLI::App& app = *root.add_subcommand(
      "snapshot", "take snapshots of states in use and bring them to the depot");
  app.callback([command, take = parts.take] { take(*command); });
  AddName(app, "--service", command->service, "only of this service");
  AddName(app, "-C,--container", command->container, "only in this container");
  AddName(app, "-c,--component", command->component, "only of this component");
  app.add_option_function<std::vector<std::string>>(
      "--target",
      [command](const std::vector<std::string>& names) {
        for (const std::string& name : names) command->targets.emplace_back(name);
      },
      "only on this target; may be repeated");
  app.add_flag_callback(
      "--all-services", [command] { command->scope = SnapshotCommand::Scope::kAllServices; },
      "of every service whose state is deployed with it");
  AddSubmitOptions(app, command->submit);
  parts.add_connection(app);
  parts.add_profile(app);
  parts.add_json(app);
}

}  // namespace

void AddSnapshots(CLI::App& root, const GrammarParts& parts) {
  AddSnapshot(root, parts);
  CLI::App& snapshots = *root.add_subcommand("snapshots", "snapshots in a store of this machine");
  snapshots.require_subcommand(1);
  for (const Verb& verb : kVerbs) AddVerb(snapshots, parts, verb);
}

}  // namespace eris::cli
