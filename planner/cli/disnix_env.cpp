// `eris env`: the command line of disnix-env as it is, read as the commands of Eris that do the
// same. Options that have nothing to say here are accepted with a note, so that scripts go on.
#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <cstdint>
#include <memory>

#include "planner/cli/internal/grammar_parts.h"

namespace eris::cli {
namespace {

struct EnvLine {
  DeployCommand deploy;
  std::uint64_t generation = 0;
};

void AddWithoutMeaning(CLI::App& app, const GrammarParts& parts) {
  constexpr const char* kIgnored = "accepted, without meaning here";
  struct Option {
    const char* name;
    const char* why;
  };
  constexpr Option kFlags[] = {
      {"--no-lock", "every deployment is locked"},
      {"--no-coordinator-profile", "the journal keeps each generation"},
      {"--no-target-profiles", "a generation needs the profiles of its targets"},
      {"--depth-first", "snapshots are transferred as they are made"}};
  for (const Option& option : kFlags) {
    app.add_flag_callback(
        option.name,
        [note = parts.note, option] {
          note("note: " + std::string(option.name) + " is ignored: " + option.why);
        },
        kIgnored);
  }
  constexpr Option kValues[] = {
      {"--interface", "workers connect by themselves"},
      {"--coordinator-profile-path", "generations are in the planner's journal"},
      {"--keep", "see docs/manual/state.md"}};
  for (const Option& option : kValues) {
    app.add_option_function<std::string>(
           option.name,
           [note = parts.note, option](const std::string&) {
             note("note: " + std::string(option.name) + " is ignored: " + option.why);
           },
           kIgnored)
        ->type_name("");
  }
}

}  // namespace

void AddEnv(CLI::App& root, const GrammarParts& parts) {
  auto line = std::make_shared<EnvLine>();
  CLI::App& app = *root.add_subcommand("env", "the command line of disnix-env, as it is");
  parts.add_models(app, line->deploy.models);
  parts.add_deploy_options(app, line->deploy.submit.options);
  parts.add_submit(app, line->deploy.submit);
  AddWithoutMeaning(app, parts);
  CLI::Option& rollback = *app.add_flag_callback(
      "--rollback", [] {}, "as `eris rollback`");
  CLI::Option& switching =
      *app.add_option("--switch-to-generation", line->generation, "as `eris generations switch`");
  CLI::Option& listing = *app.add_flag_callback(
      "--list-generations", [] {}, "as `eris generations list`");
  auto deletion = std::make_shared<DeleteGenerationsCommand>();
  CLI::Option& deleting =
      *app.add_option("--delete-generations", deletion->which, "as `eris generations delete`");
  deleting.type_name("WHICH");
  CLI::Option& deleting_all = *app.add_flag_callback(
      "--delete-all-generations", [] {}, "as `eris generations delete all`");
  CLI::Option* const instead[] = {&rollback, &switching, &listing, &deleting, &deleting_all};
  for (CLI::Option* one : instead) {
    for (CLI::Option* other : instead) {
      if (one != other) one->excludes(other);
    }
  }
  app.add_flag_callback(
      "--no-upgrade", [line] { line->deploy.upgrade = DeployCommand::Upgrade::kRefused; },
      "only where nothing is deployed yet");
  app.add_flag_callback(
      "-v,--version", [answer = parts.answer] { answer("eris " ERIS_VERSION "\n"); },
      "which version this is");
  app.callback([=, &rollback, &switching, &listing, &deleting, &deleting_all, take = parts.take] {
    if (listing.count() > 0) return take(GenerationsCommand{});
    if (deleting_all.count() > 0) deletion->which = {"all"};
    if (deleting.count() + deleting_all.count() > 0) {
      deletion->submit = line->deploy.submit;
      return take(*deletion);
    }
    if (rollback.count() > 0 || switching.count() > 0) {
      return take(RollbackCommand{.to = {line->generation}, .submit = line->deploy.submit});
    }
    take(line->deploy);
  });
  parts.add_connection(app);
  parts.add_profile(app);
  parts.add_json(app);
}

}  // namespace eris::cli
