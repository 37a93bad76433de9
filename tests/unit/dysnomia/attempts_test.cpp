// Goal: a runner of many attempts keeps what attempt.h promises of each of them, and ends when it
// might not any more. Method: `dysnomia --attempts` behind a socket, as a worker starts it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>

#include <array>

#include "dysnomia/attempt.h"
#include "dysnomia/internal/process_table.h"
#include "schema/base/files.h"
#include "schema/base/process.h"
#include "tests/unit/dysnomia/test_dir.h"

namespace eris::dysnomia {
namespace {

class AttemptsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::array<int, 2> ends{};
    ASSERT_EQ(::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()), 0);
    socket_.Reset(ends[0]);
    const UniqueFd its_end(ends[1]);
    auto child = Spawn({.argv = AttemptsCommand(DYSNOMIA_PROGRAM, dir_.path()),
                        .environment = {"PATH=" + std::string(::getenv("PATH")),
                                        "DYSNOMIA_MODULES_PATH=" + (dir_ / "modules").string()},
                        .stdin_fd = its_end.get(),
                        .session = SpawnSession::kNew});
    ASSERT_TRUE(child);
    runner_ = *std::move(child);
  }
  void TearDown() override {
    if (runner_.pid == 0) return;
    socket_.Reset();
    EXPECT_TRUE(AwaitEnd(runner_.pidfd, kPatience)) << "it ends with its worker";
    static_cast<void>(Reap(runner_));
  }

  void Prepare(const std::string& name, const std::string& module) {
    AttemptRequest request;
    request.activities = {{.module = module, .component = "/", .container = "c", .properties = {}}};
    request.state_dir = dir_ / "state";
    ASSERT_TRUE(PrepareAttempt(dir_ / name, request));
  }
  void Tell(const std::string& name) {
    ASSERT_EQ(::send(socket_.get(), name.data(), name.size(), MSG_NOSIGNAL), std::ssize(name));
  }
  // What the runner says next; 0 when it has ended instead.
  char Hear() {
    pollfd watched{socket_.get(), POLLIN, 0};
    EXPECT_EQ(::poll(&watched, 1, static_cast<int>(kPatience.count())), 1);
    char said = 0;
    return ::recv(socket_.get(), &said, 1, 0) == 1 ? said : '\0';
  }
  bool HasSucceeded(const std::string& name) {
    const auto state = JudgeAttempt(dir_ / name);
    return state && state->phase == AttemptPhase::kFinished &&
           state->outcome.activities.at(0).result == ActivityResult::kSucceeded;
  }
  ExitStatus End() {
    EXPECT_TRUE(AwaitEnd(runner_.pidfd, kPatience));
    const auto status = Reap(runner_);
    runner_.pid = 0;
    return *status;
  }

  static constexpr Duration kPatience{60'000};
  TestDir dir_;
  UniqueFd socket_;
  Child runner_;
};

TEST_F(AttemptsTest, OneRunnerRunsOneAttemptAfterAnother) {
  for (const std::string name : {"first", "second"}) {
    Prepare(name, "echo");
    Tell(name);
    EXPECT_EQ(Hear(), kReady);
    EXPECT_TRUE(HasSucceeded(name));
    EXPECT_THAT(dir_.Read(name + "/output"), testing::HasSubstr("echo activate / c"));
    EXPECT_EQ(ProcessIdentity::Parse(dir_.Read(name + "/lock"))->pid, runner_.pid);
    ASSERT_TRUE(RecycleAttempt(dir_ / name, dir_ / ("spare-" + name)));
    EXPECT_TRUE(FileExists((dir_ / ("spare-" + name) / "output").string())) << "nobody holds it";
  }
}

TEST_F(AttemptsTest, WhoHasStartedAProgramTakesNoOtherAttempt) {
  dir_.Script("modules/m", "echo done\n");
  Prepare("first", "m");
  Tell("first");
  EXPECT_EQ(Hear(), '\0');
  EXPECT_TRUE(End().success());
  EXPECT_TRUE(HasSucceeded("first"));
}

TEST_F(AttemptsTest, D8AnAttemptOutlivesItsWorkerWhichIsNotWaitedForAfterwards) {
  dir_.Script("modules/m", "until [ -e " + (dir_ / "go").string() + " ]; do sleep 0.02; done\n");
  Prepare("first", "m");
  Tell("first");
  socket_.Reset();
  dir_.Write("go", "");
  EXPECT_TRUE(End().success());
  EXPECT_TRUE(HasSucceeded("first"));
}

TEST_F(AttemptsTest, AStopRequestEndsARunnerThatWaits) {
  Prepare("first", "echo");
  Tell("first");
  EXPECT_EQ(Hear(), kReady);
  ASSERT_TRUE(Kill(runner_, SIGTERM));
  EXPECT_EQ(Hear(), '\0');
  EXPECT_TRUE(End().success());
}

TEST_F(AttemptsTest, AnAttemptThatWasGivenUpIsNotRun) {
  Prepare("first", "echo");
  ASSERT_EQ(JudgeAttempt(dir_ / "first")->phase, AttemptPhase::kLost);
  Tell("first");
  EXPECT_EQ(Hear(), '\0');
  EXPECT_FALSE(End().success());
  EXPECT_FALSE(FileExists((dir_ / "first/outcome").string()));
}

}  // namespace
}  // namespace eris::dysnomia
