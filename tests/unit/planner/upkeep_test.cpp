// Goal: the journal is bounded in time and size, its file becomes smaller, and what a generation,
// an open transaction or the next plan needs stays. Method: a real journal with transactions of a
// quarter of a megabyte, and steps of upkeep until nothing is left to do.
#include "planner/upkeep.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <string>

#include "schema/base/random.h"
#include "tests/unit/state/journal_events.h"
#include "tests/unit/state/temp_directory.h"

namespace eris::planner {
namespace {

using test::History;
using Left = UpkeepStep::Left;

constexpr WallTime kNow{1'000'000'000};
constexpr std::int64_t kMegabyte = 1'000'000;
constexpr Upkeep kForEver{.keep = std::chrono::days(36'500)};

class UpkeepTest : public ::testing::Test {
 protected:
  UpkeepTest() { journal_ = Journal::Open(path_, random_).value(); }

  void Append(const std::vector<Event>& events) { ASSERT_TRUE(journal_->Append(events)); }
  // Aborted deployments of big manifests.
  void AppendAborted(int count) {
    for (int i = 0; i < count; ++i) {
      const TransactionId id{next_++};
      Event accepted = history_.Accepted(id, "bulk");
      std::get<DeployManifest>(std::get<SubmissionAccepted>(accepted.body).submission.action)
          .manifest.services.begin()
          ->second.type = std::string(250'000, 'x');
      Append({accepted, history_.Ended(id, TransactionResult::kAborted)});
    }
  }
  std::int64_t FileBytes() const {
    return static_cast<std::int64_t>(std::filesystem::file_size(path_));
  }
  // Returns how many transactions went.
  std::uint32_t KeepUp(const Upkeep& upkeep, Left end = Left::kNothing) {
    std::uint32_t pruned = 0;
    for (int steps = 0; steps < 1'000; ++steps) {
      const Result<UpkeepStep> step = KeepJournalSmall(upkeep, kNow, *journal_);
      EXPECT_TRUE(step) << step.error().message;
      if (!step) break;
      pruned += step->pruned;
      if (step->left == Left::kMore) continue;
      EXPECT_EQ(step->left, end);
      return pruned;
    }
    ADD_FAILURE() << "there is always more";
    return pruned;
  }

  test::TempDirectory directory_;
  const std::string path_ = directory_.path() + "/journal.db";
  SystemRandom random_;
  std::unique_ptr<Journal> journal_;
  History history_;
  std::uint64_t next_ = 1;
};

TEST_F(UpkeepTest, WhatIsYoungAndSmallStays) {
  AppendAborted(3);
  EXPECT_EQ(KeepUp(kForEver), 0U);
  EXPECT_EQ(journal_->LoadTransactions({}).value().size(), 3U);
}

TEST_F(UpkeepTest, WhatIsOldGoesAndTheFileBecomesSmaller) {
  AppendAborted(60);
  ASSERT_TRUE(journal_->Checkpoint());
  const std::int64_t before = FileBytes();
  ASSERT_GT(before, 14 * kMegabyte);
  EXPECT_EQ(KeepUp({.keep = std::chrono::hours(1)}), 59U);  // all ended at once after the beginning
  EXPECT_LT(FileBytes(), 2 * kMegabyte);
  EXPECT_TRUE(journal_->FindSubmission(SubmissionId("s1")).value()) << "a used key stays used";
}

TEST_F(UpkeepTest, TheOldestGoWhileTheJournalIsTooLarge) {
  AppendAborted(60);
  Upkeep upkeep = kForEver;
  upkeep.keep_bytes = 5 * kMegabyte;
  EXPECT_GT(KeepUp(upkeep), 30U);
  EXPECT_LE(journal_->UsedBytes().value(), upkeep.keep_bytes);
  EXPECT_LT(FileBytes(), upkeep.keep_bytes + 2 * kMegabyte);
  EXPECT_FALSE(journal_->LoadTransaction({1}));
  EXPECT_TRUE(journal_->LoadTransaction({51})) << "not more than needed";
}

TEST_F(UpkeepTest, WhatIsNeededStaysHoweverLargeItIs) {
  Append(history_.Deployment({next_++}, {1}, "api"));
  AppendAborted(4);
  const TransactionId open{next_++};
  Append({history_.Accepted(open, "web")});
  Append(
      {history_.Accepted({next_}, "last"), history_.Ended({next_}, TransactionResult::kAborted)});
  Upkeep upkeep = kForEver;
  upkeep.keep_bytes = 1;
  EXPECT_EQ(KeepUp(upkeep, Left::kTooMuch), 5U);
  EXPECT_EQ(journal_->LoadManifest(ProfileName("default"), {1}).value(), test::ManifestWith("api"));
  EXPECT_TRUE(journal_->LoadSubmission(open));
  journal_.reset();
  journal_ = Journal::Open(path_, random_).value();
  EXPECT_EQ(journal_->LoadHead()->generations.at(ProfileName("default")), GenerationNumber{1});
}

// The next plan must know what such a one may have left.
TEST_F(UpkeepTest, WhatWasGivenUpStaysUntilThereIsANewerGeneration) {
  Append(history_.Deployment({1}, {1}, "api"));
  Append({history_.Accepted({2}, "web"), history_.Planned({2}, "web"),
          history_.Next({2}, Abandoned{.author = "alice", .target = {}}),
          history_.Ended({2}, TransactionResult::kAbandoned)});
  Append({history_.Accepted({3}, "x"), history_.Ended({3}, TransactionResult::kAborted)});
  Upkeep upkeep = kForEver;
  upkeep.keep_bytes = 1;
  KeepUp(upkeep, Left::kTooMuch);
  EXPECT_TRUE(journal_->LoadPlan({2}));
  Append(history_.Deployment({4}, {2}, "web"));
  Append({history_.Accepted({5}, "x"), history_.Ended({5}, TransactionResult::kAborted)});
  KeepUp(upkeep, Left::kTooMuch);
  EXPECT_FALSE(journal_->LoadPlan({2}));
}

TEST(Kept, IsATimeOrASize) {
  EXPECT_EQ(WithKept({}, "7d")->keep, std::chrono::hours(7 * 24));
  EXPECT_EQ(WithKept({}, "7d")->keep_bytes, Upkeep{}.keep_bytes);
  EXPECT_EQ(WithKept({}, "500MB")->keep_bytes, 500 * kMegabyte);
  EXPECT_EQ(WithKept({}, "2GB")->keep_bytes, 2'000 * kMegabyte);
  for (const char* text : {"", "d", "7", "0d", "7w", "-1d", "7 d", "99999999999999999999GB"}) {
    EXPECT_FALSE(WithKept({}, text)) << text;
  }
}

}  // namespace
}  // namespace eris::planner
