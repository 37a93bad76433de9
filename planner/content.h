// What a submission leads to: which manifest, from which generation, by which plan. Pure but for
// questions to the journal.
#pragma once

#include <optional>
#include <span>
#include <vector>

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

// The targets that the content which `submission` asks for has a part on; sorted. The same errors.
Result<std::vector<TargetName>> TargetsWanted(const Submission& submission,
                                              GenerationNumber current, JournalReader& journal);

// What runs, as far as the journal knows: generation `current` (0 = none), and what transactions
// that were given up may have left, marked (planner/plan/in_doubt.h). Nothing: nothing runs.
Result<std::optional<Manifest>> BaseOf(const ProfileName& profile, GenerationNumber current,
                                       JournalReader& journal);

// Plans `submission` on top of the profile's generation `current` (0 = none). Everything that it
// refers to is durable. `absent`, sorted: targets that are not connected; by the submission's
// options they are left out of the plan (kSkip), or make it fail (kFail).
// kInvalid or kNotFound: the submission can not be done, and why. kUnavailable: not without them.
Result<PlannedContent> PlanContent(const Submission& submission, GenerationNumber current,
                                   std::span<const TargetName> absent, JournalReader& journal);

// The generation whose content a rollback brings back: the content of the one before the content
// that `current` runs, so that rolling back twice walks back twice (design §6).
Result<GenerationNumber> GenerationBefore(const ProfileName& profile, GenerationNumber current,
                                          JournalReader& journal);

}  // namespace eris::planner
