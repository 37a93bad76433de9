// Goal: the daemons' log file is private, appended to and complete at once, or when it is said.
// Method: read it back.
#include "schema/base/spdlog_log.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <regex>

#include "schema/base/files.h"

namespace eris {
namespace {

TEST(SpdlogLog, AppendsLinesToAPrivateFile) {
  const std::string path = testing::TempDir() + "/eris-log-" + std::to_string(::getpid());
  for (int i = 0; i < 2; ++i) {
    const auto log = OpenLog({.program = "eris-test", .file = path}).value();
    log->Info("item.started", {{"text", "100% {}"}});
    log->Debug("hidden");
    EXPECT_FALSE(log->Enabled(LogLevel::kDebug));
  }
  struct stat info {};
  ASSERT_EQ(::stat(path.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 07777, 0600U);
  const std::string line =
      R"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z info eris-test item\.started text="100% \{\}"\n)";
  const std::string content = ReadFile(path, 4096).value();
  EXPECT_TRUE(std::regex_match(content, std::regex(line + line))) << content;
  ::unlink(path.c_str());
}

TEST(SpdlogLog, KeepsLinesUntilTheyAreFlushedOrOneWarns) {
  const std::string path = testing::TempDir() + "/eris-lines-" + std::to_string(::getpid());
  const auto log =
      OpenLog({.program = "eris-test", .file = path, .lines = LogOptions::Lines::kUntilFlush})
          .value();
  const auto lines = [&path] {
    const std::string content = ReadFile(path, 4096).value();
    return std::count(content.begin(), content.end(), '\n');
  };
  log->Info("one");
  EXPECT_EQ(lines(), 0);
  log->Flush();
  EXPECT_EQ(lines(), 1);
  log->Info("two");
  log->Warn("three");
  EXPECT_EQ(lines(), 3);
  ::unlink(path.c_str());
}

TEST(SpdlogLog, SaysWhichFileCannotBeOpened) {
  const auto log = OpenLog({.program = "eris-test", .file = "/does/not/exist/log"});
  ASSERT_FALSE(log);
  EXPECT_NE(log.error().message.find("/does/not/exist/log"), std::string::npos);
}

}  // namespace
}  // namespace eris
