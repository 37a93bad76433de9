// Goal: children are kept running, with pauses that grow, pid files that tell the truth and an end
// when told. Method: real children (/bin/sh) on a real loop; pauses of a millisecond.
#include "planner/up/supervisor.h"

#include <gtest/gtest.h>
#include <stdlib.h>
#include <unistd.h>

#include <csignal>

#include "schema/base/files.h"
#include "schema/base/text.h"

namespace eris::up {
namespace {

constexpr Duration kTurn{100};
constexpr int kMostTurns = 600;

class SupervisorTest : public testing::Test {
 protected:
  void SetUp() override {
    char path[] = "/tmp/eris-supervisor-XXXXXX";
    ASSERT_NE(::mkdtemp(path), nullptr);
    directory_ = path;
  }
  void TearDown() override { ASSERT_TRUE(RemoveTree(directory_)); }

  ChildSpec Shell(const std::string& name, const std::string& script) const {
    return {.name = name,
            .argv = {"/bin/sh", "-c", script},
            .log_file = directory_ + "/" + name + ".log",
            .pid_file = directory_ + "/" + name + ".pid"};
  }
  template <typename Done>
  bool TurnUntil(Done done) {
    for (int i = 0; i < kMostTurns && !done(); ++i) loop_->Turn(kTurn);
    return done();
  }
  std::string Read(const std::string& file) const {
    return ReadFile(directory_ + "/" + file, 1 << 20).value_or("");
  }
  pid_t PidOf(const std::string& name) const {
    return static_cast<pid_t>(ParseUnsigned(Trim(Read(name + ".pid"))).value_or(0));
  }
  void StopAll() {
    bool stopped = false;
    supervisor_.Stop([&stopped] { stopped = true; });
    EXPECT_TRUE(TurnUntil([&stopped] { return stopped; }));
  }

  std::string directory_;
  SystemClock clock_;
  std::unique_ptr<link::Loop> loop_ = link::Loop::Open(clock_).value();
  std::vector<std::string> notices_;
  Supervisor supervisor_{
      *loop_,
      {.pause_min = Duration(1), .pause_max = Duration(8), .stop_patience = Duration(300)},
      [this](std::string_view line) { notices_.emplace_back(line); }};
};

// Waits for ever without a busy loop, and ends on SIGTERM.
constexpr const char* kWaits = "exec tail -f /dev/null";

TEST_F(SupervisorTest, WritesThePidAndTheLog) {
  ASSERT_TRUE(supervisor_.Start(Shell("a", std::string("echo hello $0; ") + kWaits)));
  EXPECT_TRUE(TurnUntil([this] { return Read("a.log") == "hello /bin/sh\n"; }));
  EXPECT_EQ(::kill(PidOf("a"), 0), 0);
  StopAll();
  EXPECT_FALSE(FileExists(directory_ + "/a.pid"));
  EXPECT_TRUE(notices_.empty());
}

TEST_F(SupervisorTest, StartsAgainWhatDiesAndReplacesThePid) {
  ASSERT_TRUE(supervisor_.Start(Shell("a", kWaits)));
  const pid_t first = PidOf("a");
  ASSERT_EQ(::kill(first, SIGKILL), 0);
  ASSERT_TRUE(TurnUntil([&] { return PidOf("a") != 0 && PidOf("a") != first; }));
  ASSERT_EQ(notices_.size(), 1u);
  EXPECT_NE(notices_[0].find("a ended (signal 9"), std::string::npos) << notices_[0];
  StopAll();
}

TEST_F(SupervisorTest, AChildThatKeepsDyingIsStartedEverMoreRarely) {
  ASSERT_TRUE(supervisor_.Start(Shell("a", "exit 3")));
  ASSERT_TRUE(TurnUntil([this] { return notices_.size() >= 6; }));
  const char* pauses[] = {" in 1 ms", " in 2 ms", " in 4 ms", " in 8 ms", " in 8 ms", " in 8 ms"};
  for (std::size_t i = 0; i < std::size(pauses); ++i) {
    EXPECT_NE(notices_[i].find(pauses[i]), std::string::npos) << notices_[i];
    EXPECT_NE(notices_[i].find("exit status 3"), std::string::npos) << notices_[i];
  }
  StopAll();
}

// A planner on an old journal, started often enough, would be the newest.
TEST_F(SupervisorTest, WhoEndsWithItsFinalStatusIsNotStartedAgain) {
  ChildSpec final = Shell("final", "echo started; exit 3");
  final.final_status = 3;
  ASSERT_TRUE(supervisor_.Start(final));
  ASSERT_TRUE(supervisor_.Start(Shell("other", "exit 3")));
  ASSERT_TRUE(TurnUntil([this] { return notices_.size() >= 6; }));
  EXPECT_EQ(Read("final.log"), "started\n");
  EXPECT_FALSE(FileExists(directory_ + "/final.pid"));
  StopAll();
}

TEST_F(SupervisorTest, KillsWhatDoesNotStop) {
  ASSERT_TRUE(
      supervisor_.Start(Shell("a", "trap '' TERM; echo up; while :; do tail -f /dev/null; done")));
  ASSERT_TRUE(TurnUntil([this] { return Read("a.log") == "up\n"; }));
  StopAll();
  EXPECT_EQ(supervisor_.running(), 0u);
  ASSERT_EQ(notices_.size(), 1u);
  EXPECT_EQ(notices_[0], "a does not stop; killing it");
}

TEST_F(SupervisorTest, AProgramThatIsNotThereFailsAtOnce) {
  ChildSpec spec = Shell("a", "");
  spec.argv = {directory_ + "/no-such-program"};
  EXPECT_FALSE(supervisor_.Start(spec));
  StopAll();
}

TEST_F(SupervisorTest, PausesGrowAndBeginAnew) {
  const SupervisorOptions options{
      .pause_min = Duration(100), .pause_max = Duration(350), .stable = Duration(5'000)};
  EXPECT_EQ(NextPause(options, Duration(0), Duration(10)), Duration(100));
  EXPECT_EQ(NextPause(options, Duration(100), Duration(10)), Duration(200));
  EXPECT_EQ(NextPause(options, Duration(200), Duration(10)), Duration(350));
  EXPECT_EQ(NextPause(options, Duration(350), Duration(5'000)), Duration(100));
}

}  // namespace
}  // namespace eris::up
