#include "planner/epochs.h"

#include <algorithm>
#include <string>

namespace eris::planner {
namespace {

// An epoch is the number of the start with this many random bits behind it.
constexpr unsigned kRandomBits = 20;

std::string StartOf(Epoch epoch) { return std::to_string(epoch.value >> kRandomBits); }

}  // namespace

Epoch NextEpoch(Epoch last, std::uint64_t random) {
  const std::uint64_t start = (last.value >> kRandomBits) + 1;
  return {(start << kRandomBits) | (random & ((1ULL << kRandomBits) - 1))};
}

Epoch EpochAfter(const JournalHead& head, std::uint64_t random) {
  return NextEpoch(std::max(head.epoch, head.seen.epoch), random);
}

Error SupersededError(const JournalHead& head, const JournalPosition& seen) {
  std::string what = "start " + StartOf(seen.epoch) + " of a planner of this journal has been seen";
  if (seen.epoch > head.epoch) {
    what += ", and this is start " + StartOf(head.epoch);
  } else if (!seen.event) {
    what += " that is not in it";
  } else {
    what = "event " + std::to_string(seen.event.value) + " and transaction " +
           std::to_string(seen.transaction.value) +
           " of this journal have been seen, which it did not have when it was started";
  }
  return {ErrorCode::kConflict,
          what + ": the journal is older than the targets, or another planner runs on a copy of it",
          "put the newest journal here, or stop the other planner; then say which journal is the "
          "right one: eris-planner --config FILE --take-over"};
}

Event TakeOver(const JournalHead& head, std::uint64_t random, WallTime now) {
  return {.sequence = {head.last_event.value + 1},
          .at = now,
          .transaction = {},
          .body = PlannerStarted{EpochAfter(head, random)}};
}

}  // namespace eris::planner
