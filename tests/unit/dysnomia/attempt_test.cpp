// Goal: the promises of dysnomia/attempt.h hold for the real program. Method: shell scripts as
// modules, run by `dysnomia --attempt` in a child process that is watched, stopped and killed.
#include "dysnomia/attempt.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>

#include "dysnomia/internal/process_table.h"
#include "schema/base/process.h"
#include "tests/unit/dysnomia/test_dir.h"

namespace eris::dysnomia {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr int kPatienceMs = 20'000;

bool WaitReadable(int fd) {
  pollfd watched{fd, POLLIN, 0};
  return ::poll(&watched, 1, kPatienceMs) == 1;
}

class AttemptTest : public ::testing::Test {
 protected:
  // A module "m" of this script.
  void Module(std::string_view script) { dir_.Script("modules/m", script); }

  ActivityRequest Activity(ActivityKind kind = ActivityKind::kActivate) const {
    ActivityRequest activity;
    activity.kind = kind;
    activity.module = "m";
    activity.component = dir_.path().string();
    activity.container = "box";
    return activity;
  }

  AttemptRequest Request(std::vector<ActivityRequest> activities) const {
    AttemptRequest request;
    request.activities = std::move(activities);
    request.state_dir = dir_ / "state";
    request.secrets_dir = dir_ / "secrets";
    request.kill_grace = Duration(200);
    return request;
  }

  Child Start(const AttemptRequest& request) {
    const Status prepared = PrepareAttempt(attempt_, request);
    EXPECT_TRUE(prepared) << prepared.error().message;
    return StartPrepared();
  }

  Child StartPrepared() {
    SpawnOptions options;
    options.argv = AttemptCommand(DYSNOMIA_PROGRAM, attempt_);
    options.environment = {"PATH=" + std::string(::getenv("PATH")),
                           "DYSNOMIA_MODULES_PATH=" + (dir_ / "modules").string(),
                           "ERIS_KEY=not for modules"};
    options.stderr_fd = STDERR_FILENO;
    options.session = SpawnSession::kNew;
    auto child = Spawn(options);
    EXPECT_TRUE(child);
    return *std::move(child);
  }

  AttemptOutcome Finish(Child child) {
    EXPECT_TRUE(WaitReadable(child.pidfd.get()));
    EXPECT_TRUE(Reap(child)->success());
    const auto state = JudgeAttempt(attempt_);
    EXPECT_TRUE(state && state->phase == AttemptPhase::kFinished);
    return state ? state->outcome : AttemptOutcome{};
  }

  AttemptOutcome Run(const AttemptRequest& request) { return Finish(Start(request)); }

  // Until the module has made this file.
  void Await(std::string_view below) const {
    for (int i = 0; i < 2000 && !FileExists((dir_ / below).string()); ++i) ::poll(nullptr, 0, 10);
    ASSERT_TRUE(FileExists((dir_ / below).string())) << below;
  }

