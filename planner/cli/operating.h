// One item on each of some targets, outside of any generation, and what the targets answer.
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

}  // namespace eris::cli
