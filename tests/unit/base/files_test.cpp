// Goal: files.h does what it promises about content, modes, limits and locks. Method: a directory
// of each test's own; what cannot be seen from outside (the order of syncs) is not tested here.
#include "schema/base/files.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdlib>

namespace eris {
namespace {

mode_t ModeOf(const std::string& path) {
  struct stat info {};
  return ::stat(path.c_str(), &info) == 0 ? info.st_mode & 07777 : 0;
}

class Files : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = testing::TempDir() + "/eris-files-XXXXXX";
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    directory_ = name;
  }
  void TearDown() override { EXPECT_TRUE(RemoveTree(directory_)); }

  std::string directory_;
};

TEST_F(Files, ReadsBackWhatWasWritten) {
  const std::string path = directory_ + "/file";
  const std::string data("a\0b\n", 4);
  ASSERT_TRUE(WriteFileAtomically(path, data, 0640));
  EXPECT_EQ(ReadFile(path, 4).value(), data);
  EXPECT_EQ(ModeOf(path), 0640U);
}

TEST_F(Files, RefusesToReadMoreThanTheLimit) {
  const std::string path = directory_ + "/file";
  ASSERT_TRUE(WriteFileAtomically(path, std::string(100'000, 'x'), 0600));
  EXPECT_EQ(ReadFile(path, 99'999).error().code, ErrorCode::kInvalid);
  EXPECT_EQ(ReadFile(path, 100'000)->size(), 100'000U);
}

TEST_F(Files, ReadsFilesWithoutASize) { EXPECT_FALSE(ReadFile("/proc/self/stat", 4096)->empty()); }

TEST_F(Files, NamesWhatIsMissing) {
  const Result<std::string> result = ReadFile(directory_ + "/none", 10);
  EXPECT_EQ(result.error().code, ErrorCode::kNotFound);
  EXPECT_NE(result.error().message.find("/none"), std::string::npos);
}

TEST_F(Files, ReplacesAtomicallyAndLeavesNoTemporaryFile) {
  const std::string path = directory_ + "/file";
  ASSERT_TRUE(WriteFileAtomically(path, "old", 0600));
  const UniqueFd old(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  ASSERT_TRUE(WriteFileAtomically(path, "new", 0600));
  char buffer[4] = {};
  EXPECT_EQ(::read(old.get(), buffer, 3), 3);
  EXPECT_STREQ(buffer, "old") << "the old file must not be overwritten in place";
  ASSERT_EQ(::unlink(path.c_str()), 0);
  EXPECT_EQ(::rmdir(directory_.c_str()), 0) << "the directory must be empty now";
  ASSERT_TRUE(MakeDirectories(directory_, 0700));
}

TEST_F(Files, AFailedWriteLeavesTheOldContent) {
  const std::string path = directory_ + "/directory";
  ASSERT_TRUE(MakeDirectories(path, 0700));
  EXPECT_FALSE(WriteFileAtomically(path, "data", 0600)) << "a file cannot replace a directory";
  EXPECT_EQ(::rmdir(path.c_str()), 0);
  EXPECT_EQ(::rmdir(directory_.c_str()), 0) << "no temporary file may be left";
  ASSERT_TRUE(MakeDirectories(directory_, 0700));
}

TEST_F(Files, MakesMissingDirectoriesWithTheModeAskedFor) {
  const mode_t old_mask = ::umask(077);
  const Status status = MakeDirectories(directory_ + "/a/b//c/", 0755);
  ::umask(old_mask);
  ASSERT_TRUE(status) << status.error().message;
  EXPECT_EQ(ModeOf(directory_ + "/a"), 0755U);
  EXPECT_EQ(ModeOf(directory_ + "/a/b/c"), 0755U);
  ASSERT_TRUE(MakeDirectories(directory_ + "/a", 0700));
  EXPECT_EQ(ModeOf(directory_ + "/a"), 0755U) << "what exists stays as it is";
}

TEST_F(Files, RefusesADirectoryWhereAFileStands) {
  ASSERT_TRUE(WriteFileAtomically(directory_ + "/file", "", 0600));
  EXPECT_FALSE(MakeDirectories(directory_ + "/file", 0700));
  EXPECT_FALSE(MakeDirectories(directory_ + "/file/below", 0700));
}

TEST_F(Files, RemovesTreesButNotWhatLinksPointTo) {
  const std::string tree = directory_ + "/tree";
  ASSERT_TRUE(MakeDirectories(tree + "/a/b", 0755));
  ASSERT_TRUE(WriteFileAtomically(tree + "/a/b/file", "x", 0600));
  ASSERT_TRUE(MakeDirectories(directory_ + "/kept", 0755));
  ASSERT_TRUE(WriteFileAtomically(directory_ + "/kept/file", "x", 0600));
  ASSERT_EQ(::symlink("../../kept", (tree + "/a/link").c_str()), 0);
  ASSERT_EQ(::chmod((tree + "/a/b").c_str(), 0500), 0);
  const Status status = RemoveTree(tree);
  EXPECT_TRUE(status) << status.error().message;
  EXPECT_FALSE(FileExists(tree));
  EXPECT_TRUE(FileExists(directory_ + "/kept/file"));
  EXPECT_TRUE(RemoveTree(tree)) << "removing what is gone is success";
}

TEST_F(Files, RemovesALinkItselfAndASingleFile) {
  ASSERT_TRUE(WriteFileAtomically(directory_ + "/file", "x", 0600));
  ASSERT_EQ(::symlink("file", (directory_ + "/link").c_str()), 0);
  EXPECT_TRUE(RemoveTree(directory_ + "/link"));
  EXPECT_TRUE(FileExists(directory_ + "/file"));
  EXPECT_TRUE(RemoveTree(directory_ + "/file"));
  EXPECT_FALSE(FileExists(directory_ + "/file"));
}

TEST_F(Files, ALockExcludesUntilItsHolderGoes) {
  const std::string path = directory_ + "/lock";
  {
    const Result<FileLock> first = FileLock::TryAcquire(path);
    ASSERT_TRUE(first);
    EXPECT_EQ(ModeOf(path), 0600U);
    EXPECT_EQ(::fcntl(first->fd(), F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
    EXPECT_EQ(FileLock::TryAcquire(path).error().code, ErrorCode::kConflict);
  }
  EXPECT_TRUE(FileLock::TryAcquire(path));
}

TEST(FileNames, SplitAtTheLastSlash) {
  EXPECT_EQ(DirectoryOf("a"), ".");
  EXPECT_EQ(DirectoryOf("/a"), "/");
  EXPECT_EQ(DirectoryOf("/a/b/"), "/a");
  EXPECT_EQ(DirectoryOf("/a//b"), "/a");
  EXPECT_EQ(DirectoryOf("/"), "/");
  EXPECT_EQ(FileNameOf("a"), "a");
  EXPECT_EQ(FileNameOf("/a/b/"), "b");
  EXPECT_EQ(FileNameOf("/"), "");
}

}  // namespace
}  // namespace eris