  TestDir dir_;
  std::filesystem::path attempt_ = dir_ / "attempt";
};

TEST_F(AttemptTest, GivesAForeignModuleWhatDysnomiaGives) {
  Module("echo \"args $# $1 $2 $3\"; echo \"port $port, state $DYSNOMIA_STATEDIR\"; env; pwd\n");
  AttemptRequest request = Request({Activity(ActivityKind::kDeleteState)});
  request.activities[0].properties["port"] = "80 'or' \"81\"\n$(id)";
  const AttemptOutcome outcome = Run(request);
  ASSERT_EQ(outcome.activities.size(), 1U);
  EXPECT_EQ(outcome.activities[0].result, ActivityResult::kSucceeded);
  const std::string output = dir_.Read("attempt/output");
  EXPECT_THAT(output, HasSubstr("args 3 collect-garbage " + dir_.path().string() + " box\n"));
  EXPECT_THAT(output, HasSubstr("port 80 'or' \"81\"\n$(id), state " + (dir_ / "state").string()));
  EXPECT_THAT(output, Not(HasSubstr("ERIS_")));
  EXPECT_EQ(outcome.activities[0].tail, output);
}

TEST_F(AttemptTest, ABatchGoesOnOverUnimplementedAndStopsAtTheFirstFailure) {
  Module("echo said $1; [ $1 != unlock ] || exit 7\n");
  dir_.Write("modules/m.activities", "activate deactivate unlock");
  const AttemptOutcome outcome = Run(Request(
      {Activity(), Activity(ActivityKind::kLock), Activity(ActivityKind::kUnlock), Activity()}));
  ASSERT_EQ(outcome.activities.size(), 3U);
  EXPECT_EQ(outcome.activities[0].result, ActivityResult::kSucceeded);
  EXPECT_EQ(outcome.activities[1].result, ActivityResult::kUnimplemented);
  EXPECT_EQ(outcome.activities[2].result, ActivityResult::kFailed);
  EXPECT_EQ(outcome.activities[2].exit_status, 7);
  EXPECT_EQ(outcome.activities[0].tail, "");  // it went on
  EXPECT_EQ(outcome.activities[2].tail, "said unlock\n");
  EXPECT_THAT(outcome.activities[2].message, HasSubstr("exit status 7: said unlock"));
}

TEST_F(AttemptTest, StatusIsAnAnswerAndNoFailure) {
  Module("exit $answer\n");
  dir_.Write("modules/m.activities", "status");
  AttemptRequest request = Request({4, Activity(ActivityKind::kStatus)});
  for (const int i : {0, 1, 2, 3}) {
    request.activities[static_cast<std::size_t>(i)].properties["answer"] =
        std::vector<std::string>{"0", "3", "4", "1"}[static_cast<std::size_t>(i)];
  }
  const AttemptOutcome outcome = Run(request);
  ASSERT_EQ(outcome.activities.size(), 4U);
  EXPECT_EQ(outcome.activities[0].status, ComponentStatus::kActive);
  EXPECT_EQ(outcome.activities[1].status, ComponentStatus::kInactive);
  EXPECT_EQ(outcome.activities[2].status, ComponentStatus::kUnknown);
  EXPECT_EQ(outcome.activities[2].result, ActivityResult::kSucceeded);
  EXPECT_EQ(outcome.activities[3].result, ActivityResult::kFailed);
}

TEST_F(AttemptTest, TheDeadlineEndsModulesThatIgnoreSigterm) {
  Module("trap '' TERM; echo begun; (while :; do sleep 60; done) & while :; do sleep 60; done\n");
  AttemptRequest request = Request({Activity(), Activity()});
  request.time_limit = Duration(300);
  Child child = Start(request);
  const pid_t session = child.pid;
  const AttemptOutcome outcome = Finish(std::move(child));
  ASSERT_EQ(outcome.activities.size(), 1U);
  EXPECT_EQ(outcome.activities[0].result, ActivityResult::kTimedOut);
  EXPECT_EQ(outcome.activities[0].exit_status, 128 + SIGKILL);
  EXPECT_EQ(outcome.activities[0].tail, "begun\n");
  EXPECT_TRUE(SessionMembers(session).empty());
}

TEST_F(AttemptTest, TheDeadlineEndsBuiltInModulesToo) {
  dir_.Script("bin/wrapper", "trap '' TERM; echo begun; while :; do sleep 60; done\n");
  AttemptRequest request = Request({Activity(), Activity(), Activity()});
  request.activities[0].module = "echo";
  request.activities[1].module = "wrapper";
  request.time_limit = Duration(300);
  Child child = Start(request);
  const pid_t session = child.pid;
  const AttemptOutcome outcome = Finish(std::move(child));
  ASSERT_EQ(outcome.activities.size(), 2U);
  EXPECT_EQ(outcome.activities[0].result, ActivityResult::kSucceeded);
  EXPECT_EQ(outcome.activities[1].result, ActivityResult::kTimedOut);
  EXPECT_THAT(outcome.activities[1].tail, ::testing::StartsWith("begun\n"));
  EXPECT_TRUE(SessionMembers(session).empty());
}

TEST_F(AttemptTest, TheDeadlineEndsForeignModulesAmongBuiltInOnes) {
  Module("trap '' TERM; while :; do sleep 60; done\n");
  AttemptRequest request = Request({Activity(), Activity(), Activity()});
  request.activities[0].module = request.activities[2].module = "echo";
  request.time_limit = Duration(300);
  const AttemptOutcome outcome = Run(request);
  ASSERT_EQ(outcome.activities.size(), 2U);
  EXPECT_EQ(outcome.activities[0].result, ActivityResult::kSucceeded);
  EXPECT_EQ(outcome.activities[1].result, ActivityResult::kTimedOut);
}

TEST_F(AttemptTest, AModuleThatSignalsItsGroupDoesNotStopTheRunner) {
  Module("trap '' TERM; kill 0; exit 7\n");
  EXPECT_EQ(Run(Request({Activity()})).activities.at(0).exit_status, 7);
}

TEST_F(AttemptTest, OutputBeyondTheLimitFailsAndIsCut) {
  Module("exec yes 0123456789012345678901234567890123456789\n");
  const AttemptOutcome outcome = Run(Request({Activity()}));
  EXPECT_EQ(outcome.activities.at(0).result, ActivityResult::kFailed);
  EXPECT_THAT(outcome.activities.at(0).message, HasSubstr("64 MiB"));
  EXPECT_EQ(std::filesystem::file_size(attempt_ / "output"), kMaxOutputBytes);
  EXPECT_LE(outcome.activities.at(0).tail.size(), kMaxTailBytes);
}

TEST_F(AttemptTest, SecretsReachTheModuleAndNothingElse) {
  dir_.Write("secrets/db", "hunter2\n");
  Module("[ \"$password\" = hunter2 ] || exit 1\necho \"the password is $password.\"\nexit 5\n");
  AttemptRequest request = Request({Activity()});
  request.activities[0].properties["password"] = SecretName{"db"};
  const AttemptOutcome outcome = Run(request);
  EXPECT_EQ(outcome.activities.at(0).exit_status, 5);
  EXPECT_EQ(outcome.activities.at(0).tail, "the password is ********.\n");
  for (const auto& file : std::filesystem::directory_iterator(attempt_)) {
    const std::string text = dir_.Read("attempt/" + file.path().filename().string());
    EXPECT_THAT(text, Not(HasSubstr("hunter2"))) << file.path();
    EXPECT_EQ(file.status().permissions() & std::filesystem::perms(0077),
              std::filesystem::perms(0));
  }
  EXPECT_EQ(dir_.Read("attempt/output"), "the password is ********.\n");
}

TEST_F(AttemptTest, AMissingSecretFailsBeforeTheModuleStarts) {
  Module("touch " + (dir_ / "started").string() + "\n");
  AttemptRequest request = Request({Activity()});
  request.activities[0].properties["password"] = SecretName{"db"};
  const AttemptOutcome outcome = Run(request);
  EXPECT_EQ(outcome.activities.at(0).result, ActivityResult::kNotStarted);
  EXPECT_THAT(outcome.activities.at(0).message, HasSubstr("secret 'db'"));
  EXPECT_FALSE(FileExists((dir_ / "started").string()));
}

TEST_F(AttemptTest, AKilledRunnerLeavesNoOutcomeAndFreesTheLock) {
  Module(": > " + (dir_ / "started").string() + "; exec sleep 60\n");
  Child child = Start(Request({Activity()}));
  Await("started");
  EXPECT_EQ(IsAttemptRunning(attempt_), true);
  EXPECT_EQ(JudgeAttempt(attempt_)->phase, AttemptPhase::kRunning);
  const auto watched = WatchAttempt(attempt_);
  ASSERT_TRUE(watched && watched->has_value());
  ASSERT_TRUE(Kill(child, SIGKILL));
  EXPECT_TRUE(WaitReadable((*watched)->get()));
  const pid_t session = child.pid;
  ASSERT_TRUE(Reap(child));
  EXPECT_EQ(IsAttemptRunning(attempt_), false);
  EXPECT_FALSE(WatchAttempt(attempt_)->has_value());
  EXPECT_EQ(JudgeAttempt(attempt_)->phase, AttemptPhase::kLost);
  EXPECT_FALSE(ReadOutcome(attempt_)->has_value());
  EXPECT_EQ(StopAttempt(attempt_, StopSignal::kKill), 1) << "the module outlived its runner";
  EXPECT_TRUE(AwaitSessionEnd(session, Duration(kPatienceMs)));
  EXPECT_EQ(StopAttempt(attempt_, StopSignal::kKill), 0);
}

TEST_F(AttemptTest, ALostAttemptNeverStartsAfterwards) {
  Module("touch " + (dir_ / "started").string() + "\n");
  ASSERT_TRUE(PrepareAttempt(attempt_, Request({Activity()})));
  EXPECT_EQ(JudgeAttempt(attempt_)->phase, AttemptPhase::kLost);
  Child child = StartPrepared();
  EXPECT_FALSE(Reap(child)->success());
  EXPECT_FALSE(FileExists((dir_ / "started").string()));
}

TEST_F(AttemptTest, AnAttemptRunsOnlyOnce) {
  Module("echo run >>" + (dir_ / "runs").string() + "\n");
  const AttemptRequest request = Request({Activity()});
  Run(request);
  Child again = StartPrepared();
  EXPECT_FALSE(Reap(again)->success());
  EXPECT_EQ(dir_.Read("runs"), "run\n");
  EXPECT_EQ(PrepareAttempt(attempt_, request).error().code, ErrorCode::kConflict);
}

TEST_F(AttemptTest, ADirectoryIsUsedAgainWithoutATraceOfTheAttemptBefore) {
  Module("echo $1; [ $1 = activate ]\n");
  EXPECT_EQ(Run(Request({Activity()})).activities.at(0).tail, "activate\n");
  ASSERT_TRUE(RecycleAttempt(attempt_, dir_ / "spare"));
  EXPECT_EQ(JudgeAttempt(attempt_)->phase, AttemptPhase::kLost);
  std::filesystem::rename(dir_ / "spare", attempt_);
  EXPECT_EQ(JudgeAttempt(attempt_)->phase, AttemptPhase::kLost) << "nothing was asked for";
  const AttemptOutcome second = Run(Request({Activity(ActivityKind::kDeactivate)}));
  EXPECT_EQ(second.activities.at(0).result, ActivityResult::kFailed);
  EXPECT_EQ(second.activities.at(0).tail, "deactivate\n");
}

TEST_F(AttemptTest, ADirectoryMadeBeforehandIsLikeOneThatHadAnAttempt) {
  Module("echo $1\n");
  ASSERT_TRUE(MakeSpareAttempt(dir_ / "spare"));
  EXPECT_FALSE(MakeSpareAttempt(dir_ / "spare")) << "it may be somebody's";
  EXPECT_EQ(JudgeAttempt(dir_ / "spare")->phase, AttemptPhase::kLost) << "nothing was asked for";
  ASSERT_TRUE(RemoveTree(dir_ / "spare"));
  ASSERT_TRUE(MakeSpareAttempt(dir_ / "spare"));
  std::filesystem::rename(dir_ / "spare", attempt_);
  EXPECT_EQ(Run(Request({Activity()})).activities.at(0).tail, "activate\n");
  ASSERT_TRUE(RecycleAttempt(attempt_, dir_ / "spare"));
}

TEST_F(AttemptTest, AnOutputThatADaemonHoldsIsNotUsedAgain) {
  Module("setsid sh -c 'sleep 0.2; echo late; : > " + (dir_ / "late").string() + "' & echo $! > " +
         (dir_ / "daemon").string() + "\n");
  Run(Request({Activity()}));
  ASSERT_TRUE(RecycleAttempt(attempt_, dir_ / "spare"));
  EXPECT_FALSE(FileExists((dir_ / "spare/output").string()));
  Await("late");
  Module("echo clean\n");
  std::filesystem::rename(dir_ / "spare", attempt_);
  EXPECT_EQ(Run(Request({Activity()})).activities.at(0).tail, "clean\n");
  ASSERT_TRUE(RecycleAttempt(attempt_, dir_ / "spare"));
  EXPECT_TRUE(FileExists((dir_ / "spare/output").string())) << "nobody holds this one";
}

TEST_F(AttemptTest, TheOutcomeOfAnAttemptBeforeIsNobodysAfterAPowerCut) {
  Module("echo $1\n");
  Run(Request({Activity()}));
  // The new name is on the disk, what was emptied before is not.
  attempt_ = dir_ / "later";
  std::filesystem::rename(dir_ / "attempt", attempt_);
  EXPECT_FALSE(ReadOutcome(attempt_)->has_value());
  EXPECT_EQ(JudgeAttempt(attempt_)->phase, AttemptPhase::kLost);
}

TEST_F(AttemptTest, HalfAnOutcomeIsNoneAfterAPowerCut) {
  Module("echo $1\n");
  Run(Request({Activity()}));
  const auto outcome = attempt_ / "outcome";
  std::filesystem::resize_file(outcome, std::filesystem::file_size(outcome) / 2);
  EXPECT_FALSE(ReadOutcome(attempt_)->has_value());
  EXPECT_EQ(JudgeAttempt(attempt_)->phase, AttemptPhase::kLost);
}

TEST_F(AttemptTest, ADirectoryInUseIsNotUsedAgain) {
  Module(": > " + (dir_ / "started").string() + "; exec sleep 60\n");
  Child child = Start(Request({Activity()}));
  Await("started");
  EXPECT_EQ(RecycleAttempt(attempt_, dir_ / "spare").error().code, ErrorCode::kConflict);
  EXPECT_EQ(StopAttempt(attempt_, StopSignal::kTerminate), 1);
  Finish(std::move(child));
}

TEST_F(AttemptTest, AStoppedAttemptSaysSo) {
  Module(": > " + (dir_ / "started").string() + "; exec sleep 60\n");
  Child child = Start(Request({Activity(), Activity()}));
  Await("started");
  EXPECT_EQ(StopAttempt(attempt_, StopSignal::kTerminate), 1);
  const AttemptOutcome outcome = Finish(std::move(child));
  ASSERT_EQ(outcome.activities.size(), 1U);
  EXPECT_EQ(outcome.activities[0].result, ActivityResult::kStopped);
}

TEST_F(AttemptTest, ADaemonThatKeepsTheOutputOpenDelaysNothing) {
  Module("setsid sleep 60 & echo $! > " + (dir_ / "daemon").string() + "; echo done\n");
  const AttemptOutcome outcome = Run(Request({Activity()}));
  EXPECT_EQ(outcome.activities.at(0).result, ActivityResult::kSucceeded);
  EXPECT_EQ(outcome.activities.at(0).tail, "done\n");
  const pid_t daemon = std::stoi(dir_.Read("daemon"));
  EXPECT_TRUE(ReadProcess(daemon)) << "it left the session and lives on";
  ::kill(daemon, SIGKILL);
}

TEST_F(AttemptTest, AProgramThatCannotBeRunHasDoneNothing) {
  dir_.Write("modules/m", "#!/no/such/interpreter\n");
  std::filesystem::permissions(dir_ / "modules/m", std::filesystem::perms::owner_all);
  const AttemptOutcome outcome = Run(Request({Activity()}));
  EXPECT_EQ(outcome.activities.at(0).result, ActivityResult::kNotStarted);
  EXPECT_THAT(outcome.activities.at(0).message, HasSubstr("cannot start"));
}

}  // namespace
}  // namespace eris::dysnomia
