#include "planner/cli/arguments.h"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <functional>
#include <memory>

#include "planner/cli/internal/grammar_parts.h"
#include "planner/cli/lists.h"
#include "schema/base/text.h"

namespace eris::cli {
namespace {

constexpr const char* kAbout =
    "Deploys service-oriented systems onto networks of Nix machines.\n"
    "`eris COMMAND --help` tells the options of a command.";

// Gives the text of an option to whatever takes it. CLI11 reads options in the order of the line.
template <typename Take>
CLI::Option* AddText(CLI::App& app, const std::string& name, Take take, const std::string& help) {
  return app
      .add_option_function<std::string>(
          name, [take](const std::string& text) { take(text); }, help)
      ->type_name("");
}

template <typename Value>
void AddChoice(CLI::App& app, const std::string& name, Value& into, Value value,
               const std::string& help) {
  app.add_flag_callback(
      name, [&into, value] { into = value; }, help);
}

void AddSeconds(CLI::App& app, const std::string& name, std::function<void(double)> take,
                const std::string& help) {
  constexpr double kMost = 1e6;
  app.add_option_function<double>(
         name, [take = std::move(take)](const double& seconds) { take(seconds); }, help)
      ->type_name("SECONDS")
      ->check(CLI::Range(0.0, kMost));
}

// Empty when `text` is one: what CLI11 wants of a check.
std::string NoTime(const std::string& text) {
  return ParseTime(text) ? "" : "'" + text + "' is no time like 2026-01-31T12:00:00Z";
}

std::int64_t Milliseconds(double seconds) {
  constexpr double kPerSecond = 1000;
  return static_cast<std::int64_t>(seconds * kPerSecond);
}

// Collects the call while CLI11 parses. Lives as long as the parser, which refers into it.
class Grammar {
 public:
  Grammar(CLI::App& app, const CallDefaults& defaults) : app_(app), defaults_(defaults) {
    call_.profile = defaults.profile;
    app_.require_subcommand(1);
    app_.set_version_flag("-v,--version", "eris " ERIS_VERSION);
    AddDeployments();
    AddFollowing();
    AddInquiries();
    AddTargets();
    const GrammarParts parts = Parts();
    AddTools(app_, parts);
    AddSnapshots(app_, parts);
    AddEnv(app_, parts);
    AddCaptures(app_, parts);
    AddKeys();
    AddUp();
  }

  // What is to be printed instead of doing anything.
  const std::optional<Answer>& answer() const { return answer_; }
  Call Take() { return std::move(call_); }

 private:
  enum class Needs { kNothing, kBroker };

  GrammarParts Parts() {
    return {.add_connection = [this](CLI::App& app) { AddConnection(app); },
            .add_profile = [this](CLI::App& app) { AddProfile(app); },
            .add_json = [this](CLI::App& app) { AddJson(app); },
            .add_models = [this](CLI::App& app, ModelArguments& models) { AddModels(app, models); },
            .add_infrastructure =
                [this](CLI::App& app, ModelArguments& models) { AddInfrastructure(app, models); },
            .add_deploy_options = [this](CLI::App& app,
                                         DeployOptions& options) { AddOptions(app, options); },
            .add_submit = AddSubmitOptions,
            .take = [this](Command command) { call_.command = std::move(command); },
            .print_json = [this] { call_.form = OutputForm::kJson; },
            .note = [this](std::string note) { call_.notes.push_back(std::move(note)); },
            .answer = [this](std::string text) { answer_ = Answer{std::move(text)}; }};
  }

  // A subcommand whose options fill `command`, which becomes the call's when it is given.
  template <typename T>
  CLI::App& Add(CLI::App& parent, const char* name, const char* help, std::shared_ptr<T> command,
                Needs needs = Needs::kBroker) {
    CLI::App& app = *parent.add_subcommand(name, help);
    app.callback([this, command] { call_.command = *command; });
    if (needs == Needs::kBroker) AddConnection(app);
    return app;
  }

