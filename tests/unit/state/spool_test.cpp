// Goal: an accepted submission survives with its content until it is taken, and the spool gives
// back what the records add up to. Method: a real file, opened again after each step, beside the
// spool in memory.
#include "state/spool.h"

#include <gtest/gtest.h>

#include <vector>

#include "state/memory_spool.h"
#include "tests/unit/state/temp_directory.h"

namespace eris {
namespace {

SpoolChunk Chunk(const std::string& id, std::uint64_t offset, const std::string& bytes) {
  return {.author = "alice",
          .chunk = {.id = SubmissionId(id),
                    .total_bytes = 6,
                    .sha256 = "cafe",
                    .offset = offset,
                    .bytes = bytes}};
}
SpoolAccepted Accepted(const std::string& id) {
  return {.id = SubmissionId(id), .sha256 = "cafe", .author = "alice"};
}

class SpoolTest : public testing::Test {
 protected:
  void SetUp() override { Reopen(); }

  void Reopen() {
    spool_.reset();
    auto opened = Spool::Open(path_);
    ASSERT_TRUE(opened) << opened.error().message;
    spool_ = std::move(*opened);
  }
  void Append(const std::vector<SpoolRecord>& records) {
    const Status appended = spool_->Append(records);
    ASSERT_TRUE(appended) << appended.error().message;
    ASSERT_TRUE(memory_.Append(records));
    for (const SpoolRecord& record : records) Apply(expected_, record);
    Reopen();
    ASSERT_EQ(spool_->Load().value(), expected_);
  }
  // From both, which must agree.
  std::string Read(const std::string& id, std::uint64_t offset, std::size_t max_bytes) {
    const auto real = spool_->ReadContent(SubmissionId(id), offset, max_bytes);
    const auto twin = MemorySpoolReader(memory_).ReadContent(SubmissionId(id), offset, max_bytes);
    EXPECT_EQ(real.has_value(), twin.has_value());
    EXPECT_EQ(real.value_or("nothing"), twin.value_or("nothing"));
    return real.value_or("nothing");
  }

  test::TempDirectory directory_;
  std::string path_ = directory_ / "spool.db";
  MemoryLog<SpoolRecord> memory_;
  SpoolContent expected_;
  std::unique_ptr<Spool> spool_;
};

TEST_F(SpoolTest, ReadsContentAcrossChunks) {
  Append({Chunk("a", 0, "ab")});
  Append({Chunk("a", 2, "cd"), Chunk("b", 0, "uvwxyz")});
  Append({Chunk("a", 4, "ef"), Accepted("a")});
  EXPECT_EQ(Read("a", 0, 6), "abcdef");
  EXPECT_EQ(Read("a", 1, 3), "bcd");
  EXPECT_EQ(Read("a", 3, 100), "def");
  EXPECT_EQ(Read("a", 4, 1), "e");
  EXPECT_EQ(Read("a", 6, 10), "");
  EXPECT_EQ(Read("b", 5, 10), "z");
  EXPECT_EQ(Read("c", 0, 10), "nothing");
}

TEST_F(SpoolTest, ListsSubmissionsInTheOrderOfAcceptance) {
  Append({Chunk("a", 0, "abcdef"), Chunk("b", 0, "abcdef"), Chunk("c", 0, "abc")});
  Append({Accepted("b")});
  Append({Accepted("a")});
  ASSERT_EQ(expected_.size(), 3U);
  EXPECT_EQ(expected_[0].id, SubmissionId("b"));
  EXPECT_EQ(expected_[2].standing, SpooledSubmission::Standing::kReceiving);
  EXPECT_EQ(expected_[2].stored_bytes, 3U);
  EXPECT_EQ(StoredBytes(expected_), 15U);
}

TEST_F(SpoolTest, BeginningAgainForgetsTheFirstTry) {
  Append({Chunk("a", 0, "xxxx")});
  Append({Chunk("b", 0, "uv")});
  Append({Chunk("a", 0, "abc")});
  Append({Chunk("a", 3, "def"), Accepted("a")});
  EXPECT_EQ(Read("a", 0, 100), "abcdef");
}

TEST_F(SpoolTest, TakenSubmissionsKeepTheirHashOnly) {
  Append({Chunk("a", 0, "abcdef"), Accepted("a")});
  Append({SpoolTaken{.id = SubmissionId("a"), .transaction = {7}}});
  EXPECT_EQ(Read("a", 0, 100), "nothing");
  EXPECT_EQ(expected_[0].sha256, "cafe");
  EXPECT_EQ(StoredBytes(expected_), 0U);
  Append({SpoolForgotten{SubmissionId("a")}});
  EXPECT_TRUE(expected_.empty());
}

TEST_F(SpoolTest, RemembersTheNewestPlannerOfEachJournal) {
  constexpr JournalId kRandom{0xfedc'ba98'7654'3210};
  Append({SpoolPlanner{.journal = kRandom, .epoch = {5}}});
  Append(
      {SpoolPlanner{.journal = {2}, .epoch = {9}}, SpoolPlanner{.journal = kRandom, .epoch = {7}}});
  const ServedPlanners expected = {{{2}, {9}}, {kRandom, {7}}};
  EXPECT_EQ(spool_->LoadPlanners().value(), expected);
  EXPECT_EQ(memory_.Replay(ServedPlanners{}), expected);

  const SpoolLedger first{
      .queue = "target.first", .ledger = {0xfedc'ba98'7654'3210}, .public_key = "key"};
  Append({SpoolLedger{.queue = "target.first", .ledger = {3}, .public_key = "old"},
          SpoolLedger{.queue = "target.second", .ledger = {4}, .public_key = "key"}});
  Append({first, SpoolLedger{.queue = "target.second", .ledger = {}, .public_key = {}}});
  const KnownLedgers known = {{"target.first", first}};
  EXPECT_EQ(spool_->LoadLedgers().value(), known);
  EXPECT_EQ(memory_.Replay(KnownLedgers{}), known);
}

TEST_F(SpoolTest, RefusesASecondBroker) {
  EXPECT_EQ(Spool::Open(path_).error().code, ErrorCode::kUnavailable);
}

}  // namespace
}  // namespace eris
