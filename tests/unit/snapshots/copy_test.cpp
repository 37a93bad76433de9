// Goal: a snapshot arrives as it was made, or not at all. Method: two stores, and damage between
// them.
#include "state/snapshots/copy.h"

#include <gtest/gtest.h>

#include "state/snapshots/stream.h"
#include "tests/unit/dysnomia/test_dir.h"

namespace eris::snapshots {
namespace {

using dysnomia::TestDir;

class CopyOfASnapshot : public ::testing::Test {
 protected:
  void Take(const std::string& content) {
    const auto staged = from_.Stage(key_);
    ASSERT_TRUE(staged) << staged.error().message;
    ASSERT_TRUE(WriteFileAtomically((*staged / "dump").string(), content, 0600));
    ASSERT_TRUE(from_.Commit(key_, *staged, "id-" + content));
  }
  void TakePart(const std::string& id, const std::string& base) {
    const auto staged = from_.Stage(key_);
    ASSERT_TRUE(staged) << staged.error().message;
    ASSERT_TRUE(WriteFileAtomically((*staged / "dump").string(), id, 0600));
    if (!base.empty()) {
      ASSERT_TRUE(WriteFileAtomically((*staged / "increment-of").string(), base, 0600));
    }
    ASSERT_TRUE(from_.Commit(key_, *staged, id));
  }
  auto Copy(const std::string& id) { return CopySnapshot(from_, {key_, id}, to_, as_); }

  TestDir dir_;
  SnapshotStore from_{dir_ / "from"};
  SnapshotStore to_{dir_ / "to"};
  StateKey key_{"sql", "rooms"};
  StateKey as_{"sql", "rooms-2"};
};

TEST_F(CopyOfASnapshot, IsTheNewestUnderItsNewName) {
  Take("a");
  const auto copied = Copy("id-a");
  ASSERT_TRUE(copied) << copied.error().message;
  EXPECT_EQ(copied->reference, "sql/rooms-2/id-a");
  EXPECT_EQ(copied->bytes, 1U);
  EXPECT_TRUE(to_.Verify(as_, "id-a"));
  Take("b");
  ASSERT_TRUE(Copy("")) << "without an id the newest";
  EXPECT_EQ(to_.Newest(as_)->value().id, "id-b");
  ASSERT_TRUE(Copy("id-a"));
  EXPECT_EQ(to_.Newest(as_)->value().id, "id-a");
  EXPECT_EQ(Copy("id-c").error().code, ErrorCode::kNotFound);
}

TEST_F(CopyOfASnapshot, ADamagedOneDoesNotArrive) {
  Take("a");
  dir_.Write("from/snapshots/sql/rooms/id-a/dump", "x");
  const auto copied = Copy("id-a");
  ASSERT_FALSE(copied);
  EXPECT_EQ(copied.error().code, ErrorCode::kCorrupt);
  EXPECT_FALSE(to_.Newest(as_)->has_value());
  EXPECT_TRUE(std::filesystem::is_empty(dir_ / "to/snapshots/sql/rooms-2"));
}

TEST_F(CopyOfASnapshot, ReplacesADamagedOneThatWasThere) {
  Take("a");
  ASSERT_TRUE(Copy("id-a"));
  dir_.Write("to/snapshots/sql/rooms-2/id-a/dump", "x");
  ASSERT_TRUE(Copy("id-a"));
  EXPECT_TRUE(to_.Verify(as_, "id-a"));
}

TEST_F(CopyOfASnapshot, KeepsTheNewestOnes) {
  for (const std::string content : {"a", "b", "c"}) {
    Take(content);
    ASSERT_TRUE(CopySnapshot(from_, {key_, ""}, to_, as_, {.keep = 2}));
  }
  EXPECT_EQ(to_.Generations(as_)->size(), 2U);
  EXPECT_EQ(to_.Newest(as_)->value().id, "id-c");
}

TEST_F(CopyOfASnapshot, AllGenerationsComeInTheirOrder) {
  EXPECT_EQ(CopyGenerations(from_, key_, to_, as_)->reference, "") << "there are none";
  for (const std::string content : {"a", "b", "a"}) Take(content);
  const auto copied = CopyGenerations(from_, key_, to_, as_);
  ASSERT_TRUE(copied) << copied.error().message;
  EXPECT_EQ(copied->reference, "sql/rooms-2/id-a");
  EXPECT_EQ(to_.Generations(as_)->size(), 2U) << "each once, the newest one last";
  EXPECT_TRUE(to_.Verify(as_, "id-b"));
  ASSERT_TRUE(CopyGenerations(from_, key_, to_, as_));
  EXPECT_EQ(to_.Generations(as_)->size(), 2U) << "they are there";
}

TEST_F(CopyOfASnapshot, AsManyTravelAsAreKept) {
  for (int i = 0; i < 14; ++i) Take(std::to_string(i));
  ASSERT_TRUE(CopyGenerations(from_, key_, to_, as_));
  EXPECT_EQ(to_.Generations(as_)->size(), kKeptGenerations);
  EXPECT_EQ(to_.Newest(as_)->value().id, "id-13");
  EXPECT_FALSE(to_.Verify(as_, "id-3"));
}

TEST_F(CopyOfASnapshot, AnIncrementBringsItsBase) {
  TakePart("base-1", "");
  TakePart("increment", "base-1");
  const auto base = Copy("base-1");
  ASSERT_TRUE(base) << base.error().message;
  EXPECT_FALSE(to_.Newest(as_)->has_value()) << "a base alone is no generation";
  std::filesystem::remove_all(dir_ / "to");
  const auto copied = Copy("increment");
  ASSERT_TRUE(copied) << copied.error().message;
  EXPECT_EQ(to_.Newest(as_)->value().id, "increment");
  EXPECT_TRUE(to_.Verify(as_, "increment"));
  std::filesystem::remove_all(dir_ / "from/snapshots/sql/rooms/base-1");
  EXPECT_TRUE(Copy("increment")) << "the base is there already";
  std::filesystem::remove_all(dir_ / "to");
  EXPECT_EQ(Copy("increment").error().code, ErrorCode::kNotFound) << "not without its base";
}

TEST_F(CopyOfASnapshot, AnIncrementIsListedAfterItsBaseAsStreams) {
  TakePart("base-1", "");
  const auto first = DescribeStream(from_, {key_, "base-1"});
  ASSERT_TRUE(first) << first.error().message;
  const auto again = DescribeBase(from_, {key_, "base-1"});
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ(again->sha256, first->sha256) << "as it was noted";
  EXPECT_EQ(again->bytes, first->bytes);
  EXPECT_EQ(*ArrivedBytes(from_, *again, Standing::kNewest), std::nullopt);
  dir_.Write("from/snapshots/sql/rooms/base-1/dump", "x");
  EXPECT_EQ(*ArrivedBytes(from_, *again, Standing::kAsItIs), std::nullopt);
  EXPECT_EQ(*ArrivedBytes(from_, *again, Standing::kNewest), std::optional<std::uint64_t>(0))
      << "asked for itself it is looked at";
}

TEST(SnapshotReference, NamesOneSnapshotAndNothingElse) {
  EXPECT_EQ(ParseReference("sql/rooms/1")->id, "1");
  EXPECT_EQ(ParseReference("sql/rooms/")->id, "");
  for (const char* wrong :
       {"", "sql/rooms", "sql//1", "../rooms/1", "sql/rooms/1/2", "/sql/rooms"}) {
    EXPECT_FALSE(ParseReference(wrong)) << wrong;
  }
}

}  // namespace
}  // namespace eris::snapshots