  void AddConnection(CLI::App& app) {
    app.add_option("--endpoint", call_.connection.endpoint,
                   "the broker's address ($ERIS_ENDPOINT)");
    app.add_option("--key", call_.connection.key_file, "key file to act with ($ERIS_KEY)");
    app.add_option("--server-key", call_.connection.server_key,
                   "the broker's public key ($ERIS_SERVER_KEY)");
    AddSeconds(
        app, "--connect-timeout",
        [this](double s) { call_.connection.patience = Duration(Milliseconds(s)); },
        "how long to wait for the broker (default 15)");
  }

  void AddProfile(CLI::App& app) {
    app.add_option("-p,--profile", call_.profile.text, "which deployment (default: default)")
        ->check(
            [](const std::string& name) {
              return IsSafeFileName(name) ? std::string()
                                          : "'" + name + "' cannot be the name of a profile";
            },
            "");
  }

  void AddJson(CLI::App& app) {
    AddChoice(app, "--json", call_.form, OutputForm::kJson, "print JSON");
  }

  void AddModels(CLI::App& app, ModelArguments& models) {
    models.target_property = defaults_.target_property;
    models.state = defaults_.state;
    app.add_option("-s,--services", models.sources.services, "services model (./services.nix)");
    app.add_option("-i,--infrastructure", models.sources.infrastructure,
                   "infrastructure model, Nix or JSON (./infrastructure.nix)");
    app.add_option("-d,--distribution", models.sources.distribution,
                   "distribution model (./distribution.nix)");
    app.add_option("-P,--packages", models.sources.packages,
                   "packages model: what is installed beside the services, or alone");
    app.add_option("-A,--architecture", models.sources.architecture,
                   "architecture model, instead of the others");
    app.add_option("--flake", models.sources.flake,
                   "REF#NAME: the models are the flake's output eris.NAME (default)");
    AddChoice(app, "--undeploy", models.sources.purpose, ModelSources::Purpose::kUndeploy,
              "nothing on the given infrastructure");
    app.add_option("-D,--deployment", models.deployment,
                   "deployment model, Nix or JSON as `eris manifest --json` prints it");
    app.add_option("--extra-params", models.extra_params,
                   "Nix attribute set handed to the models: '{ port = 80; }'");
    app.add_option("--nixpkgs", models.nixpkgs, "path of nixpkgs (<nixpkgs> of $NIX_PATH)");
    app.add_option("--target-property", models.target_property,
                   "property that addresses a target (hostname)");
    AddChoice(app, "--deploy-state", models.state, ModelArguments::State::kDeployAll,
              "move the state of all services that do not say otherwise");
    AddChoice(app, "--show-trace", models.trace, ModelArguments::Trace::kWhole,
              "show Nix' whole trace of an error");
  }

  // Which targets, for commands that need no other model; as an argument, too, as with Disnix.
  void AddInfrastructure(CLI::App& app, ModelArguments& models) {
    models.target_property = defaults_.target_property;
    app.add_option("-i,--infrastructure,INFRASTRUCTURE", models.sources.infrastructure,
                   "infrastructure model: which targets (./infrastructure.nix)");
    app.add_option("--target-property", models.target_property,
                   "property that addresses a target (hostname)");
    AddChoice(app, "--show-trace", models.trace, ModelArguments::Trace::kWhole,
              "show Nix' whole trace of an error");
  }

  // "TARGET", "SERVICE=TARGET"; the target "last" is the last snapshot.
  static StateChoice StateChoiceOf(const std::string& text) {
    const std::size_t equals = text.find('=');
    StateChoice choice;
    if (equals != std::string::npos) choice.service = ServiceName(text.substr(0, equals));
    const std::string target = equals == std::string::npos ? text : text.substr(equals + 1);
    if (target != "last") choice.target = TargetName(target);
    return choice;
  }

