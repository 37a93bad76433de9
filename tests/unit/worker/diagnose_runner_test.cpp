// Goal: a person has a shell beside a component, with its container's properties, as if it sat at
// the machine; and nothing is left behind when it goes. Method: the real `dysnomia` and real
// terminals; the person is the other end of the stream.
#include "worker/diagnose_runner.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>
#include <filesystem>
#include <fstream>
#include <functional>
#include <optional>
#include <string>

#include "schema/codec/codec.h"
#include "tests/unit/state/temp_directory.h"

namespace eris {
namespace {

using ::testing::HasSubstr;

// The real time, and what a test adds to it.
class ShiftedClock final : public Clock {
 public:
  Now Read() override {
    Now now = clock_.Read();
    now.steady = now.steady + shift;
    return now;
  }
  Duration shift{0};

 private:
  SystemClock clock_;
};

bool IsRunning(int pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
  std::string stat;
  std::getline(file, stat);
  const std::size_t name_end = stat.rfind(") ");
  return name_end != std::string::npos && stat[name_end + 2] != 'Z';
}

class DiagnoseRunnerTest : public ::testing::Test {
 protected:
  static constexpr std::uint64_t kStream = 77;

  DiagnoseRunnerTest() {
    std::filesystem::create_directories(Path("api"));
    std::filesystem::create_directories(Path("secrets"));
    std::ofstream(Path("secrets/password")) << "hush\n";
    loop_ = link::Loop::Open(clock_).value();
    runner_ = std::make_unique<DiagnoseRunner>(
        DiagnoseRunner::Options{
            .dysnomia = ERIS_DYSNOMIA, .state_dir = Path("state"), .secrets_dir = Path("secrets")},
        *loop_, log_, [this](Message message) { to_person_.push_back(std::move(message)); });
  }

  std::filesystem::path Path(const std::string& name) const { return directory_ / name; }

  void Start(DiagnoseItem item) {
    item.stream = kStream;
    const Activity activity{
        .service_name = ServiceName("api"),
        .service = ServiceKey("api"),
        .container = ContainerName("c"),
        .module = "process",
        .package = StorePath(Path("api").string()),
        .component = ComponentName("api"),
        .properties = {
            {.name = "port", .text = "80", .json = {}},
            {.name = "password", .kind = Property::Kind::kSecret, .text = "password", .json = {}}}};
    runner_->Start({.step = {{9}, {1}, {1}}}, item, activity,
                   [this](Outcome outcome) { outcome_ = std::move(outcome); });
    rows_ = item.rows;
    columns_ = item.columns;
  }

