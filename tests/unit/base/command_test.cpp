// Goal: RunCommand gives all output, and its limits end the program. Method: small shell scripts.
#include "schema/base/command.h"

#include <gtest/gtest.h>

namespace eris {
namespace {

using std::chrono::milliseconds;

std::vector<std::string> Shell(const std::string& script) { return {"sh", "-c", script}; }

TEST(RunCommand, GivesOutputAndStatus) {
  const CommandOutput output = RunCommand(Shell("echo out; echo err >&2; exit 3")).value();
  EXPECT_EQ(output.status, (ExitStatus{ExitStatus::Kind::kExited, 3}));
  EXPECT_EQ(output.stdout_text, "out\n");
  EXPECT_EQ(output.stderr_tail, "err\n");
}

TEST(RunCommand, FeedsInputWhetherReadOrNot) {
  const std::string input(1 << 20, 'x');
  EXPECT_EQ(RunCommand({"cat"}, {.input = input})->stdout_text, input);
  EXPECT_TRUE(RunCommand({"true"}, {.input = input})->status.success());
}

TEST(RunCommand, KeepsTheEndOfStandardError) {
  const CommandOutput output =
      RunCommand(Shell("printf 0123456789 >&2"), {.stderr_tail_bytes = 4}).value();
  EXPECT_EQ(output.stderr_tail, "6789");
}

TEST(RunCommand, EndsAProgramThatWritesTooMuch) {
  const Result<CommandOutput> result = RunCommand({"yes"}, {.stdout_limit_bytes = 1000});
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, ErrorCode::kInvalid);
  EXPECT_EQ(result.error().message, "yes: more than 1000 bytes of output");
}

TEST(RunCommand, EndsAProgramAtItsDeadline) {
  const Result<CommandOutput> result =
      RunCommand(Shell("sleep 60; true"), {.timeout = milliseconds(20)});
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, ErrorCode::kTimeout);
}

TEST(RunCommand, DoesNotWaitForADaemonThatKeepsTheOutputOpen) {
  const Result<CommandOutput> result =
      RunCommand(Shell("echo started; sleep 5 & exit 0"), {.timeout = milliseconds(4000)});
  ASSERT_TRUE(result) << result.error().message;
  EXPECT_EQ(result->stdout_text, "started\n");
}

TEST(RunCommand, SaysWhatCouldNotBeStarted) {
  EXPECT_EQ(RunCommand({"no-such-program"}).error().code, ErrorCode::kNotFound);
}

}  // namespace
}  // namespace eris
