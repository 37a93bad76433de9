// Goal: the journal keeps what it acknowledged, answers questions as its events say, forgets only
// what nobody needs. Method: short histories on a real file that is opened again after each step.
#include "state/journal.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "schema/base/random.h"
#include "tests/unit/state/journal_events.h"
#include "tests/unit/state/temp_directory.h"

namespace eris {
namespace {

using test::History;
using test::ManifestWith;

const ProfileName kProfile("default");

class JournalTest : public testing::Test {
 protected:
  void SetUp() override { Reopen(); }

  void Reopen() {
    journal_.reset();
    auto opened = Journal::Open(path_, random_);
    ASSERT_TRUE(opened) << opened.error().message;
    journal_ = std::move(*opened);
  }
  void Append(const std::vector<Event>& events) {
    const Status appended = journal_->Append(events);
    ASSERT_TRUE(appended) << appended.error().message;
  }
  std::vector<Event> All() {
    std::vector<Event> events;
    EXPECT_TRUE(journal_->Replay({1}, Collect(events)));
    return events;
  }
  std::vector<Event> Open() {
    std::vector<Event> events;
    EXPECT_TRUE(journal_->ReplayOpen(Collect(events)));
    return events;
  }
  static Journal::Visitor Collect(std::vector<Event>& events) {
    return [&events](const Event& event) -> Status {
      events.push_back(event);
      return {};
    };
  }

  test::TempDirectory directory_;
  std::string path_ = directory_ / "state/journal.db";
  SeededRandom random_{1};
  History history_;
  std::unique_ptr<Journal> journal_;
};

TEST_F(JournalTest, KeepsItsIdAndIsReadableByItsOwnerOnly) {
  const JournalId id = journal_->id();
  EXPECT_TRUE(id);
  Reopen();
  EXPECT_EQ(journal_->id(), id);
  for (const char* file : {"state/journal.db", "state/journal.db.lock", "state/journal.db-wal"}) {
    struct stat info {};
    ASSERT_EQ(::stat((directory_ / file).c_str(), &info), 0) << file;
    EXPECT_EQ(info.st_mode & 0777U, 0600U) << file;
  }
}

TEST_F(JournalTest, ReplaysWhatWasAppendedAfterEachReopening) {
  std::vector<Event> expected = {history_.Started({1})};
  Append(expected);
  for (const Event& event : history_.Deployment({1}, {1}, "api")) {
    Append({event});
    expected.push_back(event);
    Reopen();
    ASSERT_EQ(All(), expected);
  }
}

TEST_F(JournalTest, AppendsAllOfATurnOrNothing) {
  Append({history_.Started({1})});
  std::vector<Event> turn = history_.Deployment({1}, {1}, "api");
  turn.back().sequence = {77};  // a gap: refused
  EXPECT_FALSE(journal_->Append(turn));
  EXPECT_EQ(All().size(), 1U);
  Reopen();
  EXPECT_EQ(All().size(), 1U);
  EXPECT_EQ(journal_->LoadTransaction({1}).error().code, ErrorCode::kNotFound);
}

TEST_F(JournalTest, RefusesEverythingAfterAFailedAppend) {
  const Event first = history_.Started({1});
  EXPECT_FALSE(journal_->Append(std::vector<Event>{history_.Started({2})}));
  EXPECT_FALSE(journal_->Append(std::vector<Event>{first}));
  Reopen();
  Append({first});
}

TEST_F(JournalTest, RefusesEventsOfATransactionThatNeverBegan) {
  EXPECT_FALSE(
      journal_->Append(std::vector<Event>{history_.Phase({9}, TransactionPhase::kPreparing)}));
}

TEST_F(JournalTest, RefusesASecondOwnerButLetsOthersRead) {
  Append({history_.Started({1})});
  const auto second = Journal::Open(path_, random_);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, ErrorCode::kUnavailable);