  void Say(StreamPiece piece, const std::string& author = "alice") {
    piece.rows = rows_;
    piece.columns = columns_;
    runner_->OnStream({.header = {.kind = MessageKind::kStream,
                                  .queue = "target.a",
                                  .client = {5},
                                  .request = kStream,
                                  .author = author},
                       .body = Encode(piece)});
  }
  void Exchange() {
    while (!to_person_.empty()) {
      const Message message = std::move(to_person_.front());
      to_person_.pop_front();
      EXPECT_EQ(message.header.client, SessionId{5});
      EXPECT_EQ(message.header.request, kStream);
      seen_ += person_.Take(Decode<StreamPiece>(message.body).value(), 1 << 20);
    }
    if (!person_.has_heard()) person_.Nudge();
    while (const auto piece = person_.Next(clock_.Read().steady)) Say(*piece);
  }
  // The person's part while the loop turns; false when it takes too long.
  bool RunUntil(const std::function<bool()>& done) {
    const SteadyTime end = clock_.Read().steady + Duration(30'000);
    while (!done() && clock_.Read().steady < end) {
      Exchange();
      loop_->Turn(Duration(50));
    }
    return done();
  }
  bool RunToTheEnd() {
    return RunUntil([this] { return outcome_.has_value(); });
  }
  bool RunUntilSeen(const std::string& text) {
    return RunUntil([&] { return seen_.find(text) != std::string::npos; });
  }
  int ExitStatus() const { return std::get<ShellReport>(outcome_->report).exit_status; }

  test::TempDirectory directory_;
  ShiftedClock clock_;
  NullLog log_;
  std::unique_ptr<link::Loop> loop_;
  std::unique_ptr<DiagnoseRunner> runner_;
  std::deque<Message> to_person_;
  link::StreamEnd person_;
  std::uint16_t rows_ = 0;
  std::uint16_t columns_ = 0;
  std::string seen_;
  std::optional<Outcome> outcome_;
};

TEST_F(DiagnoseRunnerTest, ACommandHasThePropertiesAndSaysHowItEnded) {
  Start({.command = "echo \"$port $password $this_container\"; exit 7"});
  ASSERT_TRUE(RunToTheEnd());
  EXPECT_EQ(outcome_->verdict, Verdict::kSucceeded) << outcome_->message;
  EXPECT_EQ(ExitStatus(), 7);
  EXPECT_EQ(seen_, "80 hush c\n");
}

TEST_F(DiagnoseRunnerTest, WithoutATerminalTheStandardInputIsTheScript) {
  Start({});
  person_.Write("echo first; x=$port\necho \"then $x\"\n");
  person_.Close();
  ASSERT_TRUE(RunToTheEnd());
  EXPECT_EQ(seen_, "first\nthen 80\n");
  EXPECT_EQ(ExitStatus(), 0);
}

TEST_F(DiagnoseRunnerTest, MuchOutputArrivesWhole) {
  Start({.command = "seq 1 60000"});
  ASSERT_TRUE(RunToTheEnd());
  std::string wanted;
  for (int i = 1; i <= 60'000; ++i) wanted += std::to_string(i) + "\n";
  EXPECT_TRUE(seen_ == wanted) << seen_.size() << " bytes instead of " << wanted.size();
}

TEST_F(DiagnoseRunnerTest, AShellHasATerminalOfThePersonsSize) {
  Start({.terminal = "dumb", .rows = 33, .columns = 111});
  person_.Write("stty size; tty\r");
  ASSERT_TRUE(RunUntilSeen("33 111"));
  ASSERT_TRUE(RunUntilSeen("/dev/pts/"));
  rows_ = 20;
  person_.Nudge();
  person_.Write("stty size\r");
  ASSERT_TRUE(RunUntilSeen("20 111"));
  person_.Write("echo rea'dy'; cat\r");
  ASSERT_TRUE(RunUntilSeen("ready"));
  person_.Write("both\r");
  ASSERT_TRUE(RunUntilSeen("both\r\nboth"));
  seen_.clear();
  person_.Write("\x03");  // ends what runs, not the shell
  ASSERT_TRUE(RunUntilSeen("dysnomia-shell"));
  person_.Write("echo st'ill' there; exit 3\r");
  ASSERT_TRUE(RunUntilSeen("still there"));
  ASSERT_TRUE(RunToTheEnd());
  EXPECT_EQ(ExitStatus(), 3);
}

TEST_F(DiagnoseRunnerTest, NobodyElseMaySpeakOnTheStream) {
  Start({.command = "read word; echo \"got $word\""});
  ASSERT_TRUE(RunUntil([this] { return person_.has_heard() || !to_person_.empty(); }));
  Say({.bytes = "mallory\n"}, "mallory");
  person_.Write("alice\n");
  ASSERT_TRUE(RunToTheEnd());
  EXPECT_EQ(seen_, "got alice\n");
}

TEST_F(DiagnoseRunnerTest, NothingIsLeftOfWhatThePersonLeaves) {
  Start({.command = "echo \"pid $$.\"; sleep 1000"});
  ASSERT_TRUE(RunUntilSeen("."));
  const int pid = std::stoi(seen_.substr(seen_.find("pid ") + 4));
  Say({.has_left = true});
  ASSERT_TRUE(RunToTheEnd());
  EXPECT_EQ(outcome_->verdict, Verdict::kCancelled);
  EXPECT_TRUE(RunUntil([&] { return !IsRunning(pid); })) << "process " << pid << " lives on";
}

TEST_F(DiagnoseRunnerTest, WhoIsSilentIsTakenToBeGone) {
  Start({.command = "echo begun; sleep 1000"});
  ASSERT_TRUE(RunUntilSeen("begun"));
  clock_.shift += DiagnoseRunner::kPatience;
  const SteadyTime end = clock_.Read().steady + Duration(30'000);
  while (!outcome_ && clock_.Read().steady < end) loop_->Turn(Duration(50));
  ASSERT_TRUE(outcome_);
  EXPECT_EQ(outcome_->verdict, Verdict::kFailed);
  EXPECT_THAT(outcome_->message, HasSubstr("nothing was heard"));
}

TEST_F(DiagnoseRunnerTest, WithoutAPersonNothingIsStarted) {
  Start({.command = "echo begun > " + Path("begun").string()});
  clock_.shift += DiagnoseRunner::kPatience;
  const SteadyTime end = clock_.Read().steady + Duration(30'000);
  while (!outcome_ && clock_.Read().steady < end) loop_->Turn(Duration(50));
  ASSERT_TRUE(outcome_);
  EXPECT_THAT(outcome_->message, HasSubstr("nobody came"));
  EXPECT_FALSE(std::filesystem::exists(Path("begun")));
}

}  // namespace
}  // namespace eris