  void AddOptions(CLI::App& app, DeployOptions& options) {
    options.old_state = defaults_.old_state;
    AddChoice(app, "--no-migration", options.migration, Migration::kForbidden,
              "leave state where it is");
    AddChoice(app, "--overlap", options.order, SwitchOrder::kOverlap,
              "activate the new before the old is deactivated, where nothing forbids it");
    AddChoice(app, "--build-on-targets", options.build_place, BuildPlace::kTargets,
              "each target builds what it runs");
    AddChoice(app, "--delete-state", options.old_state, OldState::kDelete,
              "delete what old copies of state are left, after the commit");
    AddChoice(app, "--no-final-snapshot", options.final_snapshots, FinalSnapshots::kSkip,
              "take no last snapshot of the state of services that are removed");
    AddChoice(app, "--pre-copy", options.pre_copy, PreCopy::kBases,
              "take and send a base of state beforehand, where its module offers increments");
    app.add_option_function<std::vector<std::string>>(
           "--state-from",
           [&options](const std::vector<std::string>& texts) {
             for (const std::string& text : texts)
               options.state_from.push_back(StateChoiceOf(text));
           },
           "[SERVICE=]TARGET: which copy of a state moves; `last`: its last snapshot")
        ->take_all();
    app.add_option("-m,--max-concurrent-transfers", options.max_concurrent_transfers,
                   "transfers at a time (2)")
        ->check(CLI::Range(1, 1'000'000));
  }

  // What `deploy` is to do, by its options.
  static Command DeploymentOf(const CLI::App& app, const DeployCommand& deploy) {
    const bool is_shown = app.count("--dry-run") > 0;
    if (app.count("--resume") > 0) {
      return ResumeCommand{ParseTransactionRef(app.get_option("--resume")->as<std::string>()),
                           deploy.submit.options.until, deploy.submit.following};
    }
    if (app.count("--repair") > 0) {
      using Doing = RepairCommand::Doing;
      return RepairCommand{deploy.submit, is_shown ? Doing::kShowing : Doing::kRepairing};
    }
    if (is_shown) return PlanCommand{deploy.models, deploy.submit.options};
    return deploy;
  }

  void AddDeployments() {
    auto deploy = std::make_shared<DeployCommand>();
    CLI::App& deploy_app = Add(app_, "deploy", "make the network what the models say", deploy);
    AddModels(deploy_app, deploy->models);
    AddOptions(deploy_app, deploy->submit.options);
    AddSubmitOptions(deploy_app, deploy->submit);
    CLI::Option& expected =
        *deploy_app.add_option("--plan", deploy->submit.options.expected_plan_hash,
                               "refuse any other plan than that of `eris plan` with this hash");
    deploy_app
        .add_flag_callback(
            "--dry-run", [] {}, "show the plan and its hash, submit nothing: as `eris plan`")
        ->excludes(&expected);
    AddPhases(deploy_app, *deploy, Parts());
    deploy_app.callback(
        [this, deploy, &deploy_app] { call_.command = DeploymentOf(deploy_app, *deploy); });
    auto plan = std::make_shared<PlanCommand>();
    CLI::App& plan_app = Add(app_, "plan", "show what `deploy` would do, and its hash", plan);
    AddModels(plan_app, plan->models);
    AddOptions(plan_app, plan->options);
    auto build = std::make_shared<BuildCommand>();
    CLI::App& build_app = Add(app_, "build", "build everything on this machine, deploy nothing",
                              build, Needs::kNothing);
    AddModels(build_app, build->models);
    build_app.add_option("-j,--max-jobs", build->max_jobs, "builds at a time (one a core)");
    auto manifest = std::make_shared<ManifestCommand>();
    CLI::App& manifest_app =
        Add(app_, "manifest", "show what the models say", manifest, Needs::kNothing);
    AddModels(manifest_app, manifest->models);
    auto rollback = std::make_shared<RollbackCommand>();
    CLI::App& rollback_app =
        Add(app_, "rollback", "go back to the content of an earlier generation", rollback);
    rollback_app.add_option("--to", rollback->to.value, "generation (the one before)");
    AddOptions(rollback_app, rollback->submit.options);
    AddSubmitOptions(rollback_app, rollback->submit);
    auto undeploy = std::make_shared<UndeployCommand>();
    CLI::App& undeploy_app = Add(app_, "undeploy", "take everything down", undeploy);
    AddOptions(undeploy_app, undeploy->submit.options);
    AddSubmitOptions(undeploy_app, undeploy->submit);
    for (CLI::App* app :
         {&deploy_app, &plan_app, &build_app, &manifest_app, &rollback_app, &undeploy_app}) {
      AddProfile(*app);
      AddJson(*app);
    }
  }

