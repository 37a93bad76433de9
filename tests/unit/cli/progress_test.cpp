// Goal: whoever follows a transaction sees what happens, once, and how it ended. Method: a made-up
// transaction, event by event, into the view; what is shown is compared with golden files.
#include "planner/cli/progress.h"

#include <gtest/gtest.h>

#include "planner/cli/progress_text.h"
#include "tests/support/golden.h"

namespace eris::cli {
namespace {

using eris::testing::ExpectGolden;

class Story {
 public:
  Story() {
    OutlineReply outline{.transaction = {7}};
    Add(outline, PlanPhase::kPrepare, "builder.x86_64-linux", "build 3 packages");
    Add(outline, PlanPhase::kPrepare, "target.test1", "transfer 4 paths");
    Add(outline, PlanPhase::kSwitch, "target.test1", "deactivate api in process");
    Add(outline, PlanPhase::kSwitch, "target.test1", "activate api in process");
    Add(outline, PlanPhase::kSwitch, "target.test2", "activate web in process");
    progress_.Apply(outline);
  }

  Progress& progress() { return progress_; }
  SteadyTime now() const { return {clock_}; }

  std::string Say(const EventBody& body, std::int64_t later_ms = 100) {
    clock_ += later_ms;
    const Event event{.sequence = {++sequence_}, .at = {clock_}, .transaction = {7}, .body = body};
    EXPECT_TRUE(progress_.Apply(event, now()));
    std::string text;
    for (const std::string& line : LinesOf(progress_, event)) text += line + "\n";
    return text;
  }
  std::string Publish(std::uint32_t item, Direction direction = Direction::kForward) {
    return Say(ItemsPublished{{{.index = {item}, .grade = {direction, 1}}}});
  }
  std::string Settle(std::uint32_t item, Outcome outcome,
                     Direction direction = Direction::kForward) {
    return Say(ItemSettled{{.index = {item}, .grade = {direction, 1}}, std::move(outcome)});
  }
  std::string Screen(ScreenSize size = {}) {
    std::string text;
    for (const std::string& line : ScreenOf(progress_, now(), size)) text += line + "\n";
    return text;
  }

 private:
  static void Add(OutlineReply& outline, PlanPhase phase, std::string queue, std::string subject) {
    outline.items.push_back({.index = {static_cast<std::uint32_t>(outline.items.size())},
                             .phase = phase,
                             .queue = std::move(queue),
                             .subject = std::move(subject)});
  }

