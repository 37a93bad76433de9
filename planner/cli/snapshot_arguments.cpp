// The grammar of the commands about snapshots.
#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <memory>

#include "planner/cli/arguments.h"
#include "planner/cli/internal/grammar_parts.h"

namespace eris::cli {
namespace {

using StoreJob = SnapshotsCommand::Job;

struct Verb {
  const char* name;
  const char* help;
  StoreJob job;
};
constexpr Verb kVerbs[] = {
    {"list", "the newest snapshot of each component", StoreJob::kList},
    {"show", "what a snapshot consists of", StoreJob::kShow},
    {"verify", "hold snapshots against what they were when they were made", StoreJob::kVerify},
    {"export", "copy a snapshot out: a tar archive for a name that ends in .tar, else a directory",
     StoreJob::kExport},
    {"import", "take a snapshot in that was copied out", StoreJob::kImport},
    {"clean", "delete all but the newest generations", StoreJob::kClean}};

bool NamesOne(StoreJob job) {
  return job == StoreJob::kShow || job == StoreJob::kExport || job == StoreJob::kImport;
}

void AddVerb(CLI::App& snapshots, const GrammarParts& parts, const Verb& verb) {
  auto command = std::make_shared<SnapshotsCommand>();
  command->job = verb.job;
  CLI::App& app = *snapshots.add_subcommand(verb.name, verb.help);
  app.callback([command, take = parts.take] { take(*command); });
  app.add_option("--store", command->store,
                 "a state directory of Dysnomia (default: the depot's on this machine)");
  parts.add_profile(app);
  if (verb.job == StoreJob::kImport)
    app.add_option("FILE", command->file, "archive or directory")->required();
  if (NamesOne(verb.job)) {
    app.add_option("SNAPSHOT", command->reference, "CONTAINER/COMPONENT/ID; without ID the newest")
        ->required();
  } else {
    app.add_option("-C,--container", command->container, "only of this container");
    app.add_option("-c,--component", command->component, "only of this component");
    app.add_option("--service", command->service.text, "only of what runs now as this service");
    app.add_option("--target", command->target.text, "only of what runs on this target now");
    parts.add_connection(app);
  }
  if (verb.job == StoreJob::kExport) app.add_option("FILE", command->file, "where to")->required();
  if (verb.job == StoreJob::kClean) {
    app.add_option("--keep", command->keep, "how many generations are kept (1)");
  }
  if (verb.job == StoreJob::kList || verb.job == StoreJob::kVerify) {
    app.add_flag_callback(
        "--all", [command] { command->which = SnapshotsCommand::Which::kAll; },
        "all generations, not the newest only");
  }
  if (verb.job == StoreJob::kList) parts.add_json(app);
}

template <typename Name>
void AddName(CLI::App& app, const char* names, Name& into, const char* help) {
  app.add_option(names, into.text, help);
}

using Work = std::shared_ptr<StateCommand>;

void AddFilters(CLI::App& app, const Work& command) {
  StateFilter& which = command->operation.which;
  AddName(app, "--service", which.service, "only of this service");
  AddName(app, "-C,--container", which.container, "only in this container");
  AddName(app, "-c,--component", which.component, "only of this component");
  app.add_option_function<std::vector<std::string>>(
      "--target",
      [&which](const std::vector<std::string>& names) {
        for (const std::string& name : names) which.targets.emplace_back(name);
      },
      "only on this target; may be repeated");
  app.add_flag_callback(
      "--all-services", [command] { command->scope = StateCommand::Scope::kAllServices; },
      "of every service whose state is deployed with it");
}

void AddPace(CLI::App& app, const Work& command, const char* transfer_only) {
  app.add_flag_callback(
      "--transfer-only",
      [command] { command->operation.extent = StateOperation::Extent::kTransferOnly; },
      transfer_only);
  app.add_flag_callback(
      "--depth-first", [command] { command->operation.pace = StateOperation::Pace::kOneByOne; },
      "bring one state after the other, not all at once");
  app.add_flag_callback(
      "--all", [command] { command->operation.older = true; },
      "bring older generations of these snapshots, too, up to ten of each");
  app.add_option("--keep", command->operation.keep,
                 "how many generations of these snapshots the targets keep afterwards (10)")
      ->check(CLI::Range(1, 1'000'000));
}

void AddFromTarget(CLI::App& app, const Work& command) {
  app.add_option_function<std::string>(
      "--from-target",
      [command](const std::string& name) {
        command->submit.options.state_from.push_back({.service = {}, .target = TargetName(name)});
      },
      "which copy, where copies differ");
}

// What goes down for it is shown first, where that is wanted.
void AddPreview(CLI::App& app, const Work& command) {
  CLI::Option& expected =
      *app.add_option("--plan", command->submit.options.expected_plan_hash,
                      "refuse any other plan than that of --dry-run with this hash");
  app.add_flag_callback(
         "--dry-run", [command] { command->doing = StateCommand::Doing::kShowing; },
         "show the plan and its hash, do nothing")
      ->excludes(&expected);
}

struct Job {
  const char* name;
  const char* help;
  StateOperation::Job job;
};

CLI::App& AddWork(CLI::App& root, const GrammarParts& parts, const Work& command, const Job& job) {
  command->operation.job = job.job;
  CLI::App& app = *root.add_subcommand(job.name, job.help);
  app.callback([command, take = parts.take] { take(*command); });
  AddFilters(app, command);
  return app;
}

void FinishWork(CLI::App& app, const GrammarParts& parts, const Work& command) {
  AddSubmitOptions(app, command->submit);
  parts.add_connection(app);
  parts.add_profile(app);
  parts.add_json(app);
}

void AddSnapshot(CLI::App& root, const GrammarParts& parts) {
  const auto command = std::make_shared<StateCommand>();
  CLI::App& app =
      AddWork(root, parts, command,
              {"snapshot", "take snapshots of states in use and bring them to the depot",
               StateOperation::Job::kSnapshot});
  AddPace(app, command, "take none, bring the newest that the targets have");
  FinishWork(app, parts, command);
}

void AddRestore(CLI::App& root, const GrammarParts& parts) {
  const auto command = std::make_shared<StateCommand>();
  CLI::App& app =
      AddWork(root, parts, command,
              {"restore", "give services the state of their last snapshots, or of a set",
               StateOperation::Job::kRestore});
  app.add_option_function<std::string>(
      "--set", [command](const std::string& text) { command->set = ParseTransactionRef(text); },
      "the backup that is brought back: the number that `eris snapshot` printed");
  CLI::Option& service = *app.get_option("--service");
  app.add_option_function<std::string>(
         "--snapshot",
         [command](const std::string& reference) {
           command->operation.sources.push_back({.service = command->operation.which.service,
                                                 .target = {},
                                                 .container = {},
                                                 .snapshot = reference});
         },
         "which one of the depot, CONTAINER/COMPONENT/ID, whatever the component was called then")
      ->needs(&service);
  AddFromTarget(app, command);
  AddPace(app, command, "bring the snapshots to the targets, restore none");
  AddPreview(app, command);
  FinishWork(app, parts, command);
}

void AddMigrate(CLI::App& root, const GrammarParts& parts) {
  const auto command = std::make_shared<StateCommand>();
  CLI::App& app = AddWork(
      root, parts, command,
      {"migrate", "give services the state that a deployment without migration left elsewhere",
       StateOperation::Job::kMigrate});
  app.add_option("--from-generation", command->operation.generation.value,
                 "whose state it is (the generation before the current one)");
  AddFromTarget(app, command);
  app.add_flag_callback(
      "--again", [command] { command->operation.again = true; },
      "also what has come along already: it is overwritten");
  AddPace(app, command, "bring the snapshots to the targets, restore none");
  AddPreview(app, command);
  FinishWork(app, parts, command);
}

void AddDeleteState(CLI::App& root, const GrammarParts& parts) {
  const auto command = std::make_shared<StateCommand>();
  CLI::App& app = AddWork(root, parts, command,
                          {"delete-state", "delete state that earlier generations have left",
                           StateOperation::Job::kDelete});
  AddPreview(app, command);
  FinishWork(app, parts, command);
}

void AddClean(CLI::App& root, const GrammarParts& parts) {
  auto command = std::make_shared<CollectCommand>();
  command->what.scope = CollectItem::Scope::kSnapshots;
  CLI::App& app = *root.add_subcommand(
      "clean-snapshots", "delete old generations of snapshots on targets and in the depot");
  CLI::Option* const depot = app.add_flag_callback(
      "--depot", [] {}, "in the depot, and on no target but those of --target");
  app.callback([command, depot, take = parts.take] {
    const bool names_depot = depot->count() > 0;
    if (command->targets.empty()) {
      command->depot = names_depot ? WithDepot::kOnly : WithDepot::kToo;
    } else if (names_depot) {
      command->depot = WithDepot::kToo;
    }
    take(*command);
  });
  AddName(app, "--service", command->service, "only of this service, which runs now");
  AddName(app, "-C,--container", command->what.container, "only in this container");
  AddName(app, "-c,--component", command->what.component, "only of this component");
  app.add_option_function<std::vector<std::string>>(
      "--target",
      [command](const std::vector<std::string>& names) {
        for (const std::string& name : names) command->targets.emplace_back(name);
      },
      "only on this target, and not in the depot; may be repeated");
  app.add_option("--keep", command->what.keep, "how many generations of each are kept (1)")
      ->check(CLI::Range(1, 1'000'000));
  AddWait(app, command->submit.options);
  parts.add_connection(app);
  parts.add_profile(app);
  parts.add_json(app);
}

}  // namespace

void AddSnapshots(CLI::App& root, const GrammarParts& parts) {
  AddSnapshot(root, parts);
  AddRestore(root, parts);
  AddMigrate(root, parts);
  AddDeleteState(root, parts);
  AddClean(root, parts);
  CLI::App& snapshots = *root.add_subcommand("snapshots", "snapshots in a store of this machine");
  snapshots.require_subcommand(1);
  for (const Verb& verb : kVerbs) AddVerb(snapshots, parts, verb);
}

}  // namespace eris::cli
