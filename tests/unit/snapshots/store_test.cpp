// Goal: the snapshot store keeps Dysnomia's layout, adds no needless generation and loses nothing
// that one names. Method: small directories committed in awkward orders.
#include "state/snapshots/store.h"

#include <gtest/gtest.h>

#include <chrono>

#include "schema/base/digest.h"
#include "state/snapshots/needs.h"
#include "tests/unit/dysnomia/test_dir.h"

namespace eris::snapshots {
namespace {

namespace fs = std::filesystem;
using dysnomia::TestDir;

class SnapshotStoreTest : public ::testing::Test {
 protected:
  void Commit(const std::string& content) {
    const auto staged = store_.Stage(key_);
    ASSERT_TRUE(staged) << staged.error().message;
    ASSERT_TRUE(WriteFileAtomically((*staged / "dump").string(), content, 0600));
    const Status committed = store_.Commit(key_, *staged, "id-" + content);
    ASSERT_TRUE(committed) << committed.error().message;
  }
  // A base, or the increment of one.
  void CommitPart(const std::string& id, const std::string& base) {
    const auto staged = store_.Stage(key_);
    ASSERT_TRUE(staged) << staged.error().message;
    ASSERT_TRUE(WriteFileAtomically((*staged / "dump").string(), id, 0600));
    if (!base.empty()) {
      ASSERT_TRUE(WriteFileAtomically((*staged / "increment-of").string(), base, 0600));
    }
    const Status committed = store_.Commit(key_, *staged, id);
    ASSERT_TRUE(committed) << committed.error().message;
  }
  std::vector<std::string> Entries(std::string_view below) const {
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(dir_ / below)) {
      names.push_back(entry.path().filename());
    }
    std::sort(names.begin(), names.end());
    return names;
  }

