// Which generations may be deleted. Pure but for questions to the journal.
#pragma once

#include <span>
#include <string>

#include "planner/journal_reader.h"
#include "schema/base/error.h"
#include "schema/values/event.h"
#include "schema/values/ids.h"
#include "schema/values/submission.h"

namespace eris::planner {

// A transaction of the same profile in which something is left to do.
struct NeededBy {
  TransactionId transaction;
  const SubmissionAction* action = nullptr;  // borrowed
  GenerationNumber base;                     // that its plan starts from; 0 = not planned, or none
};

// What a submission (of DeleteGenerations) deletes; `current` is the profile's newest generation.
// kInvalid or kConflict: it names the current one, or one that a transaction of `open` needs or may
// need; kNotFound: one that does not exist.
Result<GenerationsDeleted> DeletionOf(const Submission& submission, GenerationNumber current,
                                      std::span<const NeededBy> open, JournalReader& journal);

// "deleted generations 1, 2".
std::string DescribeDeletion(const GenerationsDeleted& deleted);

}  // namespace eris::planner
