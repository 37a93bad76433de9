// One item on each of some targets, outside of any generation, and what the targets answer; and
// questions to targets without any item.
#pragma once

#include <vector>

#include "planner/cli/client.h"
#include "planner/cli/exit_code.h"
#include "planner/cli/lists.h"
#include "planner/cli/output.h"
#include "schema/values/submission.h"

namespace eris::cli {

struct TargetsAnswered {
  ExitCode code = ExitCode::kDone;    // kInterrupted: there are no answers
  std::vector<TargetAnswer> answers;  // the last word of each target, by name
};

// Hands the submission (of an Operate) over and follows it to its end; `output` hears of progress.
Result<TargetsAnswered> OperateOn(Client& client, const Submission& submission, Output& output);

// What each of the targets answers to the query, by an inquiry: no transaction is made, and nothing
// is recorded anywhere. Who is not there, or busy, is asked for so long as `patience`. Every target
// has an answer then: what it said, or kUnavailable with why not. kInvalid: the key may not ask.
Result<TargetsAnswered> Inquire(Client& client, const QueryItem& query,
                                const std::vector<TargetName>& targets, Duration patience);

}  // namespace eris::cli
