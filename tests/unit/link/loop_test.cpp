// Goal: the loop's invariants (loop.h). Method: a clock that tests move by hand, real pipes and
// signals.
#include "broker/link/loop.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cstdio>
#include <string>

namespace eris::link::loop_test {
namespace {

constexpr Duration kNoWait{0};

class ManualClock final : public Clock {
 public:
  Now Read() override { return now; }
  Now now{{1000}, {1000}};
};

class LoopTest : public testing::Test {
 protected:
  void Advance(std::int64_t ms) { clock_.now.steady.ms += ms; }
  Loop::Callback Note(const std::string& text) {
    return [this, text] { log_ += text; };
  }

  ManualClock clock_;
  std::unique_ptr<Loop> loop_ = Loop::Open(clock_).value();
  std::string log_;
};

struct Pipe {
  Pipe() { EXPECT_EQ(pipe(ends), 0); }
  ~Pipe() {
    close(ends[0]);
    close(ends[1]);
  }
  void Write(const std::string& text) const {
    EXPECT_EQ(write(ends[1], text.data(), text.size()), static_cast<ssize_t>(text.size()));
  }
  std::string Read() const {
    char buffer[64];
    const ssize_t got = read(ends[0], buffer, sizeof buffer);
    return got > 0 ? std::string(buffer, static_cast<std::size_t>(got)) : std::string();
  }
  int ends[2];
};

TEST_F(LoopTest, TimersFireInOrderOfMomentThenOfCreation) {
  loop_->After(Duration(20), Note("c"));
  loop_->After(Duration(10), Note("a"));
  loop_->After(Duration(10), Note("b"));
  loop_->After(Duration(30), Note("d"));
  loop_->Turn(kNoWait);
  EXPECT_EQ(log_, "");
  Advance(20);
  loop_->Turn(kNoWait);
  EXPECT_EQ(log_, "abc");
  Advance(10);
  loop_->Turn(kNoWait);
  EXPECT_EQ(log_, "abcd");
}

TEST_F(LoopTest, TimerSetInATurnFiresInALaterTurn) {
  loop_->After(kNoWait, [this] {
    log_ += "a";
    loop_->After(kNoWait, Note("b"));
  });
  loop_->Turn(kNoWait);
  EXPECT_EQ(log_, "a");
  loop_->Turn(kNoWait);
  EXPECT_EQ(log_, "ab");
}

TEST_F(LoopTest, CancelledTimerNeverFiresNotEvenInTheTurnInWhichItIsDue) {
  const TimerId later = loop_->After(Duration(5), Note("later"));
  loop_->After(Duration(1), [this, later] { loop_->Cancel(later); });
  Advance(10);
  loop_->Turn(kNoWait);
  loop_->Cancel(later);
  EXPECT_EQ(log_, "");
}

TEST_F(LoopTest, HooksRunOnceATurnAfterAllHandlers) {
  Pipe one;
  Pipe two;
  loop_->OnTurnEnd(Note("|"));
  loop_->OnTurnEnd(Note("\n"));
  ASSERT_TRUE(loop_->Watch(one.ends[0], Interest::kRead, [&](Readiness) { log_ += one.Read(); }));
  ASSERT_TRUE(loop_->Watch(two.ends[0], Interest::kRead, [&](Readiness) { log_ += two.Read(); }));
  one.Write("x");
  two.Write("x");
  loop_->After(kNoWait, Note("t"));
  loop_->Turn(kNoWait);
  loop_->Turn(kNoWait);
  EXPECT_EQ(log_, "txx|\n|\n");
}

TEST_F(LoopTest, WatchReportsWhatIsReadyUntilItIsTakenAndTheHangUp) {
  auto pipe = std::make_unique<Pipe>();
  int calls = 0;
  const auto watch = loop_->Watch(pipe->ends[0], Interest::kRead, [&](Readiness ready) {
    EXPECT_TRUE(ready.readable);
    ++calls;
  });
  ASSERT_TRUE(watch);
  loop_->Turn(kNoWait);
  EXPECT_EQ(calls, 0);
  pipe->Write("x");
  loop_->Turn(kNoWait);
  loop_->Turn(kNoWait);
  EXPECT_EQ(calls, 2);
  EXPECT_EQ(pipe->Read(), "x");
  close(std::exchange(pipe->ends[1], -1));
  loop_->Turn(kNoWait);
  EXPECT_EQ(calls, 3);
}

TEST_F(LoopTest, WatchMayEndItselfAndOthersWhileItRuns) {
  Pipe one;
  Pipe two;
  WatchId first{};
  WatchId second{};
  const auto end_both = [&, big = std::string(100, 'x')](Readiness) {
    loop_->Unwatch(first);
    loop_->Unwatch(second);
    log_ += big.substr(0, 1);
  };
  first = loop_->Watch(one.ends[0], Interest::kRead, end_both).value();
  second = loop_->Watch(two.ends[0], Interest::kRead, end_both).value();
  one.Write("x");
  two.Write("x");
  loop_->Turn(kNoWait);
  loop_->Turn(kNoWait);
  EXPECT_EQ(log_, "x");
}

TEST_F(LoopTest, RegularFilesCannotBeWatched) {
  std::FILE* file = std::tmpfile();
  const auto watch = loop_->Watch(fileno(file), Interest::kRead, [](Readiness) {});
  ASSERT_FALSE(watch);
  EXPECT_EQ(watch.error().code, ErrorCode::kInvalid);
  std::fclose(file);
}

TEST_F(LoopTest, SignalsArriveAsEvents) {
  ASSERT_TRUE(loop_->OnSignals({SIGUSR1}, [this](int signal) {
    log_ += signal == SIGUSR1 ? "usr1" : "other";
    loop_->Stop();
  }));
  ASSERT_EQ(raise(SIGUSR1), 0);
  loop_->Run();
  EXPECT_EQ(log_, "usr1");
}

// Has work although its descriptor is silent, as a ZeroMQ socket whose edge was swallowed.
class SilentSource final : public LoopSource {
 public:
  ~SilentSource() override { close(fd_); }
  int fd() const override { return fd_; }
  bool Ready() override { return work_left > 0; }
  void Work() override {
    ++worked;
    if (work_left > 0) --work_left;
  }
  int work_left = 0;
  int worked = 0;

 private:
  int fd_ = eventfd(0, EFD_CLOEXEC);
};

TEST_F(LoopTest, SourceIsWorkedWhileItIsReadyAlthoughItsDescriptorIsSilent) {
  SilentSource source;
  ASSERT_TRUE(loop_->AddSource(source));
  loop_->OnTurnEnd([&] {
    if (source.work_left == 0) loop_->Stop();
  });
  source.work_left = 3;
  loop_->Run();
  EXPECT_EQ(source.worked, 3);
  loop_->RemoveSource(source);
}

TEST_F(LoopTest, SourceIsWorkedWhenOnlyItsDescriptorSpeaks) {
  SilentSource source;
  ASSERT_TRUE(loop_->AddSource(source));
  loop_->Turn(kNoWait);
  EXPECT_EQ(source.worked, 0);
  ASSERT_EQ(eventfd_write(source.fd(), 1), 0);
  loop_->Turn(kNoWait);
  EXPECT_EQ(source.worked, 1);
  loop_->RemoveSource(source);
  loop_->Turn(kNoWait);
  EXPECT_EQ(source.worked, 1);
}

}  // namespace
}  // namespace eris::link::loop_test