  const auto reader = Journal::OpenReadOnly(path_);
  ASSERT_TRUE(reader) << reader.error().message;
  EXPECT_EQ((*reader)->LoadHead()->epoch, Epoch{1});
  EXPECT_FALSE((*reader)->Append(std::vector<Event>{history_.Started({2})}));
  Append({Event{.sequence = {2}, .at = {}, .transaction = {}, .body = PlannerStarted{{3}}}});
  EXPECT_EQ((*reader)->LoadHead()->epoch, Epoch{3});
}

TEST_F(JournalTest, HeadTellsWhereToGoOn) {
  Append({history_.Started({4})});
  Append(history_.Deployment({1}, {1}, "api"));
  Append(history_.Deployment({2}, {2}, "web"));
  Append({history_.Accepted({3}, "web")});
  Reopen();
  EXPECT_EQ(journal_->LoadHead().value(), (JournalHead{.journal = journal_->id(),
                                                       .epoch = {4},
                                                       .last_event = {22},
                                                       .last_transaction = {3},
                                                       .generations = {{kProfile, {2}}},
                                                       .starts = {{{4}, {1}}}}));
}

TEST_F(JournalTest, HeadTellsThatTheJournalWasSuperseded) {
  Append({history_.Started({4})});
  const JournalPosition first{.epoch = {9}, .event = {70}, .transaction = {3}};
  const JournalPosition second{.epoch = {8}, .event = {90}, .transaction = {2}};
  const auto superseded = [](std::uint64_t sequence, const JournalPosition& seen) {
    return Event{
        .sequence = {sequence}, .at = {}, .transaction = {}, .body = PlannerSuperseded{seen}};
  };
  Append({superseded(2, first), superseded(3, second)});
  Reopen();
  JournalHead head = journal_->LoadHead().value();
  EXPECT_TRUE(head.superseded);
  EXPECT_EQ(head.seen, (JournalPosition{.epoch = {9}, .event = {90}, .transaction = {3}}));
  EXPECT_EQ(head.starts, (std::vector<PlannerStart>{{{4}, {1}}, {{8}, {}}, {{9}, {}}}));
  Append({Event{.sequence = {4}, .at = {}, .transaction = {}, .body = PlannerStarted{{10}}}});
  head = journal_->LoadHead().value();
  EXPECT_FALSE(head.superseded);
  EXPECT_EQ(head.seen.event, EventSequence{90}) << "what was lost stays lost";
}

TEST_F(JournalTest, HeadRemembersTheLastStarts) {
  std::vector<Event> starts;
  for (std::uint64_t n = 1; n <= kRememberedStarts + 3; ++n)
    starts.push_back(history_.Started({n}));
  Append(starts);
  const JournalHead head = journal_->LoadHead().value();
  ASSERT_EQ(head.starts.size(), kRememberedStarts);
  EXPECT_EQ(head.starts.front(), (PlannerStart{{4}, {4}}));
}

TEST_F(JournalTest, RecoveryReplaysOnlyWhatGoesOn) {
  Append(history_.Deployment({1}, {1}, "api"));
  std::vector<Event> expected = {history_.Accepted({2}, "web")};
  Append(expected);
  Append({history_.Accepted({3}, "db"), history_.Ended({3}, TransactionResult::kAborted)});
  expected.push_back(history_.Planned({2}, "web"));
  Append({expected.back()});
  Reopen();
  // What is planned is replayed without what it was planned from.
  auto& submission = std::get<SubmissionAccepted>(expected.front().body).submission;
  submission.action = DeployManifest{};
  EXPECT_EQ(Open(), expected);
}

TEST_F(JournalTest, StuckAndStillLockedTransactionsGoOn) {
  const std::vector<Event> stuck = {history_.Accepted({1}, "web"),
                                    history_.Ended({1}, TransactionResult::kStuck)};
  Append(stuck);
  EXPECT_EQ(Open(), stuck);
  const std::vector<Event> locked = {history_.Ended({1}, TransactionResult::kCommittedStillLocked)};
  Append(locked);
  EXPECT_EQ(Open().size(), 3U);
  Append({history_.Next({1}, RollbackResumed{"alice"})});
  EXPECT_EQ(journal_->LoadTransaction({1})->phase, TransactionPhase::kRollingBack);
  EXPECT_FALSE(journal_->LoadTransaction({1})->result);
  Append({history_.Ended({1}, TransactionResult::kRolledBack)});
  EXPECT_TRUE(Open().empty());
}

TEST_F(JournalTest, ATransactionThatWaitsForATargetGoesOn) {
  using Verdict = TargetVerified::Verdict;
  const auto verified = [&](const char* target, Verdict verdict) {
    Append({history_.Next({1}, TargetVerified{.target = TargetName(target), .verdict = verdict})});
  };
  Append({history_.Accepted({1}, "web"), history_.Phase({1}, TransactionPhase::kRollingBack)});
  verified("db", Verdict::kUnverified);
  verified("api", Verdict::kUnverified);
  verified("web", Verdict::kVerified);
  Append({history_.Ended({1}, TransactionResult::kRolledBack)});
  verified("db", Verdict::kVerified);
  Reopen();
  EXPECT_EQ(Open().size(), 7U);
  Append({history_.Next({1}, Abandoned{.author = "alice", .target = TargetName("api")})});
  EXPECT_TRUE(Open().empty());

  verified("db", Verdict::kUnverified);
  EXPECT_EQ(Open().size(), 9U);
  Append({history_.Phase({1}, TransactionPhase::kRollingBack)});
  EXPECT_TRUE(Open().empty()) << "a way back judges all targets anew";
}

TEST_F(JournalTest, ARetryOfAStuckTransactionIsASubmissionOfTheSame) {
  Event retry = history_.Accepted({1}, "web");
  Append({retry, history_.Ended({1}, TransactionResult::kStuck)});
  retry = history_.Next({1}, SubmissionAccepted{{.id = SubmissionId("again"),
                                                 .profile = kProfile,
                                                 .author = "bob",
                                                 .action = RetryTransaction{{1}}}});
  Append({retry, history_.Next({1}, RollbackResumed{"bob"})});
  EXPECT_EQ(journal_->FindSubmission(SubmissionId("again")).value()->transaction, TransactionId{1});
  EXPECT_EQ(journal_->LoadTransaction({1})->author, "alice");
  EXPECT_EQ(Open().size(), 4U);
}

TEST_F(JournalTest, AnswersQuestionsAboutATransaction) {
  Append(history_.Deployment({1}, {1}, "api"));
  Reopen();
  const TransactionStatus status = journal_->LoadTransaction({1}).value();
  EXPECT_EQ(status.submission, SubmissionId("s1"));
  EXPECT_EQ(status.author, "alice");
  EXPECT_EQ(status.action, "deploy");
  EXPECT_EQ(status.phase, TransactionPhase::kEnded);
  EXPECT_EQ(status.result, TransactionResult::kCommitted);
  EXPECT_EQ(status.message, "done");
  EXPECT_EQ(status.generation, GenerationNumber{1});
  EXPECT_EQ(status.items_total, 3U);
  EXPECT_EQ(status.items_done, 3U);
  EXPECT_EQ(status.summary, (PlanSummary{.activate = 1,
                                         .bounced = 2,
                                         .kept = 3,
                                         .down = {ServiceName("api"), ServiceName("api")}}));
  EXPECT_EQ(status.submitted_at, WallTime{1000});
  EXPECT_EQ(status.ended_at, WallTime{10'000});
  EXPECT_EQ(status.locked_ms, 6000);
  EXPECT_EQ(journal_->LoadPlan({1})->items.size(), 3U);
  EXPECT_EQ(journal_->LoadOutcomes({1}, std::nullopt)->size(), 3U);
  EXPECT_EQ(journal_->LoadOutcomes({1}, ItemIndex{2})->at(0).item.index, ItemIndex{2});
}

TEST_F(JournalTest, ListsTheNewestTransactionsFirst) {
  for (std::uint64_t id = 1; id <= 4; ++id) Append({history_.Accepted({id}, "api")});
  const auto listed = journal_->LoadTransactions({.limit = 2, .profile = kProfile}).value();
  ASSERT_EQ(listed.size(), 2U);
  EXPECT_EQ(listed[0].transaction, TransactionId{4});
  EXPECT_EQ(listed[1].transaction, TransactionId{3});
  EXPECT_TRUE(journal_->LoadTransactions({.profile = ProfileName("other")})->empty());
}

TEST_F(JournalTest, KeepsTheManifestOfEachGeneration) {
  Append(history_.Deployment({1}, {1}, "api"));
  Append(history_.Deployment({2}, {2}, "web"));
  Reopen();
  EXPECT_EQ(journal_->LoadManifest(kProfile, {1}).value(), ManifestWith("api"));
  EXPECT_EQ(journal_->LoadManifest(kProfile, {2}).value(), ManifestWith("web"));
  EXPECT_EQ(journal_->LoadManifest(kProfile, {}).value(), ManifestWith("web"));
  EXPECT_EQ(journal_->LoadManifest(kProfile, {3}).error().code, ErrorCode::kNotFound);
  const auto generations = journal_->LoadGenerations(kProfile).value();
  ASSERT_EQ(generations.size(), 2U);
  EXPECT_EQ(generations[0].standing, GenerationInfo::Standing::kOld);
  EXPECT_EQ(generations[1].standing, GenerationInfo::Standing::kCurrent);
  EXPECT_EQ(generations[1].author, "alice");
  EXPECT_EQ(generations[1].mappings, 1U);
}

TEST_F(JournalTest, RemembersSubmissionsByIdAndContent) {
  const Event accepted = history_.Accepted({1}, "api");
  Append({accepted});
  const Submission& submission = std::get<SubmissionAccepted>(accepted.body).submission;
  EXPECT_EQ(journal_->LoadSubmission({1}).value(), submission);
  const auto found = journal_->FindSubmission(submission.id).value();
  ASSERT_TRUE(found);
  Submission again = submission;
  again.author = "bob";
  EXPECT_EQ(*found, (JournaledSubmission{.transaction = {1}, .digest = DigestOf(again)}));
  again.options.wait_ms = 7;
  EXPECT_NE(found->digest, DigestOf(again));
  EXPECT_FALSE(journal_->FindSubmission(SubmissionId("other")).value());
}

TEST_F(JournalTest, ShowsEventsWithoutTheirBulk) {
  Append(history_.Deployment({1}, {1}, "api"));
  Append({history_.Accepted({2}, "web")});
  const auto events = journal_->ReadEvents({.from = {3}, .limit = 3}).value();
  ASSERT_EQ(events.size(), 3U);
  EXPECT_EQ(events[0].sequence, EventSequence{3});
  const auto& planned = std::get<TransactionPlanned>(events[0].body);
  EXPECT_TRUE(planned.plan.items.empty());
  EXPECT_TRUE(planned.next.services.empty());
  EXPECT_EQ(planned.plan.summary.kept, 3U);
  EXPECT_EQ(journal_->ReadEvents({.transaction = TransactionId{2}})->size(), 1U);
  const auto newest = journal_->ReadEvents({.from = {0}, .limit = 2}).value();
  ASSERT_EQ(newest.size(), 2U);
  EXPECT_LT(newest[0].sequence, newest[1].sequence);
  EXPECT_EQ(newest[1].sequence, journal_->LoadHead()->last_event);
  EXPECT_EQ(
      journal_->ReadEvents({.from = {0}, .limit = 9, .transaction = TransactionId{2}})->size(), 1U);
  EXPECT_EQ(std::get<TransactionPlanned>(journal_->ReadEvent({3})->body).plan.items.size(), 3U);
}

TEST_F(JournalTest, PruneForgetsOnlyWhatNobodyNeeds) {
  Append({history_.Started({1})});
  Append(history_.Deployment({1}, {1}, "api"));
  Append({history_.Accepted({2}, "bad"), history_.Ended({2}, TransactionResult::kAborted)});
  const std::vector<Event> open = {history_.Accepted({3}, "web")};
  Append(open);
  Append({history_.Accepted({4}, "bad"), history_.Ended({4}, TransactionResult::kAborted)});
  const JournalHead before = journal_->LoadHead().value();

  EXPECT_EQ(journal_->Prune({.ended_before = {12'000}}).value(), 1U);  // 1 ended at 11'000
  EXPECT_EQ(journal_->Prune({.ended_before = {1'000'000}}).value(), 1U);
  EXPECT_EQ(journal_->Prune({.ended_before = {1'000'000}}).value(), 0U);
  Reopen();
  EXPECT_EQ(journal_->LoadHead().value(), before);  // 4 stays: numbers are never used again
  EXPECT_EQ(journal_->LoadManifest(kProfile, {1}).value(), ManifestWith("api"));
  EXPECT_EQ(journal_->LoadTransaction({1})->result, TransactionResult::kCommitted);
  EXPECT_EQ(journal_->LoadSubmission({1}).error().code, ErrorCode::kNotFound);
  EXPECT_EQ(journal_->LoadTransaction({2}).error().code, ErrorCode::kNotFound);
  EXPECT_TRUE(journal_->FindSubmission(SubmissionId("s2")).value());
  EXPECT_EQ(Open(), open);
  EXPECT_EQ(All().size(), 4U);  // the plan of generation 1, and transactions 3 and 4
}

}  // namespace
}  // namespace eris
