// Goal: every command and option means what the manual says, and mistakes are told in one line.
// Method: lines of arguments in, calls out.
#include "planner/cli/arguments.h"

#include <gtest/gtest.h>

#include <vector>

#include "planner/cli/duration_text.h"

namespace eris::cli {
namespace {

Result<std::variant<Call, Answer>> Parse(std::vector<const char*> arguments) {
  arguments.insert(arguments.begin(), "eris");
  return ParseArguments(arguments);
}
Call CallOf(const std::vector<const char*>& arguments) {
  auto parsed = Parse(arguments);
  EXPECT_TRUE(parsed) << parsed.error().message;
  return parsed ? std::get<Call>(*parsed) : Call{};
}
template <typename T>
T CommandOf(const std::vector<const char*>& arguments) {
  return std::get<T>(CallOf(arguments).command);
}
Error ErrorOf(const std::vector<const char*>& arguments) {
  auto parsed = Parse(arguments);
  EXPECT_FALSE(parsed);
  return parsed ? Error{} : parsed.error();
}

TEST(Arguments, DeployHasTheModelsOfTheDirectoryByDefault) {
  const Call call = CallOf({"deploy"});
  EXPECT_EQ(call, (Call{.command = DeployCommand{}}));
  EXPECT_EQ(std::get<DeployCommand>(call.command).models.sources.services, "");
  EXPECT_EQ(call.profile.text, "default");
}

TEST(Arguments, WorkOnStatesIsChosenByNames) {
  const auto restore = CommandOf<StateCommand>({"restore", "--service", "db", "--target", "t1",
                                                "--target", "t2", "--snapshot", "sql/db/1",
                                                "--depth-first", "--keep", "3", "--dry-run"});
  EXPECT_EQ(restore.operation.job, StateOperation::Job::kRestore);
  EXPECT_EQ(restore.operation.which.service.text, "db");
  EXPECT_EQ(restore.operation.which.targets.size(), 2U);
  ASSERT_EQ(restore.operation.sources.size(), 1U);
  EXPECT_EQ(restore.operation.sources[0].service.text, "db");
  EXPECT_EQ(restore.operation.pace, StateOperation::Pace::kOneByOne);
  EXPECT_EQ(restore.operation.keep, 3U);
  EXPECT_EQ(restore.doing, StateCommand::Doing::kShowing);
  EXPECT_EQ(CommandOf<StateCommand>({"restore", "--set", "17"}).set.transaction.value, 17U);
  const auto migrate =
      CommandOf<StateCommand>({"migrate", "--all-services", "--from-generation", "4",
                               "--from-target", "t1", "--transfer-only", "--all"});
  EXPECT_TRUE(migrate.operation.older);
  EXPECT_FALSE(restore.operation.older);
  EXPECT_EQ(migrate.operation.generation.value, 4U);
  EXPECT_EQ(migrate.scope, StateCommand::Scope::kAllServices);
  EXPECT_EQ(migrate.submit.options.state_from.at(0).target.text, "t1");
  EXPECT_EQ(migrate.operation.extent, StateOperation::Extent::kTransferOnly);
  EXPECT_EQ(CommandOf<StateCommand>({"delete-state", "-c", "rooms"}).operation.job,
            StateOperation::Job::kDelete);
  const auto clean = CommandOf<CollectCommand>({"clean-snapshots", "-C", "sql", "--keep", "2"});
  EXPECT_EQ(clean.what.scope, CollectItem::Scope::kSnapshots);
  EXPECT_EQ(clean.what.container.text, "sql");
  EXPECT_EQ(clean.what.keep, 2U);
  EXPECT_NE(ErrorOf({"clean-snapshots", "--keep", "0"}).message, "") << "the newest is always kept";
  EXPECT_NE(ErrorOf({"restore", "--snapshot", "sql/db/1"}).message, "") << "of which service?";
  EXPECT_NE(ErrorOf({"restore", "--dry-run", "--plan", "00"}).message, "");
}

TEST(Arguments, DisnixVariablesSayWhatTheLineDoesNot) {
  const CallDefaults defaults =
      CallDefaultsFrom({"DISNIX_PROFILE=shop", "DISNIX_TARGET_PROPERTY=ip", "DISNIX_DEPLOY_STATE=1",
                        "DISNIX_DELETE_STATE=1"})
          .value();
  const auto call_of = [&](std::vector<const char*> arguments) {
    return std::get<Call>(ParseArguments(arguments, defaults).value());
  };
  Call call = call_of({"eris", "deploy"});
  EXPECT_EQ(call.profile.text, "shop");
  auto deploy = std::get<DeployCommand>(call.command);
  EXPECT_EQ(deploy.models.target_property, "ip");
  EXPECT_EQ(deploy.models.state, ModelArguments::State::kDeployAll);
  EXPECT_EQ(deploy.submit.options.old_state, OldState::kDelete);
  call = call_of({"eris", "plan", "-p", "other", "--target-property", "hostname"});
  EXPECT_EQ(call.profile.text, "other");
  EXPECT_EQ(std::get<PlanCommand>(call.command).models.target_property, "hostname");
}

TEST(Arguments, DisnixVariablesThatSayNothing) {
  const CallDefaults defaults =
      CallDefaultsFrom({"DISNIX_PROFILE=", "DISNIX_DEPLOY_STATE=0", "XDISNIX_PROFILE=a"}).value();
  EXPECT_EQ(defaults.profile.text, "default");
  EXPECT_EQ(defaults.state, ModelArguments::State::kAsModelled);
  EXPECT_FALSE(CallDefaultsFrom({"DISNIX_PROFILE=../x"}));
}

TEST(Arguments, DeployTakesTheOptionsOfDisnix) {
  const Call call = CallOf({"deploy",
                            "-s",
                            "s.nix",
                            "-i",
                            "i.nix",
                            "-d",
                            "d.nix",
                            "--extra-params",
                            "{ a = 1; }",
                            "--target-property",
                            "ip",
                            "--deploy-state",
                            "--show-trace",
                            "-p",
                            "test",
                            "--no-migration",
                            "--build-on-targets",
                            "-m",
                            "7",
                            "--delete-state",
                            "--no-final-snapshot",
                            "--pre-copy",
                            "--state-from",
                            "db=t1",
                            "--state-from",
                            "last"});
  const auto& command = std::get<DeployCommand>(call.command);
  EXPECT_EQ(command.submit.options.old_state, OldState::kDelete);
  EXPECT_EQ(command.submit.options.final_snapshots, FinalSnapshots::kSkip);
  EXPECT_EQ(command.submit.options.pre_copy, PreCopy::kBases);
  EXPECT_EQ(command.submit.options.state_from,
            (std::vector<StateChoice>{{ServiceName("db"), TargetName("t1")}, {}}));
  EXPECT_EQ(
      command.models,
      (ModelArguments{
          .sources = {.services = "s.nix", .infrastructure = "i.nix", .distribution = "d.nix"},
          .extra_params = "{ a = 1; }",
          .target_property = "ip",
          .state = ModelArguments::State::kDeployAll,
          .trace = ModelArguments::Trace::kWhole}));
  EXPECT_EQ(call.profile.text, "test");
  EXPECT_EQ(command.submit.options.migration, Migration::kForbidden);
  EXPECT_EQ(command.submit.options.build_place, BuildPlace::kTargets);
  EXPECT_EQ(command.submit.options.max_concurrent_transfers, 7u);
}

TEST(Arguments, TakeEveryEntryLevelOfModels) {
  const auto models =
      CommandOf<ManifestCommand>({"manifest", "-P", "p.nix", "-A", "a.nix", "-D", "d.json",
                                  "--flake", ".#test", "--nixpkgs", "/n", "--undeploy"})
          .models;
  EXPECT_EQ(models, (ModelArguments{.sources = {.packages = "p.nix",
                                                .architecture = "a.nix",
                                                .flake = ".#test",
                                                .purpose = ModelSources::Purpose::kUndeploy},
                                    .deployment = "d.json",
                                    .nixpkgs = "/n"}));
}

TEST(Arguments, DeployTakesErisOwnOptions) {
  const auto command = CommandOf<DeployCommand>({"deploy", "--detach", "--idempotency-key", "key",
                                                 "--plan", "abc", "--overlap", "--supersede",
                                                 "--wait", "1.5", "--target-offline", "skip"});
  EXPECT_EQ(command.submit.following, Following::kDetached);
  EXPECT_EQ(command.submit.id.text, "key");
  EXPECT_EQ(command.submit.options.expected_plan_hash, "abc");
  EXPECT_EQ(command.submit.options.order, SwitchOrder::kOverlap);
  EXPECT_EQ(command.submit.options.queueing, Queueing::kSupersedeQueued);
  EXPECT_EQ(command.submit.options.wait_ms, 1500);
  EXPECT_EQ(command.submit.options.target_offline, TargetOffline::kSkip);
}

TEST(Arguments, DurationsAreSecondsUnlessTheySayOtherwise) {
  EXPECT_EQ(ParseDuration("90"), Duration(90'000));
  EXPECT_EQ(ParseDuration("0"), Duration(0));
  EXPECT_EQ(ParseDuration("1.5s"), Duration(1'500));
  EXPECT_EQ(ParseDuration("250ms"), Duration(250));
  EXPECT_EQ(ParseDuration("5m"), Duration(300'000));
  EXPECT_EQ(ParseDuration("2h"), Duration(7'200'000));
  EXPECT_EQ(ParseDuration("3d"), Duration(259'200'000));
  for (const char* text : {"", "s", ".", "1.2.3", "-1", "5 m", "5w", "1e3", "9999999999999999d"}) {
    EXPECT_FALSE(ParseDuration(text)) << text;
  }
}

TEST(Arguments, ConnectionIsSaidAtEveryCommandThatNeedsIt) {
  const Call call = CallOf({"status", "--endpoint", "tcp://h:1", "--key", "k", "--server-key", "s",
                            "--connect-timeout", "2", "--json"});
  EXPECT_EQ(call.connection, (ConnectionArguments{.endpoint = "tcp://h:1",
                                                  .key_file = "k",
                                                  .server_key = "s",
                                                  .patience = Duration(2000)}));
  EXPECT_EQ(call.form, OutputForm::kJson);
}

TEST(Arguments, TransactionsAreNumbersOrSubmissions) {
  EXPECT_EQ(CommandOf<WatchCommand>({"watch", "7"}).transaction,
            (TransactionRef{.transaction = TransactionId{7}}));
  EXPECT_EQ(CommandOf<WatchCommand>({"watch", "s7"}).transaction,
            (TransactionRef{.submission = SubmissionId("s7")}));
  EXPECT_EQ(ToString(ParseTransactionRef("7")), "7");
  EXPECT_EQ(ToString(ParseTransactionRef("s7")), "s7");
}

TEST(Arguments, EveryOtherCommand) {
  EXPECT_EQ(CommandOf<RollbackCommand>({"rollback", "--to", "3"}).to, GenerationNumber{3});
  EXPECT_EQ(CommandOf<RollbackCommand>({"rollback"}).to, GenerationNumber{0});
  EXPECT_EQ(CommandOf<RetryCommand>({"retry", "4"}).of.transaction, TransactionId{4});
  EXPECT_EQ(CommandOf<RetryCommand>({"retry", "s4"}).of.submission, SubmissionId("s4"));
  EXPECT_EQ(CommandOf<WatchCommand>({"watch", "4", "--from", "9"}).from, EventSequence{9});
  EXPECT_EQ(CommandOf<WhyCommand>({"why", "api"}), (WhyCommand{"api", {}}));
  EXPECT_EQ(CommandOf<WhyCommand>({"why", "4", "12"}), (WhyCommand{"4", ItemIndex{12}}));
  EXPECT_EQ(CommandOf<LockCommand>({"lock"}), LockCommand{});
  EXPECT_EQ(CommandOf<UnlockCommand>({"unlock", "--break", "a", "b"}),
            (UnlockCommand{{TargetName("a"), TargetName("b")}, UnlockCommand::Force::kBreak}));
  EXPECT_EQ(CommandOf<LogsCommand>({"logs", "4", "12"}).item, ItemIndex{12});
  EXPECT_FALSE(CommandOf<LogsCommand>({"logs", "4"}).item);
  EXPECT_FALSE(CommandOf<StatusCommand>({"status"}).transaction);
  EXPECT_FALSE(CommandOf<HistoryCommand>({"history"}).transaction);
  EXPECT_EQ(CommandOf<HistoryCommand>({"history", "-n", "5"}).limit, 5u);
  EXPECT_EQ(CommandOf<HistoryCommand>({"history", "--at", "2027-01-15T08:00:00Z"}).at,
            WallTime{1'800'000'000'000});
  EXPECT_EQ(CommandOf<CancelCommand>({"cancel", "4", "--reason", "late"}).reason, "late");
  EXPECT_EQ(CommandOf<AbandonCommand>({"abandon", "4", "--target", "a"}).target, TargetName("a"));
  EXPECT_EQ(CommandOf<QueryCommand>({"query", "a", "b"}).targets,
            (std::vector<TargetName>{TargetName("a"), TargetName("b")}));
  EXPECT_EQ(CommandOf<BuildCommand>({"build", "-j", "3"}).max_jobs, 3u);
  EXPECT_EQ(CommandOf<ManifestCommand>({"manifest", "-s", "x"}).models.sources.services, "x");
  EXPECT_EQ(CommandOf<PlanCommand>({"plan", "--overlap"}).options.order, SwitchOrder::kOverlap);
  EXPECT_EQ(CommandOf<GenerationsCommand>({"generations"}), GenerationsCommand{});
  EXPECT_EQ(CommandOf<TargetsCommand>({"targets"}), TargetsCommand{});
  EXPECT_EQ(CommandOf<AdoptCommand>({"targets", "adopt", "db1"}).target, TargetName("db1"));
  EXPECT_EQ(CommandOf<UndeployCommand>({"undeploy"}), UndeployCommand{});
  EXPECT_EQ(CommandOf<UpCommand>({"up", "-i", "i", "--state-dir", "d", "--own-store"}),
            (UpCommand{"i", "d", UpCommand::Store::kOwn}));
}

TEST(Arguments, CapturesAndCopiesNameTargets) {
  const auto capture =
      CommandOf<CaptureManifestCommand>({"capture-manifest", "-i", "net.nix", "--allow-missing"});
  EXPECT_EQ(capture.models.sources.infrastructure, "net.nix");
  EXPECT_EQ(capture.missing, MissingTargets::kAllowed);
  const auto copy = CommandOf<CopyClosureCommand>(
      {"copy-closure", "--to", "a", "-t", "b", "/nix/store/x", "/nix/store/y", "--wait", "2"});
  EXPECT_EQ(copy.targets, (std::vector<TargetName>{TargetName("a"), TargetName("b")}));
  EXPECT_EQ(copy.paths.size(), 2U);
  EXPECT_EQ(copy.submit.options.wait_ms, 2000);
  const auto back = CommandOf<CopyClosureCommand>({"copy-closure", "--from", "a", "/nix/store/x"});
  EXPECT_EQ(back.way, TransferItem::Way::kFromTarget);
  EXPECT_EQ(back.targets, std::vector<TargetName>{TargetName("a")});
  EXPECT_EQ(ErrorOf({"copy-closure", "--to", "a"}).code, ErrorCode::kInvalid);
  EXPECT_EQ(ErrorOf({"copy-closure", "--to", "a", "--from", "b", "/nix/store/x"}).code,
            ErrorCode::kInvalid);
  EXPECT_EQ(CommandOf<ReconstructCommand>({"reconstruct", "--from-disnix"}).source,
            ReconstructCommand::Source::kDisnix);
}

TEST(Arguments, KeysAreGrantedInWords) {
  EXPECT_EQ(CommandOf<KeyGenerateCommand>({"key", "generate", "f"}).file, "f");
  EXPECT_EQ(CommandOf<KeyRevokeCommand>({"key", "revoke", "bob", "--keys-dir", "k"}),
            (KeyRevokeCommand{"k", "bob"}));
  const auto command = CommandOf<KeyAuthorizeCommand>(
      {"key", "authorize", "KEY", "--name", "bob", "--role", "client", "--level", "deploy",
       "--allow-profile", "test", "--allow-target", "a", "--allow-target", "b"});
  EXPECT_EQ(command.public_key, "KEY");
  EXPECT_EQ(command.grant, (KeyGrant{.name = "bob",
                                     .role = Role::kClient,
                                     .level = KeyLevel::kDeploy,
                                     .profiles = {"test"},
                                     .targets = {"a", "b"}}));
}

TEST(Arguments, HelpAndVersionAreAnswers) {
  EXPECT_NE(std::get<Answer>(*Parse({"--help"})).text.find("rollback"), std::string::npos);
  EXPECT_NE(std::get<Answer>(*Parse({"deploy", "--help"})).text.find("--no-migration"),
            std::string::npos);
  EXPECT_EQ(std::get<Answer>(*Parse({"--version"})).text.rfind("eris ", 0), 0u);
}

TEST(Arguments, MistakesNameWhatIsWrongAndWhereHelpIs) {
  const Error unknown = ErrorOf({"deploy", "--no-such-option"});
  EXPECT_NE(unknown.message.find("--no-such-option"), std::string::npos);
  EXPECT_EQ(unknown.message.find('\n'), std::string::npos);
  EXPECT_EQ(unknown.fix, "see `eris deploy --help`");
  EXPECT_EQ(ErrorOf({}).fix, "see `eris --help`");
  EXPECT_EQ(ErrorOf({"watch"}).fix, "see `eris watch --help`");
  EXPECT_EQ(ErrorOf({"retry"}).code, ErrorCode::kInvalid);
  EXPECT_EQ(ErrorOf({"up"}).code, ErrorCode::kInvalid);
  EXPECT_EQ(ErrorOf({"key", "authorize", "K", "--name", "n", "--role", "king"}).code,
            ErrorCode::kInvalid);
}

}  // namespace
}  // namespace eris::cli
