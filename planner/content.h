// What a submission leads to: which manifest, from which generation, by which plan. Pure but for
// questions to the journal.
#pragma once

#include "planner/journal_reader.h"
#include "schema/base/error.h"
#include "schema/values/ids.h"
#include "schema/values/manifest.h"
#include "schema/values/plan.h"
#include "schema/values/submission.h"

namespace eris::planner {

struct PlannedContent {
  Plan plan;
  std::string plan_hash;
  Manifest next;
};

// Plans `submission` on top of the profile's generation `current` (0 = none). Everything that it
// refers to is durable. kInvalid or kNotFound: the submission can not be done, and why.
Result<PlannedContent> PlanContent(const Submission& submission, GenerationNumber current,
                                   JournalReader& journal);

// The generation whose content a rollback brings back: the content of the one before the content
// that `current` runs, so that rolling back twice walks back twice (design §6).
Result<GenerationNumber> GenerationBefore(const ProfileName& profile, GenerationNumber current,
                                          JournalReader& journal);

}  // namespace eris::planner
