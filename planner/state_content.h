// What a submission of work on states leads to: its plan, from what the journal knows of the
// generations before. Pure but for questions to the journal.
#pragma once

#include "planner/journal_reader.h"
#include "schema/base/error.h"
#include "schema/values/ids.h"
#include "schema/values/plan.h"
#include "schema/values/submission.h"

namespace eris::planner {

// On top of the profile's generation `current` (0 = none).
// kInvalid or kNotFound: it can not be done, and why.
Result<Plan> PlanStateWork(const Submission& submission, const StateOperation& operation,
                           GenerationNumber current, JournalReader& journal);

}  // namespace eris::planner