  Progress progress_;
  std::int64_t clock_ = 1'000'000;
  std::uint64_t sequence_ = 0;
};

Outcome Good() { return {.verdict = Verdict::kSucceeded, .took_ms = 250}; }
Outcome Bad() {
  return {.verdict = Verdict::kFailed,
          .message = "the module ended with exit status 1",
          .log_tail = "starting api\nport 7002 is taken\n",
          .took_ms = 1'250};
}

std::string BeginningOf(Story& story) {
  Submission submission{.id = SubmissionId("s1"), .profile = ProfileName("default")};
  std::string text = story.Say(SubmissionAccepted{submission});
  Plan plan;
  plan.summary = {.activate = 2, .deactivate = 1, .kept = 95, .down = {ServiceName("api")}};
  text += story.Say(TransactionPlanned{.plan_hash = "abc", .plan = plan});
  text += story.Say(PhaseEntered{TransactionPhase::kPreparing, ""});
  text += story.Publish(0);
  text += story.Publish(1);
  text += story.Settle(0, Good());
  text += story.Settle(1, Good());
  text += story.Say(PhaseEntered{TransactionPhase::kLocking, ""});
  text += story.Say(PhaseEntered{TransactionPhase::kSwitching, ""});
  text += story.Publish(2);
  text += story.Settle(2, Good());
  text += story.Publish(3);
  text += story.Publish(4);
  return text;
}

TransactionStatus EndOf(TransactionResult result) {
  TransactionStatus status{.transaction = {7}, .phase = TransactionPhase::kEnded};
  status.result = result;
  status.summary = {.activate = 2, .deactivate = 1, .kept = 95};
  status.submitted_at = {1'000};
  status.ended_at = {5'200};
  status.locked_ms = 1'300;
  return status;
}

std::string Ending(const TransactionStatus& status, const Progress& progress) {
  std::string text;
  for (const std::string& line : EndingOf(status, progress)) text += line + "\n";
  return text;
}

TEST(Progress, LinesOfACommittedTransaction) {
  Story story;
  std::string text = BeginningOf(story);
  text += story.Settle(3, Good());
  text += story.Settle(4, Good());
  text += story.Say(PhaseEntered{TransactionPhase::kCommitting, ""});
  text += story.Say(GenerationCommitted{ProfileName("default"), {3}});
  text += story.Say(TransactionEnded{TransactionResult::kCommitted, ""});
  TransactionStatus status = EndOf(TransactionResult::kCommitted);
  status.generation = {3};
  ExpectGolden("committed.txt", text + Ending(status, story.progress()));
}

TEST(Progress, LinesOfARollback) {
  Story story;
  std::string text = BeginningOf(story);
  text += story.Settle(3, Bad());
  text += story.Say(PhaseEntered{TransactionPhase::kRollingBack, "activate api failed"});
  text += story.Publish(2, Direction::kInverse);
  text += story.Settle(2, Good(), Direction::kInverse);
  text += story.Say(TargetVerified{TargetName("test1"), TargetVerified::Verdict::kVerified, {}});
  text += story.Say(TargetVerified{TargetName("test2"), TargetVerified::Verdict::kUnverified, {}});
  text += story.Say(TransactionEnded{TransactionResult::kRolledBack, ""});
  ExpectGolden("rolled-back.txt",
               text + Ending(EndOf(TransactionResult::kRolledBack), story.progress()));
}

TEST(Progress, ScreenShowsEachTargetAndWhatIsWaitedFor) {
  Story story;
  BeginningOf(story);
  TransactionStatus status{.transaction = {7}};
  status.waiting_for = {"target test3, absent for 12 s"};
  story.progress().Apply(status);
  ExpectGolden("screen.txt", story.Screen());
  ExpectGolden("screen-narrow.txt", story.Screen({.columns = 40, .rows = 4}));
}

TEST(Progress, EveryEndingSaysWhatToDo) {
  std::string text;
  const Progress nothing;
  for (const TransactionResult result :
       {TransactionResult::kCommitted, TransactionResult::kCommittedStillLocked,
        TransactionResult::kUnchanged, TransactionResult::kAborted, TransactionResult::kRolledBack,
        TransactionResult::kStuck, TransactionResult::kInvalid, TransactionResult::kAbandoned,
        TransactionResult::kSuperseded}) {
    text += Ending(EndOf(result), nothing);
  }
  ExpectGolden("endings.txt", text);
}

TEST(Progress, EventsThatComeTwiceCountOnce) {
  Story story;
  BeginningOf(story);
  const EventSequence next = story.progress().next();
  const Event old{.sequence = {1}, .transaction = {7}, .body = TransactionEnded{}};
  EXPECT_FALSE(story.progress().Apply(old, story.now()));
  EXPECT_FALSE(story.progress().end());
  EXPECT_EQ(story.progress().next(), next);
}

TEST(Progress, AResumedTransactionHasNotEnded) {
  Story story;
  story.Say(TransactionEnded{TransactionResult::kStuck, ""});
  EXPECT_TRUE(story.progress().end());
  story.Say(RollbackResumed{"bob"});
  EXPECT_FALSE(story.progress().end());
}

TEST(Progress, AFailureThatALaterAttemptMendsIsForgotten) {
  Story story;
  story.Publish(3);
  story.Settle(3, {.verdict = Verdict::kUnknown});
  EXPECT_EQ(story.progress().failures().size(), 1u);
  story.Settle(3, Good());
  EXPECT_TRUE(story.progress().failures().empty());
  EXPECT_EQ(story.progress().CountOf(ItemProgress::State::kDone), 1u);
}

TEST(Progress, DurationsAreReadable) {
  EXPECT_EQ(DurationText(Duration(850)), "850 ms");
  EXPECT_EQ(DurationText(Duration(4'250)), "4.2 s");
  EXPECT_EQ(DurationText(Duration(187'000)), "3 min 07 s");
  EXPECT_EQ(DurationText(Duration(-5)), "0 ms");
}

}  // namespace
}  // namespace eris::cli