  template <typename Take>
  static void AddTransaction(CLI::App& app, Take take) {
    AddText(
        app, "TX", [take](const std::string& text) { take(ParseTransactionRef(text)); },
        "transaction, by number or by submission");
  }

  void AddFollowing() {
    auto status = std::make_shared<StatusCommand>();
    CLI::App& status_app = Add(app_, "status", "what goes on", status);
    AddTransaction(status_app, [status](const TransactionRef& ref) { status->transaction = ref; });
    auto watch = std::make_shared<WatchCommand>();
    CLI::App& watch_app = Add(app_, "watch", "follow a transaction to its end", watch);
    AddTransaction(watch_app, [watch](const TransactionRef& ref) { watch->transaction = ref; });
    watch_app.add_option("--from", watch->from.value, "go on with this event of `eris history`");
    auto logs = std::make_shared<LogsCommand>();
    CLI::App& logs_app = Add(app_, "logs", "what the steps of a transaction said", logs);
    AddTransaction(logs_app, [logs](const TransactionRef& ref) { logs->transaction = ref; });
    logs_app.add_option_function<std::uint32_t>(
        "ITEM", [logs](const std::uint32_t& item) { logs->item = ItemIndex{item}; },
        "its number in the plan");
    auto history = std::make_shared<HistoryCommand>();
    CLI::App& history_app =
        Add(app_, "history", "the last transactions, or the events of one", history);
    AddTransaction(history_app,
                   [history](const TransactionRef& ref) { history->transaction = ref; });
    history_app.add_option("--from", history->from.value, "of one: begin with this event");
    history_app.add_option("-n,--limit", history->limit, "how many at most");
    AddText(
        history_app, "--at", [history](const std::string& text) { history->at = ParseTime(text); },
        "which services were where then: 2026-01-31, or 2026-01-31T12:00:00Z (UTC)")
        ->check(NoTime, "")
        ->excludes("TX");
    auto cancel = std::make_shared<CancelCommand>();
    CLI::App& cancel_app = Add(app_, "cancel", "end a transaction and undo its steps", cancel);
    AddTransaction(cancel_app, [cancel](const TransactionRef& ref) { cancel->transaction = ref; });
    cancel_app.add_option("--reason", cancel->reason, "for the record");
    auto retry = std::make_shared<RetryCommand>();
    CLI::App& retry_app = Add(app_, "retry", "try a failed transaction again", retry);
    AddTransaction(retry_app, [retry](const TransactionRef& ref) { retry->of = ref; });
    AddSubmitOptions(retry_app, retry->submit);
    auto abandon = std::make_shared<AbandonCommand>();
    CLI::App& abandon_app = Add(app_, "abandon", "give a stuck transaction up, on record", abandon);
    AddTransaction(abandon_app,
                   [abandon](const TransactionRef& ref) { abandon->transaction = ref; });
    abandon_app.add_option("--target", abandon->target.text, "only this target");
    for (CLI::App* app : {&status_app, &watch_app, &logs_app, &history_app, &cancel_app, &retry_app,
                          &abandon_app}) {
      AddProfile(*app);
      AddJson(*app);
    }
    for (CLI::App* app : {&watch_app, &logs_app, &cancel_app, &retry_app, &abandon_app}) {
      app->get_option("TX")->required();
    }
  }

