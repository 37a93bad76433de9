// What the journal cannot know: after a transaction was given up, some mappings of a profile may be
// up or down, whatever its newest generation says. Pure but for questions to the journal.
//
// The next plan takes such a mapping down and brings it up anew, until a generation is committed:
// activities are idempotent by Dysnomia's contract, so it does no harm where there was no need.
#pragma once

#include <optional>
#include <vector>

#include "planner/journal_reader.h"
#include "schema/base/error.h"
#include "schema/values/ids.h"
#include "schema/values/manifest.h"
#include "schema/values/submission.h"

namespace eris::planner {

// A transaction that was given up since the profile's newest generation.
struct GivenUp {
  TransactionId transaction;
  Submission submission;  // empty action when retention has taken it
  bool operator==(const GivenUp&) const = default;
};

// Oldest first. `current` = 0: since ever.
Result<std::vector<GivenUp>> GivenUpSince(const ProfileName& profile, GenerationNumber current,
                                          JournalReader& journal);

// Adds to `base` what `given_up`, which led to `meant`, may have left there, and marks everything
// that may be otherwise than it says (planner/plan/in_doubt.h).
Status PutInDoubt(TransactionId given_up, const Manifest& meant, JournalReader& journal,
                  Manifest& base);

}  // namespace eris::planner
