// Goal: `fileset` never loses state, never reaches outside its target directory and undoes what it
// did. Method: activities called directly on a small fileset. (The sequence of Dysnomia's own test
// is in tests/conformance.)
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "dysnomia/module.h"
#include "state/snapshots/store.h"
#include "tests/unit/dysnomia/test_dir.h"

namespace eris::dysnomia {
namespace {

using ::testing::HasSubstr;

class FilesetModuleTest : public ::testing::Test {
 protected:
  FilesetModuleTest() {
    context_.component = dir_ / "component";
    context_.container = "fileset";
    context_.state_dir = dir_ / "state";
    context_.environment = {{"PATH", ::getenv("PATH")}, {"targetDir", dir_ / "target"}};
    dir_.Write("component/page", "hello");
    Describe("symlink " + (dir_ / "component/page").string() +
             "\ntarget web/root\nmkdir data/a b\n");
  }
  void Describe(std::string_view text) { dir_.Write("component/.dysnomia-fileset", text); }
  Status Run(ActivityKind kind) {
    context_.kind = kind;
    return FindBuiltIn("fileset")->run(context_);
  }

  TestDir dir_;
  ActivityContext context_;
  snapshots::SnapshotStore store_{dir_ / "state"};
  snapshots::StateKey key_{"fileset", "component"};
};

TEST_F(FilesetModuleTest, UnchangedFilesGiveTheSameSnapshot) {
  ASSERT_TRUE(Run(ActivityKind::kActivate));
  dir_.Write("target/data/a b/z", "1");
  dir_.Write("target/data/a b/a", "2");
  ASSERT_TRUE(Run(ActivityKind::kSnapshot) && Run(ActivityKind::kSnapshot));
  EXPECT_EQ(store_.Generations(key_)->size(), 1U);
  dir_.Write("target/data/a b/a", "3");
  ASSERT_TRUE(Run(ActivityKind::kSnapshot));
  EXPECT_EQ(store_.Generations(key_)->size(), 2U);
}

TEST_F(FilesetModuleTest, ADamagedSnapshotCostsNoFile) {
  ASSERT_TRUE(Run(ActivityKind::kActivate));
  dir_.Write("target/data/a b/f", "precious");
  ASSERT_TRUE(Run(ActivityKind::kSnapshot));
  const std::string id = (*store_.Newest(key_))->id;
  dir_.Write("snapshots", "");
  dir_.Write("state/snapshots/fileset/component/" + id + "/state.tar.xz", "rubbish");
  EXPECT_EQ(Run(ActivityKind::kRestore).error().code, ErrorCode::kCorrupt);
  EXPECT_EQ(dir_.Read("target/data/a b/f"), "precious");
}

TEST_F(FilesetModuleTest, AFailedDumpIsAFailureAndLeavesNothing) {
  ASSERT_TRUE(Run(ActivityKind::kActivate));
  std::filesystem::remove_all(dir_ / "target/data");
  EXPECT_THAT(Run(ActivityKind::kSnapshot).error().message, HasSubstr("tar: exit status 2"));
  EXPECT_TRUE(std::filesystem::is_empty(dir_ / "state/snapshots/fileset/component"));
  context_.environment["PATH"] = "/nowhere";
  EXPECT_FALSE(Run(ActivityKind::kSnapshot));
}

TEST_F(FilesetModuleTest, DeactivationRemovesOwnLinksOnly) {
  ASSERT_TRUE(Run(ActivityKind::kActivate));
  const auto link = dir_ / "target/web/root/page";
  EXPECT_EQ(dir_.Read("target/web/root/page"), "hello");
  std::filesystem::remove(link);
  std::filesystem::create_symlink("/new/version/page", link);
  ASSERT_TRUE(Run(ActivityKind::kDeactivate));
  EXPECT_TRUE(std::filesystem::is_symlink(link));
  std::filesystem::remove(link);
  dir_.Write("target/web/root/page", "a person's");
  EXPECT_EQ(Run(ActivityKind::kActivate).error().code, ErrorCode::kConflict);
  EXPECT_EQ(dir_.Read("target/web/root/page"), "a person's");
}

TEST_F(FilesetModuleTest, NothingReachesOutsideTheTargetDirectory) {
  for (const std::string line : {"mkdir ../x", "mkdir /etc/x", "mkdir a/../../x", "mkdir .",
                                 "mkdir", "symlink /a\ntarget ../x", "target x", "run x"}) {
    Describe(line + "\n");
    EXPECT_EQ(Run(ActivityKind::kActivate).error().code, ErrorCode::kInvalid) << line;
  }
}

}  // namespace
}  // namespace eris::dysnomia
