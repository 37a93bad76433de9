// Goal: base and increment give exactly what was there when the increment was taken, whatever
// happened since the base, and a base alone gives nothing. Method: activities of `fileset` called
// directly on folders that are changed at random, and restored at another place.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <map>
#include <random>
#include <system_error>

#include "dysnomia/module.h"
#include "schema/values/base_snapshot.h"
#include "state/snapshots/copy.h"
#include "state/snapshots/store.h"
#include "tests/unit/dysnomia/test_dir.h"

namespace eris::dysnomia {
namespace file_tree_test {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

class FileTreeTest : public ::testing::Test {
 protected:
  FileTreeTest() {
    for (const std::string name : {"here", "there"}) {
      dir_.Write(name + "/rooms/.dysnomia-fileset", "mkdir data/a b\nmkdir more\n");
    }
    EXPECT_TRUE(Run("here", ActivityKind::kActivate));
  }

  ActivityContext ContextAt(const std::string& place) const {
    ActivityContext context;
    context.component = dir_ / (place + "/rooms");
    context.container = "fileset";
    context.state_dir = dir_ / (place + "/state");
    context.environment = {{"PATH", ::getenv("PATH")}, {"targetDir", dir_ / (place + "/target")}};
    return context;
  }
  Status Run(const std::string& place, ActivityKind kind, const std::string& base = {}) const {
    ActivityContext context = ContextAt(place);
    context.kind = kind;
    if (!base.empty()) context.environment[std::string(kBaseVariable)] = base;
    return FindBuiltIn("fileset")->run(context);
  }
  snapshots::SnapshotStore StoreAt(const std::string& place) const {
    return snapshots::SnapshotStore(dir_ / (place + "/state"));
  }
  std::string TakeBase() const {
    const Status taken = Run("here", ActivityKind::kBase);
    EXPECT_TRUE(taken) << taken.error().message;
    return StoreAt("here").NewestBase(key_).value_or("");
  }
  std::string TakeIncrement(const std::string& base) const {
    const Status taken = Run("here", ActivityKind::kSnapshot, base);
    EXPECT_TRUE(taken) << taken.error().message;
    return StoreAt("here").Newest(key_)->value().id;
  }
  void RestoreThere(const std::string& id) const {
    const auto copied =
        snapshots::CopySnapshot(StoreAt("here"), {key_, id}, StoreAt("there"), key_);
    ASSERT_TRUE(copied) << copied.error().message;
    const Status restored = Run("there", ActivityKind::kRestore);
    ASSERT_TRUE(restored) << restored.error().message;
  }
  // Everything below the target directory, and what it is.
  std::map<std::string, std::string> Everything(const std::string& place) const {
    std::map<std::string, std::string> found;
    const fs::path root = dir_ / (place + "/target");
    for (const auto& entry : fs::recursive_directory_iterator(root)) {
      struct stat status {};
      EXPECT_EQ(::lstat(entry.path().c_str(), &status), 0);
      std::string what = std::to_string(status.st_mode);
      // Those of folders above the fileset's own are not of its state.
      const bool is_own = entry.path().lexically_relative(root) != fs::path("data");
      if (is_own && !entry.is_symlink()) what += " " + std::to_string(status.st_mtim.tv_sec);
      if (entry.is_symlink()) {
        what += " " + fs::read_symlink(entry.path()).string();
      } else if (entry.is_regular_file()) {
        what += " " + ReadFile(entry.path().string(), 1U << 20U).value_or("unreadable");
      }
      found[entry.path().lexically_relative(root)] = what;
    }
    return found;
  }

  TestDir dir_;
  const snapshots::StateKey key_{"fileset", "rooms"};
};

class Changes {
 public:
  Changes(fs::path root, unsigned seed) : root_(std::move(root)), random_(seed) {}

  void Make(int count) {
    for (int i = 0; i < count; ++i) One();
  }

