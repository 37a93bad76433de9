// Follows one transaction to its end and tells about it, through restarts of planner and broker.
#pragma once

#include "planner/cli/client.h"
#include "planner/cli/exit_code.h"
#include "planner/cli/output.h"
#include "planner/cli/progress.h"
#include "schema/base/error.h"

namespace eris::cli {

// How a transaction ended, and what is known of it.
struct Followed {
  ExitCode code = ExitCode::kDone;
  TransactionStatus status;
};

// Shows progress, then the ending. Interrupted: says how to go on, kInterrupted. The transaction is
// waited for if `client` submitted it itself and the planner has not taken it yet; of others
// kNotFound.
struct FollowOptions {
  TransactionRef transaction;
  std::string announced = {};  // a line that was said already and is not said again
  EventSequence from = {};     // the first event wanted; 0 = all of them
};
Result<Followed> Follow(Client& client, Output& output, FollowOptions options);

}  // namespace eris::cli
