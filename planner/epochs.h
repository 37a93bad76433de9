// Which planner of a journal is the newest, and what becomes of an old or a copied journal
// (docs/decisions/0005-epochs.md). Pure.
#pragma once

#include <cstdint>

#include "schema/base/clock.h"
#include "schema/base/error.h"
#include "schema/values/event.h"
#include "schema/values/ids.h"
#include "state/journal.h"

namespace eris::planner {

// The epoch of a planner's start: above every epoch of earlier starts from this journal. Its low
// bits are random, so that two planners on copies of a journal which were started equally often
// have different epochs, and one of them is fenced.
Epoch NextEpoch(Epoch last, std::uint64_t random);
// Of the next start from a journal: also above what was seen elsewhere.
Epoch EpochAfter(const JournalHead& head, std::uint64_t random);

// Why a planner must not run on a journal that has come to `head`, when `seen` was seen elsewhere.
Error SupersededError(const JournalHead& head, const JournalPosition& seen);

// An operator says that this journal is the right one: the event to be appended to it. Whoever was
// started from it or from a copy before is fenced by the next start.
Event TakeOver(const JournalHead& head, std::uint64_t random, WallTime now);

}  // namespace eris::planner