 private:
  unsigned Below(unsigned bound) { return static_cast<unsigned>(random_() % bound); }
  fs::path Somewhere() {
    static const char* const kNames[] = {"a", "b c", "-d", "e\nf", "g*"};
    fs::path path = root_ / (Below(3) == 0 ? "more" : "data/a b");
    for (unsigned depth = Below(3); depth > 0; --depth) path /= kNames[Below(5)];
    return path / kNames[Below(5)];
  }
  void One() {
    const fs::path path = Somewhere();
    std::error_code ignored;
    switch (Below(6)) {
      case 0:
        fs::remove_all(path, ignored);
        return;
      case 1:
        fs::remove_all(path, ignored);
        fs::create_directories(path, ignored);
        return;
      case 2:
        fs::remove_all(path, ignored);
        fs::create_directories(path.parent_path(), ignored);
        fs::create_symlink("to " + std::to_string(Below(3)), path, ignored);
        return;
      case 3:
        if (fs::is_regular_file(path, ignored)) {
          fs::permissions(path, fs::perms::owner_exec, fs::perm_options::add, ignored);
        }
        return;
      default:
        fs::create_directories(path.parent_path(), ignored);
        static_cast<void>(WriteFileAtomically(path.string(), std::to_string(Below(4)), 0644));
        return;
    }
  }

  fs::path root_;
  std::mt19937 random_;
};

TEST_F(FileTreeTest, BaseAndIncrementGiveWhatWasThere) {
  for (unsigned seed = 1; seed <= 8; ++seed) {
    Changes changes(dir_ / "here/target", seed);
    changes.Make(12);
    const std::string base = TakeBase();
    changes.Make(static_cast<int>(seed % 4) * 4);
    const auto wanted = Everything("here");
    const std::string id = TakeIncrement(base);
    EXPECT_EQ(StoreAt("here").BaseOf(key_, id), base);
    RestoreThere(id);
    EXPECT_EQ(Everything("there"), wanted) << "seed " << seed;
    ASSERT_TRUE(Run("here", ActivityKind::kRestore)) << "the old place can take it, too";
    EXPECT_EQ(Everything("here"), wanted) << "seed " << seed;
  }
}

TEST(ModulesWithIncrements, AreThoseThatPlansCountOn) {
  for (const std::string_view name : BuiltInNames()) {
    EXPECT_EQ(FindBuiltIn(name)->activities.Contains(ActivityKind::kBase), OffersIncrements(name))
        << name;
  }
}

TEST_F(FileTreeTest, AnIncrementHoldsWhatHasChangedOnly) {
  dir_.Write("here/target/more/large", std::string(400'000, 'x') + std::to_string(::getpid()));
  std::mt19937 random(1);
  std::string noise;
  for (int i = 0; i < 200'000; ++i) noise += static_cast<char>(random());
  dir_.Write("here/target/more/noise", noise);
  const std::string base = TakeBase();
  dir_.Write("here/target/more/small", "new");
  const std::string id = TakeIncrement(base);
  const auto store = StoreAt("here");
  EXPECT_GT(*snapshots::BytesOf(store.PathOf(key_, base)), 190'000U);
  EXPECT_LT(*snapshots::BytesOf(store.PathOf(key_, id)), 4'000U);
  EXPECT_EQ(TakeIncrement(base), id) << "nothing has changed";
  EXPECT_EQ(store.Generations(key_)->size(), 1U);
}

TEST_F(FileTreeTest, ABaseAloneIsNeverRestored) {
  dir_.Write("here/target/more/f", "precious");
  ASSERT_FALSE(TakeBase().empty());
  dir_.Write("here/target/more/f", "newer");
  ASSERT_TRUE(Run("here", ActivityKind::kRestore)) << "there is no snapshot";
  EXPECT_EQ(dir_.Read("here/target/more/f"), "newer");
}

TEST_F(FileTreeTest, WithoutItsBaseAllIsTakenAndADamagedOneCostsNoFile) {
  dir_.Write("here/target/more/f", "precious");
  const std::string whole = TakeIncrement("base-gone");
  EXPECT_EQ(StoreAt("here").BaseOf(key_, whole), "");
  const std::string base = TakeBase();
  dir_.Write("here/target/more/g", "new");
  const std::string id = TakeIncrement(base);
  dir_.Write("here/state/snapshots/fileset/rooms/" + base + "/state.tar.xz", "rubbish");
  EXPECT_THAT(Run("here", ActivityKind::kRestore).error().message, HasSubstr("the base of"));
  EXPECT_EQ(dir_.Read("here/target/more/f"), "precious");
}

}  // namespace
}  // namespace file_tree_test
}  // namespace eris::dysnomia
