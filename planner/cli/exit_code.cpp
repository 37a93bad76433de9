#include "planner/cli/exit_code.h"

namespace eris::cli {

ExitCode ExitCodeOf(TransactionResult result) {
  switch (result) {
    case TransactionResult::kCommitted:
    case TransactionResult::kUnchanged:
      return ExitCode::kDone;
    case TransactionResult::kCommittedStillLocked:
      return ExitCode::kStillLocked;
    case TransactionResult::kAborted:
    case TransactionResult::kRolledBack:
    case TransactionResult::kSuperseded:
      return ExitCode::kRolledBack;
    case TransactionResult::kStuck:
    case TransactionResult::kAbandoned:
      return ExitCode::kStuck;
    case TransactionResult::kInvalid:
      return ExitCode::kInvalid;
  }
  return ExitCode::kInvalid;
}

ExitCode ExitCodeOf(ErrorCode code) {
  switch (code) {
    case ErrorCode::kUnavailable:
    case ErrorCode::kTimeout:
      return ExitCode::kUnreachable;
    case ErrorCode::kInvalid:
    case ErrorCode::kNotFound:
    case ErrorCode::kConflict:
    case ErrorCode::kCorrupt:
    case ErrorCode::kInternal:
      return ExitCode::kInvalid;
  }
  return ExitCode::kInvalid;
}

}  // namespace eris::cli
