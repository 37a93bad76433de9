// Goal: a log line is one line whose fields cannot be forged, and levels are kept. Method: a log
// that keeps its lines in memory.
#include "schema/base/log.h"

#include <gtest/gtest.h>

#include <vector>

#include "schema/base/throttle.h"

namespace eris {
namespace {

class MemoryLog final : public Log {
 public:
  explicit MemoryLog(LogLevel least) : least_(least) {}
  bool Enabled(LogLevel level) const override { return level >= least_; }
  void Write(LogLevel level, std::string_view event, std::span<const LogField> fields) override {
    lines.push_back(std::string(ToString(level)) + " " + FormatLogLine(event, fields));
  }
  std::vector<std::string> lines;

 private:
  LogLevel least_;
};

TEST(Log, WritesEventAndFieldsOfEveryKind) {
  MemoryLog log(LogLevel::kDebug);
  const std::string target = "db1";
  log.Info("item.started", {{"target", target}, {"item", 3}, {"epoch", 7U}, {"retry", false}});
  log.Error("stopped");
  log.Debug("one", {{"key", "value"}});
  EXPECT_EQ(log.lines,
            (std::vector<std::string>{"info item.started target=db1 item=3 epoch=7 retry=false",
                                      "error stopped", "debug one key=value"}));
}

TEST(Log, LeavesOutWhatIsBelowItsLevel) {
  MemoryLog log(LogLevel::kWarn);
  log.Debug("a");
  log.Info("b");
  log.Warn("c");
  EXPECT_EQ(log.lines, std::vector<std::string>{"warn c"});
}

TEST(Log, AValueCannotForgeALineOrAField) {
  MemoryLog log(LogLevel::kInfo);
  log.Info("e",
           {{"a", "x\nerror y"}, {"b", "c=d"}, {"c", "say \"hi\"\\"}, {"d", ""}, {"e", "\x1b"}});
  EXPECT_EQ(log.lines.front(), R"(info e a="x\nerror y" b="c=d" c="say \"hi\"\\" d="" e="\x1b")");
}

TEST(NullLog, IsEnabledForNothing) { EXPECT_FALSE(NullLog().Enabled(LogLevel::kError)); }

TEST(Throttle, LetsSoManyThroughASecondAndCountsTheRest) {
  Throttle throttle(2);
  EXPECT_EQ(throttle.Take({1'000}), 0U);
  EXPECT_EQ(throttle.Take({1'001}), 0U);
  EXPECT_EQ(throttle.Take({1'002}), std::nullopt);
  EXPECT_EQ(throttle.Take({1'999}), std::nullopt);
  EXPECT_EQ(throttle.Take({2'000}), 2U);
  EXPECT_EQ(throttle.Take({2'001}), 0U);
}

}  // namespace
}  // namespace eris
