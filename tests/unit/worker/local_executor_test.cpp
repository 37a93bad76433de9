// Goal: items do on this machine what their verbs say, and an attempt of an earlier worker is
// picked up, not repeated. Method: the real loop, `dysnomia`, Nix on a store of the test's own, and
// a module in shell that writes down each call.
#include "worker/local_executor.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>

#include <algorithm>
#include <fstream>

#include "schema/base/command.h"
#include "schema/base/files.h"
#include "schema/base/pidfd.h"
#include "schema/base/text.h"
#include "schema/codec/codec.h"
#include "tests/unit/state/temp_directory.h"

namespace eris {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr char kModule[] =
    "#!/bin/sh\n"
    "echo \"$1 $(basename $2) $3 $port\" >> \"$calls\"\n"
    "[ ! -e \"$2/fail-$1\" ] || { echo \"$1 says no\"; exit 7; }\n";

ItemId Id(std::uint32_t index, std::uint16_t attempt = 1) {
  return {.step = {.journal = {1}, .transaction = {1}, .index = {index}},
          .grade = {.direction = Direction::kForward, .attempt = attempt}};
}

class LocalExecutorTest : public testing::Test {
 protected:
  void SetUp() override {
    for (const char* name : {"attempts", "work", "state", "modules"}) {
      fs::create_directories(Path(name));
    }
    std::ofstream(Path("modules/noting")) << kModule;
    fs::permissions(Path("modules/noting"), fs::perms::owner_all);
    ASSERT_TRUE(PrepareOwnStore(store_));
    ::setenv("DYSNOMIA_MODULES_PATH", Path("modules").c_str(), 1);
    loop_ = link::Loop::Open(clock_).value();
    MakeExecutor();
  }
  void TearDown() override {
    executor_.reset();
    static_cast<void>(RunCommand({"chmod", "-R", "u+w", store_.store_dir}));
  }

  fs::path Path(const std::string& name) const { return fs::path(directory_ / name); }

  void MakeExecutor() {
    const LocalExecutor::Options options{.activities = {.dysnomia = ERIS_DYSNOMIA,
                                                        .attempts_dir = Path("attempts"),
                                                        .state_dir = Path("state"),
                                                        .secrets_dir = Path("secrets"),
                                                        .at_a_time = 2},
                                         .store = {.location = store_,
                                                   .roots_dir = Path("roots"),
                                                   .profiles_dir = Path("profiles"),
                                                   .work_dir = Path("work")},
                                         .modules_path = {Path("modules")},
                                         .disnix_profiles = Path("disnix")};
    executor_ = std::make_unique<LocalExecutor>(
        options, *loop_, log_,
        ExecutorLinks{
            .done = [this](const ItemId& id, Outcome outcome) { done_[id] = std::move(outcome); },
            .ledger = [this]() -> const LedgerState& { return ledger_; },
            .send = [this](Message message) { sent_.push_back(std::move(message)); }});
  }