  TestDir dir_;
  SnapshotStore store_{dir_.path()};
  StateKey key_{"mysql", "rooms"};
};

TEST_F(SnapshotStoreTest, UnchangedStateAddsNoGenerationButAReturnToItDoes) {
  EXPECT_FALSE(store_.Newest(key_)->has_value());
  for (const std::string content : {"a", "a", "b", "a"}) Commit(content);
  EXPECT_EQ(store_.Generations(key_),
            (std::vector<Generation>{{1, "id-a"}, {2, "id-b"}, {3, "id-a"}}));
  EXPECT_EQ(Entries("snapshots/mysql/rooms"), (std::vector<std::string>{"id-a", "id-b"}));
  EXPECT_EQ(dir_.Read("generations/mysql/rooms/2/dump"), "b") << "the links lead to the snapshots";
  EXPECT_EQ(store_.Keys(), std::vector<StateKey>{key_});
}

TEST_F(SnapshotStoreTest, TheNewestIsTheGreatestNumber) {
  for (int i = 1; i <= 11; ++i) Commit(std::to_string(i));
  EXPECT_EQ(*store_.Newest(key_), (Generation{11, "id-11"}));
}

TEST_F(SnapshotStoreTest, CollectingKeepsWhatTheKeptGenerationsName) {
  for (const std::string content : {"a", "b", "c", "a"}) Commit(content);
  const auto abandoned = store_.Stage(key_);
  ASSERT_TRUE(abandoned);
  std::filesystem::last_write_time(
      *abandoned, std::filesystem::file_time_type::clock::now() - std::chrono::hours(25));
  ASSERT_TRUE(store_.Collect(key_, 2));
  EXPECT_EQ(store_.Generations(key_), (std::vector<Generation>{{3, "id-c"}, {4, "id-a"}}));
  EXPECT_EQ(Entries("snapshots/mysql/rooms"), (std::vector<std::string>{"id-a", "id-c"}));
  EXPECT_EQ(Entries("checksums/mysql/rooms"), (std::vector<std::string>{"id-a", "id-c"}));
}

TEST_F(SnapshotStoreTest, CollectingSparesWhatIsNeededAndWhatIsBeingMade) {
  for (const std::string content : {"a", "b", "c"}) Commit(content);
  const SnapshotNeeds needs(dir_.path());
  ASSERT_TRUE(needs.Add(7, {key_, "id-a"}));
  ASSERT_TRUE(needs.Add(7, {key_, "id-a"}));
  ASSERT_TRUE(needs.Add(8, {{"mysql", "other"}, "id-b"}));
  const auto staged = store_.Stage(key_);
  ASSERT_TRUE(staged);
  ASSERT_TRUE(store_.Collect(key_, 1));
  EXPECT_EQ(Entries("snapshots/mysql/rooms"),
            (std::vector<std::string>{staged->filename().string(), "id-a", "id-c"}));
  EXPECT_TRUE(store_.Verify(key_, "id-a"));
  ASSERT_TRUE(needs.Drop([](std::uint64_t transaction) { return transaction == 7; }));
  ASSERT_TRUE(store_.Discard(*staged));
  ASSERT_TRUE(store_.Collect(key_, 1));
  EXPECT_EQ(Entries("snapshots/mysql/rooms"), (std::vector<std::string>{"id-c"}));
  EXPECT_FALSE(needs.Add(7, {key_, ""})) << "that is no snapshot";
}

TEST_F(SnapshotStoreTest, ABaseIsNoGenerationAndNeverTheNewest) {
  Commit("a");
  CommitPart("base-1", "");
  EXPECT_EQ(store_.Newest(key_)->value().id, "id-a");
  EXPECT_EQ(store_.NewestBase(key_), "base-1");
  EXPECT_EQ(store_.MakeNewest(key_, "base-1").error().code, ErrorCode::kInvalid);
  EXPECT_EQ(store_.KeysWithBases(), std::vector<StateKey>{key_});
}

TEST_F(SnapshotStoreTest, AnIncrementIsVerifiedWithItsBase) {
  CommitPart("base-1", "");
  CommitPart("increment", "base-1");
  EXPECT_EQ(store_.BaseOf(key_, "increment"), "base-1");
  EXPECT_TRUE(store_.Verify(key_, "increment"));
  dir_.Write("snapshots/mysql/rooms/base-1/dump", "x");
  EXPECT_EQ(store_.Verify(key_, "increment").error().code, ErrorCode::kCorrupt);
  fs::remove_all(dir_ / "snapshots/mysql/rooms/base-1");
  EXPECT_EQ(store_.Verify(key_, "increment").error().code, ErrorCode::kNotFound);
}

TEST_F(SnapshotStoreTest, ABaseStaysAsLongAsAnIncrementOrATransactionNeedsIt) {
  for (const std::string base : {"base-1", "base-2", "base-3"}) CommitPart(base, "");
  CommitPart("increment-1", "base-1");
  CommitPart("increment-2", "base-2");
  const SnapshotNeeds needs(dir_.path());
  ASSERT_TRUE(needs.Add(7, {key_, "increment-1"}) && needs.Add(7, {key_, "base-3"}));
  ASSERT_TRUE(store_.Collect(key_, 1) && store_.DropBases(key_));
  EXPECT_EQ(Entries("snapshots/mysql/rooms"),
            (std::vector<std::string>{"base-1", "base-2", "base-3", "increment-1", "increment-2"}));
  ASSERT_TRUE(needs.Drop([](std::uint64_t) { return true; }));
  ASSERT_TRUE(store_.DropBases(key_));
  EXPECT_EQ(store_.NewestBase(key_), "") << "it was nobody's";
  EXPECT_TRUE(store_.Verify(key_, "increment-1")) << "it is left to the retention of snapshots";
  ASSERT_TRUE(store_.Collect(key_, 1));
  EXPECT_EQ(Entries("snapshots/mysql/rooms"), (std::vector<std::string>{"base-2", "increment-2"}));
  Commit("a");
  ASSERT_TRUE(store_.Collect(key_, 1));
  EXPECT_EQ(Entries("snapshots/mysql/rooms"), (std::vector<std::string>{"id-a"}));
  EXPECT_EQ(store_.KeysWithBases(), std::vector<StateKey>{});
}

TEST_F(SnapshotStoreTest, DamageIsSeen) {
  Commit("a");
  EXPECT_TRUE(store_.Verify(key_, "id-a"));
  dir_.Write("snapshots/mysql/rooms/id-a/dump", "b");
  EXPECT_EQ(store_.Verify(key_, "id-a").error().code, ErrorCode::kCorrupt);
  EXPECT_EQ(store_.Verify(key_, "id-b").error().code, ErrorCode::kNotFound);
}

TEST_F(SnapshotStoreTest, ChecksumsAreDysnomias) {
  dir_.Write("d/b", "2");
  dir_.Write("d/a/c", "1");
  EXPECT_EQ(ChecksumOf(dir_ / "d"), "sha256:" + Hex(Sha256(".\n./a\n./a/c\n./b\n\n12")));
}

TEST_F(SnapshotStoreTest, FlagsFollowTheLifeOfState) {
  ASSERT_TRUE(store_.MarkGarbage(key_));
  EXPECT_FALSE(store_.IsGarbage(key_)) << "it was never activated";
  ASSERT_TRUE(store_.MarkActive(key_) && store_.MarkActive(key_));
  EXPECT_TRUE(store_.IsActive(key_));
  ASSERT_TRUE(store_.MarkGarbage(key_) && store_.MarkGarbage(key_));
  EXPECT_TRUE(store_.IsGarbage(key_) && !store_.IsActive(key_));
  ASSERT_TRUE(store_.MarkActive(key_));
  EXPECT_TRUE(store_.IsActive(key_) && !store_.IsGarbage(key_));
}

TEST_F(SnapshotStoreTest, NamesCannotLeadElsewhere) {
  EXPECT_FALSE(store_.Stage({"..", "x"}));
  EXPECT_FALSE(store_.Stage({"a/b", "x"}));
  EXPECT_FALSE(store_.MakeNewest(key_, "../x"));
  EXPECT_FALSE(store_.MakeNewest(key_, "missing"));
}

TEST(ComponentName, LosesTheHashOfAStorePathOnly) {
  const std::string hash(32, 'a');
  EXPECT_EQ(ComponentNameOf("/nix/store/" + hash + "-rooms", "/nix/store"), "rooms");
  EXPECT_EQ(ComponentNameOf("/nix/store/" + hash + "-rooms/", "/nix/store/"), "rooms");
  EXPECT_EQ(ComponentNameOf("/own/" + hash + "-rooms", "/nix/store"), hash + "-rooms");
  EXPECT_EQ(ComponentNameOf("/own/" + hash + "-rooms", "/own"), "rooms");
  EXPECT_EQ(ComponentNameOf("/srv/rooms", "/nix/store"), "rooms");
}

}  // namespace
}  // namespace eris::snapshots