  void AddInquiries() {
    auto why = std::make_shared<WhyCommand>();
    CLI::App& why_app =
        Add(app_, "why", "what something waits for, or why it failed, with times", why);
    why_app.add_option("NAME", why->name, "a transaction, a service or a target")->required();
    why_app.add_option_function<std::uint32_t>(
        "ITEM", [why](const std::uint32_t& item) { why->item = ItemIndex{item}; },
        "one step of a transaction");
    CLI::App& lock_app =
        Add(app_, "lock", "which targets are held by which transaction, and since when",
            std::make_shared<LockCommand>());
    auto unlock = std::make_shared<UnlockCommand>();
    CLI::App& unlock_app = Add(
        app_, "unlock", "take a target away from a transaction that will not let it go", unlock);
    unlock_app
        .add_option_function<std::vector<std::string>>(
            "TARGET",
            [unlock](const std::vector<std::string>& names) {
              for (const std::string& name : names) unlock->targets.emplace_back(name);
            },
            "targets")
        ->required();
    AddChoice(unlock_app, "--break", unlock->force, UnlockCommand::Force::kBreak,
              "give up, on record, what the transaction has left to do there");
    auto doctor = std::make_shared<DoctorCommand>();
    CLI::App& doctor_app = Add(
        app_, "doctor", "what is wrong with this installation, and what to do about it", doctor);
    doctor_app.add_option("--state-dir", doctor->state_dirs,
                          "of daemons on this machine, repeatable (/var/lib/eris)");
    for (CLI::App* app : {&why_app, &lock_app, &unlock_app, &doctor_app}) {
      AddProfile(*app);
      AddJson(*app);
    }
  }

  void AddTargets() {
    CLI::App& targets_app = Add(app_, "targets", "which workers are there, and what they do",
                                std::make_shared<TargetsCommand>());
    AddJson(targets_app);
    auto adopt = std::make_shared<AdoptCommand>();
    CLI::App& adopt_app =
        Add(targets_app, "adopt", "let a target begin anew whose worker's state was lost", adopt);
    adopt_app.add_option("TARGET", adopt->target.text, "its name")->required();
    AddJson(adopt_app);
    // Called after that of the subcommand.
    targets_app.callback([this, app = &targets_app] {
      if (app->get_subcommands().empty()) call_.command = TargetsCommand{};
    });
  }

  void AddKeys() {
    CLI::App& key = *app_.add_subcommand("key", "make keys and say what they may do");
    key.require_subcommand(1);
    auto generate = std::make_shared<KeyGenerateCommand>();
    CLI::App& generate_app =
        Add(key, "generate", "make a key pair and print its public key", generate, Needs::kNothing);
    generate_app.add_option("FILE", generate->file, "where to write it")->required();
    auto authorize = std::make_shared<KeyAuthorizeCommand>();
    CLI::App& authorize_app = Add(key, "authorize", "let a key act", authorize, Needs::kNothing);
    AddGrant(authorize_app, *authorize);
    auto list = std::make_shared<KeyListCommand>();
    CLI::App& list_app = Add(key, "list", "which keys may do what", list, Needs::kNothing);
    AddKeysDir(list_app, list->keys_dir);
    AddJson(list_app);
    auto revoke = std::make_shared<KeyRevokeCommand>();
    CLI::App& revoke_app = Add(key, "revoke", "shut a key out", revoke, Needs::kNothing);
    AddKeysDir(revoke_app, revoke->keys_dir);
    revoke_app.add_option("NAME", revoke->name, "of the key")->required();
  }

  static void AddKeysDir(CLI::App& app, std::string& into) {
    app.add_option("--keys-dir", into, "the broker's keys (default: keys in $ERIS_CONFIG_DIR)");
  }

