// Goal: `process` knows what lives, starts and ends it for sure and never takes another process for
// it. Method: shell scripts as programs and daemons, activities called directly, processes looked
// up in /proc.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <utime.h>

#include "dysnomia/internal/process_table.h"
#include "dysnomia/module.h"
#include "tests/unit/dysnomia/test_dir.h"

namespace eris::dysnomia {
namespace {

using ::testing::HasSubstr;

class ProcessModuleTest : public ::testing::Test {
 protected:
  ProcessModuleTest() {
    context_.component = dir_ / "component";
    context_.container = "process";
    context_.state_dir = dir_ / "state";
    context_.environment = {{"PATH", ::getenv("PATH")}, {"settleMs", "100"}, {"dir", dir_.path()}};
  }
  ~ProcessModuleTest() override { static_cast<void>(Run(ActivityKind::kDeactivate)); }

  void Program(std::string_view script) { dir_.Script("component/bin/server", script); }
  void Daemon(std::string_view script) {
    dir_.Script("daemon", script);
    dir_.Write("component/etc/dysnomia/process/server",
               "process=\"" + (dir_ / "daemon").string() + " 'an argument'\"\npidFile=\"" +
                   (dir_ / "daemon.pid").string() + "\"\n");
  }

  Status Run(ActivityKind kind) {
    context_.kind = kind;
    return FindBuiltIn("process")->run(context_);
  }
  bool IsActive() const {
    const auto status = FindBuiltIn("process")->status(context_);
    EXPECT_TRUE(status);
    return *status == ComponentStatus::kActive;
  }
  pid_t Pid(std::string_view below = "state/process/process/component/server.pid") const {
    const std::string text = dir_.Read(below);
    return text.front() == '(' ? 0 : std::stoi(text);
  }

  TestDir dir_;
  ActivityContext context_;
};

TEST_F(ProcessModuleTest, ActivationAndDeactivationAreIdempotent) {
  Program("echo \"started in $dir\"; exec sleep 60\n");
  EXPECT_FALSE(IsActive());
  ASSERT_TRUE(Run(ActivityKind::kActivate));
  const pid_t pid = Pid();
  EXPECT_TRUE(IsActive());
  EXPECT_EQ(ReadProcess(pid)->session, pid) << "it leads a session of its own";
  ASSERT_TRUE(Run(ActivityKind::kActivate));
  EXPECT_EQ(Pid(), pid);
  EXPECT_EQ(dir_.Read("state/process-logs/process/component/server.log"),
            "started in " + dir_.path().string() + "\n");
  ASSERT_TRUE(Run(ActivityKind::kDeactivate));
  EXPECT_FALSE(ReadProcess(pid));
  EXPECT_FALSE(IsActive());
  EXPECT_EQ(Pid(), 0);
  ASSERT_TRUE(Run(ActivityKind::kDeactivate));
}

TEST_F(ProcessModuleTest, AProgramThatEndsAtOnceIsAFailure) {
  Program("exit 3\n");
  const Status status = Run(ActivityKind::kActivate);
  ASSERT_FALSE(status);
  EXPECT_THAT(status.error().message, HasSubstr("server ended at once with exit status 3"));
  EXPECT_FALSE(IsActive());
}

TEST_F(ProcessModuleTest, ADeadProcessIsSeenAndStartedAgain) {
  Program("exec sleep 60\n");
  ASSERT_TRUE(Run(ActivityKind::kActivate));
  const pid_t pid = Pid();
  ::kill(pid, SIGKILL);
  ASSERT_TRUE(AwaitSessionEnd(pid, Duration(20'000)));
  EXPECT_FALSE(IsActive()) << "the PID file alone proves nothing";
  ASSERT_TRUE(Run(ActivityKind::kActivate));
  EXPECT_NE(Pid(), pid);
  EXPECT_TRUE(IsActive());
}

TEST_F(ProcessModuleTest, WhoIgnoresSigtermIsKilledWithAllItStarted) {
  Program("trap '' TERM; sleep 60 & touch $dir/ready; while :; do sleep 60; done\n");
  context_.environment["stopTimeout"] = "0";
  ASSERT_TRUE(Run(ActivityKind::kActivate));
  const pid_t pid = Pid();
  EXPECT_GE(SessionMembers(pid).size(), 2U);
  ASSERT_TRUE(Run(ActivityKind::kDeactivate));
  EXPECT_TRUE(SessionMembers(pid).empty());
}

TEST_F(ProcessModuleTest, ADaemonIsFoundByItsPidFile) {
  Daemon("[ \"$1\" = 'an argument' ] || exit 1; setsid sleep 60 & echo $! > $dir/daemon.pid\n");
  ASSERT_TRUE(Run(ActivityKind::kActivate));
  EXPECT_TRUE(IsActive());
  const pid_t pid = Pid("daemon.pid");
  ASSERT_TRUE(Run(ActivityKind::kActivate));
  EXPECT_EQ(Pid("daemon.pid"), pid);
  ASSERT_TRUE(Run(ActivityKind::kDeactivate));
  EXPECT_FALSE(ReadProcess(pid));
}

TEST_F(ProcessModuleTest, ADaemonWithoutPidFileIsAFailure) {
  Daemon("exit 0\n");
  context_.environment["timeout"] = "0";
  const Status status = Run(ActivityKind::kActivate);
  ASSERT_FALSE(status);
  EXPECT_THAT(status.error().message, HasSubstr("no running process is named by"));
}

TEST_F(ProcessModuleTest, AProcessThatIsYoungerThanThePidFileIsAnother) {
  Daemon("exec sleep 60\n");
  const auto file = dir_.Write("daemon.pid", std::to_string(::getpid()));
  const utimbuf long_ago{1'000'000'000, 1'000'000'000};
  ASSERT_EQ(::utime(file.c_str(), &long_ago), 0);
  EXPECT_FALSE(IsActive());
  ASSERT_TRUE(Run(ActivityKind::kDeactivate)) << "and this test still runs";
  ASSERT_TRUE(Run(ActivityKind::kActivate));
  EXPECT_NE(Pid("daemon.pid"), ::getpid());
}

TEST_F(ProcessModuleTest, SaysWhatIsWrongWithAComponent) {
  EXPECT_FALSE(Run(ActivityKind::kActivate)) << "nothing to run";
  dir_.Script("component/bin/a", "");
  dir_.Script("component/bin/b", "");
  EXPECT_THAT(Run(ActivityKind::kActivate).error().message, HasSubstr("2 executables"));
  dir_.Write("component/etc/dysnomia/process/server", "process=\"$(which sleep) 60\"\n");
  EXPECT_THAT(Run(ActivityKind::kActivate).error().message, HasSubstr("shell would substitute"));
  std::filesystem::remove_all(dir_ / "component");
  Program("exec sleep 60\n");
  context_.environment["timeout"] = "soon";
  EXPECT_THAT(Run(ActivityKind::kActivate).error().message, HasSubstr("property timeout"));
  context_.environment.erase("timeout");
}

}  // namespace
}  // namespace eris::dysnomia
