// The exit statuses of `eris` (design §6): what a script learns without reading a word.
#pragma once

#include <cstdint>

#include "schema/base/error.h"
#include "schema/values/event.h"

namespace eris::cli {

enum class ExitCode : std::uint8_t {
  kDone = 0,         // committed or unchanged; with --detach: accepted
  kInvalid = 1,      // the input is wrong; nothing was begun
  kRolledBack = 2,   // aborted or rolled back: the old system runs
  kStuck = 3,        // a module refused an inverse: an operator must act
  kUnreachable = 4,  // no answer from the broker in time
  kInterrupted = 5,  // Ctrl-C: the transaction goes on
  kStillLocked = 6,  // committed, but something could not be unlocked yet
};

ExitCode ExitCodeOf(TransactionResult result);
// Of a command that failed before there was a transaction.
ExitCode ExitCodeOf(ErrorCode code);

}  // namespace eris::cli