  static void AddGrant(CLI::App& app, KeyAuthorizeCommand& command) {
    AddKeysDir(app, command.keys_dir);
    app.add_option("KEY", command.public_key, "public key, or a key file")->required();
    app.add_option("--name", command.grant.name, "author in journal and logs")->required();
    app.add_option("--role", command.grant.role, "planner, worker or client")
        ->required()
        ->transform(CLI::CheckedTransformer(std::vector<std::pair<std::string, Role>>{
            {"planner", Role::kPlanner}, {"worker", Role::kWorker}, {"client", Role::kClient}}));
    app.add_option("--level", command.grant.level, "of a client: read, deploy, state or admin")
        ->transform(CLI::CheckedTransformer(
            std::vector<std::pair<std::string, KeyLevel>>{{"read", KeyLevel::kRead},
                                                          {"deploy", KeyLevel::kDeploy},
                                                          {"state", KeyLevel::kState},
                                                          {"admin", KeyLevel::kAdmin}}));
    app.add_option("--queue", command.grant.queues,
                   "of a worker, repeatable: target.NAME or builder.SYSTEM");
    app.add_option("--allow-profile", command.grant.profiles,
                   "of a client, repeatable: profile, or * for all");
    app.add_option("--diagnose", command.grant.diagnose,
                   "target where a client may have shells (eris diagnose); repeatable; * = all")
        ->allow_extra_args(false);
    app.add_option("--allow-target", command.grant.targets,
                   "of a client, repeatable: target, or * for all");
  }

  static void AddWait(CLI::App& app, SubmitArguments& submit) {
    AddSeconds(
        app, "--wait", [&submit](double s) { submit.options.wait_ms = Milliseconds(s); },
        "how long an absent target is waited for (30)");
  }

  void AddUp() {
    auto up = std::make_shared<UpCommand>();
    CLI::App& up_app =
        Add(app_, "up", "run broker, planner and workers on this machine", up, Needs::kNothing);
    up_app.add_option("-i,--infrastructure", up->infrastructure,
                      "infrastructure model (./infrastructure.nix)");
    up_app.add_option("--state-dir", up->state_dir, "where everything is kept")->required();
    AddChoice(up_app, "--own-store", up->store, UpCommand::Store::kOwn,
              "a Nix store below the state directory");
  }

  CLI::App& app_;
  const CallDefaults& defaults_;
  Call call_;
  std::optional<Answer> answer_;
};

}  // namespace

TransactionRef ParseTransactionRef(std::string_view text) {
  TransactionRef ref;
  if (const Result<std::uint64_t> number = ParseUnsigned(text)) {
    ref.transaction = TransactionId{*number};
  } else {
    ref.submission = SubmissionId(std::string(text));
  }
  return ref;
}

std::string ToString(const TransactionRef& ref) {
  return ref.transaction ? std::to_string(ref.transaction.value) : ref.submission.text;
}

Result<std::variant<Call, Answer>> ParseArguments(std::span<const char* const> arguments,
                                                  const CallDefaults& defaults) {
  CLI::App app(kAbout, "eris");
  Grammar grammar(app, defaults);
  try {
    app.parse(static_cast<int>(arguments.size()), arguments.data());
  } catch (const CLI::CallForHelp&) {
    const CLI::App* asked = &app;
    while (!asked->get_subcommands().empty()) asked = asked->get_subcommands().front();
    return Answer{asked->help()};
  } catch (const CLI::CallForVersion& version) {
    return Answer{std::string(version.what()) + "\n"};
  } catch (const CLI::Error& error) {
    const CLI::App* asked = &app;
    while (!asked->get_subcommands().empty()) asked = asked->get_subcommands().front();
    const std::string help =
        asked == &app ? "eris --help" : "eris " + asked->get_name() + " --help";
    std::string message = error.what();
    while (!message.empty() && message.back() == '\n') message.pop_back();
    return Fail(ErrorCode::kInvalid, std::move(message), "see `" + help + "`");
  }
  if (grammar.answer()) return *grammar.answer();
  return grammar.Take();
}

}  // namespace eris::cli
