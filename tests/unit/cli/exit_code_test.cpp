// Goal: scripts can rely on the exit statuses of the manual. Method: the whole table.
#include "planner/cli/exit_code.h"

#include <gtest/gtest.h>

namespace eris::cli {
namespace {

int StatusOf(TransactionResult result) { return static_cast<int>(ExitCodeOf(result)); }
int StatusOf(ErrorCode code) { return static_cast<int>(ExitCodeOf(code)); }

TEST(ExitCode, OfResults) {
  EXPECT_EQ(StatusOf(TransactionResult::kCommitted), 0);
  EXPECT_EQ(StatusOf(TransactionResult::kUnchanged), 0);
  EXPECT_EQ(StatusOf(TransactionResult::kInvalid), 1);
  EXPECT_EQ(StatusOf(TransactionResult::kAborted), 2);
  EXPECT_EQ(StatusOf(TransactionResult::kRolledBack), 2);
  EXPECT_EQ(StatusOf(TransactionResult::kSuperseded), 2);
  EXPECT_EQ(StatusOf(TransactionResult::kStuck), 3);
  EXPECT_EQ(StatusOf(TransactionResult::kAbandoned), 3);
  EXPECT_EQ(StatusOf(TransactionResult::kCommittedStillLocked), 6);
}

TEST(ExitCode, OfErrors) {
  EXPECT_EQ(StatusOf(ErrorCode::kInvalid), 1);
  EXPECT_EQ(StatusOf(ErrorCode::kNotFound), 1);
  EXPECT_EQ(StatusOf(ErrorCode::kUnavailable), 4);
  EXPECT_EQ(StatusOf(ErrorCode::kTimeout), 4);
  EXPECT_EQ(static_cast<int>(ExitCode::kInterrupted), 5);
}

}  // namespace
}  // namespace eris::cli