  Activity ActivityOf(const std::string& component) {
    const fs::path package = Path(component);
    fs::create_directories(package);
    return {.service_name = ServiceName(component),
            .service = ServiceKey(component),
            .container = ContainerName("c"),
            .module = "noting",
            .package = StorePath(package.string()),
            .component = ComponentName(component),
            .properties = {{.name = "calls", .text = Path("calls").string(), .json = {}},
                           {.name = "port", .text = "80", .json = {}}}};
  }
  Outcome Run(std::uint32_t index, ItemBody body, StartMode mode = StartMode::kFresh) {
    executor_->Start(
        {.id = Id(index), .deadline_ms = 20'000, .body = std::move(body), .mode = mode});
    return Await(Id(index));
  }
  Outcome Await(const ItemId& id) {
    const Now start = clock_.Read();
    while (!done_.contains(id) && clock_.Read().steady - start.steady < Duration(30'000)) {
      loop_->Turn(Duration(100));
    }
    EXPECT_TRUE(done_.contains(id)) << "no completion";
    return done_[id];
  }
  std::vector<std::string> Calls() const {
    const Result<std::string> text = ReadFile(Path("calls").string(), 65536);
    std::vector<std::string> calls;
    if (!text) return calls;
    for (const std::string_view line : Split(*text, '\n')) {
      if (!line.empty()) calls.emplace_back(line);
    }
    return calls;
  }
  StorePath Instantiate(const std::string& name, const std::string& script) const {
    const std::string expression = "derivation { name = \"" + name +
                                   "\"; system = builtins.currentSystem; builder = \"/bin/sh\"; "
                                   "args = [ \"-c\" ''" +
                                   script + "'' ]; }";
    const auto done = RunCommand({"nix-instantiate", "--expr", expression},
                                 {.environment = WithStore(CurrentEnvironment(), store_)});
    EXPECT_TRUE(done && done->status.success());
    return StorePath(std::string(Trim(done->stdout_text)));
  }
  StorePath OutputOf(const StorePath& derivation) const {
    const auto done = RunCommand({"nix-store", "--query", "--outputs", derivation.text},
                                 {.environment = WithStore(CurrentEnvironment(), store_)});
    return StorePath(std::string(Trim(done->stdout_text)));
  }

  test::TempDirectory directory_;
  StoreLocation store_ = OwnStoreBelow(directory_ / "nix");
  SystemClock clock_;
  NullLog log_;
  LedgerState ledger_;
  std::unique_ptr<link::Loop> loop_;
  std::unique_ptr<LocalExecutor> executor_;
  std::map<ItemId, Outcome> done_;
  std::vector<Message> sent_;
};

TEST_F(LocalExecutorTest, RunsAnActivityWithItsProperties) {
  const Outcome outcome = Run(1, ActivateItem{ActivityOf("api")});
  EXPECT_EQ(outcome.verdict, Verdict::kSucceeded) << outcome.message;
  EXPECT_THAT(Calls(), ElementsAre("activate api c 80"));
}

TEST_F(LocalExecutorTest, QuickActivitiesShareAProcessUntilItDies) {
  Activity quick = ActivityOf("api");
  quick.module = "echo";
  const auto runner_of = [&](std::uint32_t index) {
    EXPECT_EQ(Run(index, ActivateItem{quick}).verdict, Verdict::kSucceeded);
    return std::stoi(ReadFile(Path("attempts/" + AttemptNameOf(Id(index)) + "/lock"), 256).value());
  };
  const pid_t first = runner_of(1);
  EXPECT_EQ(runner_of(2), first);
  const UniqueFd pidfd(PidfdOpen(first));
  ::kill(first, SIGKILL);
  pollfd end{pidfd.get(), POLLIN, 0};
  ASSERT_EQ(::poll(&end, 1, 30'000), 1);
  EXPECT_NE(runner_of(3), first);
}

TEST_F(LocalExecutorTest, WithALeaseRunnersAndDirectoriesWaitForTheActivities) {
  const auto children = [] {
    const std::string self = std::to_string(::getpid());
    const auto text = ReadFile("/proc/" + self + "/task/" + self + "/children", 65536).value();
    return std::count(text.begin(), text.end(), ' ');
  };
  const auto before = children();  // those of other tests
  EXPECT_TRUE(fs::exists(Path("attempts/spare-14/outcome.new")));
  Run(1, LockItem{AcquireLease{.profile = ProfileName("default"), .switch_items = 9}});
  for (int i = 0; i < 3000 && children() == before; ++i) loop_->Turn(Duration(10));
  EXPECT_EQ(children(), before + 2) << "as many as run at a time";
  Activity quick = ActivityOf("api");
  quick.module = "echo";
  EXPECT_EQ(Run(2, ActivateItem{quick}).verdict, Verdict::kSucceeded);
  EXPECT_EQ(children(), before + 2);
}

TEST_F(LocalExecutorTest, SaysWhyAModuleRefused) {
  const Activity activity = ActivityOf("api");
  std::ofstream(activity.package.text + "/fail-activate") << "";
  const Outcome outcome = Run(1, ActivateItem{activity});
  EXPECT_EQ(outcome.verdict, Verdict::kFailed);
  EXPECT_THAT(outcome.message, HasSubstr("activate of"));
  EXPECT_THAT(outcome.log_tail, HasSubstr("activate says no"));
}

TEST_F(LocalExecutorTest, ABatchOfLocksStopsAtTheFirstRefusal) {
  const Activity refusing = ActivityOf("b");
  std::ofstream(refusing.package.text + "/fail-lock") << "";
  const Outcome outcome = Run(
      1,
      LockItem{.what = LockComponents{.components = {ActivityOf("a"), refusing, ActivityOf("d")}}});
  EXPECT_EQ(outcome.verdict, Verdict::kFailed);
  EXPECT_THAT(Calls(), ElementsAre("lock a c 80", "lock b c 80"));
}

TEST_F(LocalExecutorTest, D8PicksUpTheOutcomeOfAnAttemptWhoseWorkerDied) {
  executor_->Start({.id = Id(1), .deadline_ms = 20'000, .body = ActivateItem{ActivityOf("api")}});
  executor_.reset();  // the worker is gone before the attempt has ended
  MakeExecutor();
  const Outcome outcome = Run(1, ActivateItem{ActivityOf("api")}, StartMode::kResumed);
  EXPECT_EQ(outcome.verdict, Verdict::kSucceeded) << outcome.message;
  EXPECT_THAT(Calls(), ElementsAre("activate api c 80"));
}

TEST_F(LocalExecutorTest, RunsAgainWhatWasRecordedButNeverBegan) {
  const Outcome outcome = Run(1, ActivateItem{ActivityOf("api")}, StartMode::kResumed);
  EXPECT_EQ(outcome.verdict, Verdict::kSucceeded) << outcome.message;
  EXPECT_THAT(Calls(), ElementsAre("activate api c 80"));
}

TEST_F(LocalExecutorTest, ARepeatedLockIsPrecededByUnlock) {
  executor_->Start({.id = Id(1, 2),
                    .deadline_ms = 20'000,
                    .body = LockItem{.what = LockComponents{.components = {ActivityOf("a")}}}});
  EXPECT_EQ(Await(Id(1, 2)).verdict, Verdict::kSucceeded);
  EXPECT_THAT(Calls(), ElementsAre("unlock a c 80", "lock a c 80"));
}

TEST_F(LocalExecutorTest, SaysWhatDisnixHasDeployed) {
  const QueryItem query{.profile = ProfileName("default"), .what = QueryItem::What::kDisnix};
  EXPECT_THAT(Run(1, query).message, HasSubstr("there is no profile of Disnix here"));
  fs::create_directories(Path("disnix"));
  fs::create_directory(Path("elsewhere"));
  fs::create_directory_symlink(Path("elsewhere"), Path("disnix/default"));
  EXPECT_THAT(Run(2, query).message, HasSubstr("no path of a Nix store"));
  const fs::path profile = Path("00000000000000000000000000000000-test1");
  fs::create_directory(profile);
  fs::remove(Path("disnix/default"));
  fs::create_directory_symlink(profile, Path("disnix/default-1-link"));
  fs::create_directory_symlink("default-1-link", Path("disnix/default"));
  EXPECT_THAT(Run(3, query).message, HasSubstr("no profilemanifest.xml"));
  std::ofstream(profile / "profilemanifest.xml") << "<profilemanifest/>";
  const auto report = std::get<TargetReport>(Run(4, query).report);
  EXPECT_EQ(report.profile.text, profile.string());
  EXPECT_EQ(report.manifest, "<profilemanifest/>");
  std::ofstream(profile / "profilemanifest.xml") << std::string(1 << 20, 'x');
  EXPECT_EQ(std::get<TargetReport>(Run(5, query).report).manifest, "") << "too large for a report";
}

TEST_F(LocalExecutorTest, AnswersQuestionsOfClientsDirectly) {
  const auto ask = [&](std::uint64_t number, const ItemBody& body) {
    executor_->OnInquiry({.header = {.kind = MessageKind::kInquiry,
                                     .queue = "target.t",
                                     .client = {4},
                                     .request = number,
                                     .profiles = {"default"}},
                          .body = Encode(body)});
  };
  const QueryItem query{.profile = ProfileName("default")};
  for (std::uint64_t number = 1; number <= InquiryDesk::kMost; ++number) ask(number, query);
  ask(1, query);  // again, before it is answered
  EXPECT_TRUE(sent_.empty());
  ask(99, query);
  ASSERT_EQ(sent_.size(), 1U) << "one too many is told so";
  EXPECT_EQ(sent_.back().header.request, 99U);
  EXPECT_EQ(Decode<Outcome>(sent_.back().body)->verdict, Verdict::kUnavailable);
  const Now start = clock_.Read();
  while (sent_.size() <= InquiryDesk::kMost &&
         clock_.Read().steady - start.steady < Duration(30'000)) {
    loop_->Turn(Duration(100));
  }
  ASSERT_EQ(sent_.size(), InquiryDesk::kMost + 1);
  EXPECT_EQ(sent_.back().header.kind, MessageKind::kInquiry);
  EXPECT_EQ(sent_.back().header.client, SessionId{4});
  EXPECT_TRUE(std::holds_alternative<TargetReport>(Decode<Outcome>(sent_.back().body)->report));
  ask(1, QueryItem{.profile = ProfileName("other")});
  EXPECT_EQ(Decode<Outcome>(sent_.back().body)->verdict, Verdict::kRefused);
  ask(1, CollectItem{});
  EXPECT_THAT(Decode<Outcome>(sent_.back().body)->message, HasSubstr("no question"));
  EXPECT_TRUE(done_.empty()) << "nothing of it is an item";
}

TEST_F(LocalExecutorTest, BuildsAndSaysWhichOutputsFailed) {
  const StorePath good = Instantiate("good", "echo x > $out");
  const StorePath bad = Instantiate("bad", "echo no good; exit 3");
  const Outcome outcome =
      Run(1, BuildItem{.derivations = {{good, OutputOf(good)}, {bad, OutputOf(bad)}}});
  EXPECT_EQ(outcome.verdict, Verdict::kFailed);
  const auto report = std::get<BuildReport>(outcome.report);
  EXPECT_THAT(report.built, ElementsAre(OutputOf(good)));
  EXPECT_THAT(report.failed, ElementsAre(OutputOf(bad)));
  EXPECT_EQ(outcome.message, "1 of 2 builds failed: bad.drv: failed with exit code 3");
  EXPECT_EQ(outcome.log_tail, bad.text + " failed with exit code 3\n  no good\n");
}

TEST_F(LocalExecutorTest, RootsAClosureAndSwitchesTheProfile) {
  const StorePath derivation = Instantiate("profile", "echo x > $out");
  const StorePath output = OutputOf(derivation);
  ASSERT_EQ(Run(1, BuildItem{.derivations = {{derivation, output}}}).verdict, Verdict::kSucceeded);
  EXPECT_EQ(Run(2, TransferItem{.paths = {output}}).verdict, Verdict::kSucceeded);
  const ProfileName profile("default");
  EXPECT_EQ(Run(3, SetProfileItem{.profile = profile, .path = output}).verdict,
            Verdict::kSucceeded);
  const Outcome query = Run(4, QueryItem{.profile = profile});
  EXPECT_EQ(std::get<TargetReport>(query.report).profile, output);
  EXPECT_EQ(Run(5, SetProfileItem{.profile = profile}).verdict, Verdict::kSucceeded);
  EXPECT_TRUE(std::get<TargetReport>(Run(6, QueryItem{.profile = profile}).report).profile.empty());
  executor_->DropRoots({1});
  EXPECT_FALSE(fs::exists(Path("roots/1")));
  const auto roots = RunCommand({"nix-store", "--gc", "--print-roots"},
                                {.environment = WithStore(CurrentEnvironment(), store_)});
  const std::string link = Path("profiles/default-1-link").string();
  EXPECT_THAT(roots->stdout_text, testing::HasSubstr(link + " -> " + output.text));
}

// A path that nothing of the transaction roots is Nix' to judge.
TEST_F(LocalExecutorTest, AProfileThatIsNotThereIsNotSwitchedTo) {
  const StorePath absent(store_.store_dir + "/00000000000000000000000000000000-absent");
  const ProfileName profile("default");
  EXPECT_EQ(Run(1, SetProfileItem{.profile = profile, .path = absent}).verdict, Verdict::kFailed);
  EXPECT_TRUE(std::get<TargetReport>(Run(2, QueryItem{.profile = profile}).report).profile.empty());
}

TEST_F(LocalExecutorTest, RootsADerivationWithoutBuildingIt) {
  const StorePath derivation = Instantiate("later", "echo x > $out");
  const Outcome outcome = Run(1, TransferItem{.paths = {derivation}});
  EXPECT_EQ(outcome.verdict, Verdict::kSucceeded) << outcome.message;
  EXPECT_FALSE(fs::exists(OutputOf(derivation).text));
  const auto collected =
      RunCommand({"nix-store", "--gc"}, {.environment = WithStore(CurrentEnvironment(), store_)});
  EXPECT_TRUE(collected && fs::exists(derivation.text));
  const StorePath absent(store_.store_dir + "/00000000000000000000000000000000-absent.drv");
  EXPECT_EQ(Run(2, TransferItem{.paths = {absent}}).verdict, Verdict::kFailed);
}

TEST_F(LocalExecutorTest, ATransferAsksTheSubstitutersOfTheItem) {
  const auto nix = [this](const std::vector<std::string>& argv) {
    const auto done = RunCommand(argv, {.environment = WithStore(CurrentEnvironment(), store_)});
    EXPECT_TRUE(done && done->status.success()) << (done ? done->stderr_tail : "");
  };
  const StorePath derivation = Instantiate("cached", "echo x > $out");
  const StorePath output = OutputOf(derivation);
  const std::string cache = "file://" + Path("cache").string();
  nix({"nix-store", "--generate-binary-cache-key", "cache-1", Path("secret"), Path("public")});
  nix({"nix-store", "--realise", derivation.text});
  nix({"nix", "--extra-experimental-features", "nix-command", "copy", "--to",
       cache + "?secret-key=" + Path("secret").string(), output.text});
  nix({"nix-store", "--delete", output.text});
  const TransferItem item{.paths = {output}, .substituters = {cache}};
  EXPECT_EQ(Run(1, item).verdict, Verdict::kFailed) << "nobody trusts that key";
  const std::string key = ReadFile(Path("public").string(), 1024).value();
  std::ofstream(store_.conf_dir + "/nix.conf", std::ios::app)
      << "trusted-public-keys = " << key << "\n";
  const Outcome outcome = Run(2, item);
  EXPECT_EQ(outcome.verdict, Verdict::kSucceeded) << outcome.message;
  EXPECT_TRUE(fs::exists(output.text));
  EXPECT_EQ(Run(3, TransferItem{.paths = {output}, .substituters = {"file:///nowhere"}}).verdict,
            Verdict::kSucceeded)
      << "what is there is asked for nowhere";
}

// Debian's Nix is built without S3.
TEST_F(LocalExecutorTest, ATransferNamesTheSubstituterThatNixCannotUse) {
  const StorePath derivation = Instantiate("uncached", "echo x > $out");
  const TransferItem item{.paths = {OutputOf(derivation)}, .substituters = {"s4://bucket"}};
  const Outcome outcome = Run(1, item);
  EXPECT_EQ(outcome.verdict, Verdict::kFailed);
  EXPECT_THAT(outcome.message, HasSubstr("don't know how to open Nix store 's4://bucket'"));
  EXPECT_EQ(outcome.message.find('\n'), std::string::npos);
}

TEST_F(LocalExecutorTest, ATransferOfWhatIsNotThereFails) {
  const StorePath derivation = Instantiate("absent", "echo x > $out");
  const Outcome outcome = Run(1, TransferItem{.paths = {OutputOf(derivation)}});
  EXPECT_EQ(outcome.verdict, Verdict::kFailed);
  EXPECT_FALSE(outcome.message.empty());
}

}  // namespace
}  // namespace eris
