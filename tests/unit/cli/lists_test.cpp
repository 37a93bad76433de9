// Goal: what commands print is readable, and readable by programs. Method: made-up answers of the
// planner, compared with golden files, as text and as JSON.
#include "planner/cli/lists.h"

#include <gtest/gtest.h>

#include "planner/cli/json_text.h"
#include "tests/support/golden.h"

namespace eris::cli {
namespace {

using eris::testing::ExpectGolden;

constexpr WallTime kNoon{1'800'000'000'000};

std::vector<TransactionStatus> Transactions() {
  TransactionStatus running{.transaction = {8},
                            .submission = SubmissionId("s8"),
                            .profile = ProfileName("default"),
                            .author = "alice",
                            .action = "deploy",
                            .phase = TransactionPhase::kSwitching};
  running.plan_hash = "abc";
  running.summary = {.activate = 3, .deactivate = 2, .kept = 95, .down = {ServiceName("api")}};
  running.items_total = 30;
  running.items_done = 12;
  running.submitted_at = {kNoon.ms - 4'200};
  running.waiting_for = {"target test3, absent for 12 s"};
  TransactionStatus ended = running;
  ended.transaction = {7};
  ended.phase = TransactionPhase::kEnded;
  ended.result = TransactionResult::kCommitted;
  ended.generation = {3};
  ended.ended_at = {kNoon.ms - 1'000};
  ended.locked_ms = 1'300;
  ended.waiting_for.clear();
  return {running, ended};
}

std::vector<TargetInfo> Targets() {
  return {{.queue = "target.test1",
           .state = Presence::State::kConnected,
           .worker = "worker-test1",
           .software = "0.1.0",
           .since = {kNoon.ms - 60'000},
           .leased_by = {8},
           .items_in_flight = 2,
           .vitals = Vitals{.load_milli = 425,
                            .cores = 8,
                            .store_free_bytes = std::uint64_t{3} << 30,
                            .state_free_bytes = std::uint64_t{1} << 29},
           .vitals_at = {kNoon.ms - 20'000},
           .waiting_for = {"activate api in process, step 4 of transaction 8"}},
          {.queue = "target.test2"}};
}

std::vector<TargetAnswer> Answers() {
  TargetReport report{.profile = StorePath("/nix/store/abc-profile-test1")};
  report.mappings.push_back({.service_name = ServiceName("api"),
                             .service = ServiceKey("k"),
                             .container = ContainerName("process"),
                             .digest = "d",
                             .package = StorePath("/nix/store/abc-api")});
  return {{TargetName("test1"), {.verdict = Verdict::kSucceeded, .report = report}},
          {TargetName("test2"), {.verdict = Verdict::kSucceeded, .report = TargetReport{}}},
          {TargetName("test3"), {.verdict = Verdict::kUnavailable, .message = "no worker came"}}};
}

std::vector<Event> Events() {
  const auto at = [](std::uint64_t number, EventBody body) {
    return Event{.sequence = {number}, .at = kNoon, .transaction = {7}, .body = std::move(body)};
  };
  const PublishedItem item{.index = {4}, .grade = {Direction::kForward, 1}};
  return {at(1,
             SubmissionAccepted{
                 {.id = SubmissionId("s7"), .profile = ProfileName("default"), .author = "alice"}}),
          at(2, TransactionPlanned{.plan_hash = "abc"}),
          at(3, PhaseEntered{TransactionPhase::kSwitching, ""}),
          at(4, ItemsPublished{{item}}),
          at(5, ItemSettled{item, {.verdict = Verdict::kFailed, .message = "no"}}),
          at(6, CancelRequested{"bob", "late"}),
          at(7, TargetVerified{TargetName("a"), TargetVerified::Verdict::kDiffers, {"x is gone"}}),
          at(8, GenerationCommitted{ProfileName("default"), {3}}),
          at(9, TransactionEnded{TransactionResult::kRolledBack, "because"}),
          at(10, RollbackResumed{"bob"}),
          at(11, Abandoned{"bob", {}}),
          at(12, PlannerStarted{{5}}),
          at(13, TransactionPaused{Until::kLock}),
          at(14, TransactionResumed{"bob", Until::kEnd}),
          at(15, GenerationsDeleted{ProfileName("default"), {{{1}, {2}}, {{2}, {3}}}})};
}

std::vector<LogEntry> Logs() {
  return {{.item = {.index = {4}, .queue = "target.a", .subject = "activate api in process"},
           .grade = {Direction::kForward, 1},
           .outcome = {.verdict = Verdict::kFailed,
                       .message = "exit status 1",
                       .log_tail = "one\ntwo \xff\n",
                       .took_ms = 1'500}}};
}

std::vector<GenerationInfo> Generations() {
  return {{.profile = ProfileName("default"),
           .generation = {3},
           .transaction = {7},
           .committed_at = kNoon,
           .author = "alice",
           .mappings = 97,
           .targets = 3,
           .standing = GenerationInfo::Standing::kCurrent}};
}

std::vector<NamedKey> Keys() {
  return {{"KEY1",
           {.name = "alice",
            .role = Role::kClient,
            .level = KeyLevel::kDeploy,
            .profiles = {"*"},
            .targets = {"a", "b"}}},
          {"KEY2", {.name = "worker-a", .role = Role::kWorker, .queues = {"target.a"}}}};
}

TEST(Lists, Text) {
  ExpectGolden("status.txt", StatusText(Transactions(), kNoon));
  ExpectGolden("history.txt", HistoryText(Transactions()));
  ExpectGolden("events.txt", EventsText(Events()));
  ExpectGolden("generations.txt", GenerationsText(Generations()));
  ExpectGolden("targets.txt", TargetsText(Targets(), kNoon));
  ExpectGolden("logs.txt", LogsText(Logs()));
  ExpectGolden("answers.txt", AnswersText(Answers()));
  ExpectGolden("keys.txt", KeysText(Keys()));
}

TEST(Lists, Json) {
  ExpectGolden("status.json", ToJson(std::span<const TransactionStatus>(Transactions())));
  ExpectGolden("events.json", ToJson(std::span<const Event>(Events())));
  ExpectGolden("generations.json", ToJson(std::span<const GenerationInfo>(Generations())));
  ExpectGolden("targets.json", ToJson(std::span<const TargetInfo>(Targets())));
  ExpectGolden("logs.json", ToJson(std::span<const LogEntry>(Logs())));
  ExpectGolden("answers.json", ToJson(std::span<const TargetAnswer>(Answers())));
  ExpectGolden("keys.json", ToJson(std::span<const NamedKey>(Keys())));
}

TEST(Lists, NothingIsSaidToBeNothing) {
  EXPECT_EQ(StatusText({}, kNoon), "no transactions\n");
  EXPECT_EQ(GenerationsText({}), "no generations\n");
  EXPECT_EQ(TargetsText({}, kNoon), "no workers\n");
  EXPECT_EQ(LogsText({}), "no step has ended yet\n");
  EXPECT_EQ(ToJson(std::span<const TargetInfo>()), "[]\n");
}

TEST(Lists, ColumnsAlignAndLinesEndWithoutBlanks) {
  EXPECT_EQ(TableText({{"A", "B"}, {"long", ""}, {"x", "y"}}), "A     B\nlong\nx     y\n");
}

TEST(Lists, TimesAreUtc) {
  EXPECT_EQ(TimeText({0}), "-");
  EXPECT_EQ(TimeText(kNoon), "2027-01-15 08:00:00Z");
}

}  // namespace
}  // namespace eris::cli
