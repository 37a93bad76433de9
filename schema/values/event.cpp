#include "schema/values/event.h"

#include <algorithm>

namespace eris {

JournalPosition Newest(const JournalPosition& a, const JournalPosition& b) {
  return {.epoch = std::max(a.epoch, b.epoch),
          .event = std::max(a.event, b.event),
          .transaction = std::max(a.transaction, b.transaction)};
}

void AddStart(std::vector<PlannerStart>& starts, PlannerStart start) {
  const auto place =
      std::lower_bound(starts.begin(), starts.end(), start.epoch,
                       [](const PlannerStart& known, Epoch epoch) { return known.epoch < epoch; });
  if (place == starts.end() || place->epoch != start.epoch) starts.insert(place, start);
  if (starts.size() > kRememberedStarts) starts.erase(starts.begin());
}

std::string_view ToString(TransactionPhase phase) {
  switch (phase) {
    case TransactionPhase::kSubmitted:
      return "submitted";
    case TransactionPhase::kPreparing:
      return "preparing";
    case TransactionPhase::kLocking:
      return "locking";
    case TransactionPhase::kSwitching:
      return "switching";
    case TransactionPhase::kCommitting:
      return "committing";
    case TransactionPhase::kFinishing:
      return "finishing";
    case TransactionPhase::kAborting:
      return "aborting";
    case TransactionPhase::kRollingBack:
      return "rolling back";
    case TransactionPhase::kEnded:
      return "ended";
  }
  return "submitted";
}

std::string_view ToString(TransactionResult result) {
  switch (result) {
    case TransactionResult::kCommitted:
      return "committed";
    case TransactionResult::kCommittedStillLocked:
      return "committed, still locked";
    case TransactionResult::kUnchanged:
      return "unchanged";
    case TransactionResult::kAborted:
      return "aborted";
    case TransactionResult::kRolledBack:
      return "rolled back";
    case TransactionResult::kStuck:
      return "stuck";
    case TransactionResult::kInvalid:
      return "invalid";
    case TransactionResult::kAbandoned:
      return "abandoned";
    case TransactionResult::kSuperseded:
      return "superseded";
  }
  return "aborted";
}

ERIS_CHOICE_DEFINITIONS(EventBody)

}  // namespace eris
