// Journal events: the append-only truth of the planner. Everything else it knows is a projection of
// these. They also feed `watch`, `history` and the audit trail, hence the light form without bulk.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "schema/base/choice.h"
#include "schema/base/clock.h"
#include "schema/values/ids.h"
#include "schema/values/plan.h"
#include "schema/values/submission.h"
#include "schema/values/work_item.h"

namespace eris {

// Where a transaction stands (design §6).
enum class TransactionPhase : std::uint8_t {
  kSubmitted,  // queued behind others of its profile, or for shared targets
  kPreparing,
  kLocking,
  kSwitching,
  kCommitting,  // profiles are being set
  kFinishing,   // committed: unlocking, cleaning up
  kAborting,    // before switching: unlocking what may be locked
  kRollingBack,
  kEnded,
};
std::string_view ToString(TransactionPhase phase);

enum class TransactionResult : std::uint8_t {
  kCommitted,
  kCommittedStillLocked,
  kUnchanged,  // an empty plan: no lock, no generation
  kAborted,    // nothing has changed
  kRolledBack,
  kStuck,    // an inverse was refused; `retry` or `abandon`
  kInvalid,  // refused before it began
  kAbandoned,
  kSuperseded,
};
std::string_view ToString(TransactionResult result);

struct PlannerStarted {
  Epoch epoch;
  bool operator==(const PlannerStarted&) const = default;
};
// Begins a transaction.
struct SubmissionAccepted {
  Submission submission;
  bool operator==(const SubmissionAccepted&) const = default;
};
// The plan, made when the transaction came to the head of its queue, and the manifest it leads to.
struct TransactionPlanned {
  std::string plan_hash;
  Plan plan;
  Manifest next;
  bool operator==(const TransactionPlanned&) const = default;
};
struct PhaseEntered {
  TransactionPhase phase = TransactionPhase::kSubmitted;
  std::string why;  // empty when things go well
  bool operator==(const PhaseEntered&) const = default;
};
struct PublishedItem {
  ItemIndex index;
  Grade grade;
  auto operator<=>(const PublishedItem&) const = default;
};
// Journaled before the items are sent: from here on they may take effect.
struct ItemsPublished {
  std::vector<PublishedItem> items;
  bool operator==(const ItemsPublished&) const = default;
};
struct ItemSettled {
  PublishedItem item;
  Outcome outcome;
  bool operator==(const ItemSettled&) const = default;
};
struct CancelRequested {
  std::string author;
  std::string reason;
  bool operator==(const CancelRequested&) const = default;
};
// After a rollback: does the target run what it ran when its lease was granted?
struct TargetVerified {
  enum class Verdict : std::uint8_t { kVerified, kUnverified, kDiffers };
  TargetName target;
  Verdict verdict = Verdict::kUnverified;
  std::vector<std::string> differences;
  bool operator==(const TargetVerified&) const = default;
};
// The point of no return.
struct GenerationCommitted {
  ProfileName profile;
  GenerationNumber generation;
  bool operator==(const GenerationCommitted&) const = default;
};
struct TransactionEnded {
  TransactionResult result = TransactionResult::kAborted;
  std::string message;
  std::int64_t locked_ms = 0;  // from the first lock, or the switch, to the last unlock so far
  bool operator==(const TransactionEnded&) const = default;
};
// A stuck transaction is tried again (RetryTransaction of a stuck one) or given up by an operator.
struct RollbackResumed {
  std::string author;
  bool operator==(const RollbackResumed&) const = default;
};
struct Abandoned {
  std::string author;
  TargetName target;  // empty = all
  bool operator==(const Abandoned&) const = default;
};

// How far a journal has come, as its planner says or as others have seen of it. 0 = not known.
struct JournalPosition {
  Epoch epoch;
  EventSequence event;
  TransactionId transaction;
  bool operator==(const JournalPosition&) const = default;
};
// In each part the newer of the two.
JournalPosition Newest(const JournalPosition& a, const JournalPosition& b);

// Something of this journal has been seen that is newer than the journal itself: it is an old or a
// copied one. Its planner stops, and starts no more until an operator takes over, which the next
// PlannerStarted means.
struct PlannerSuperseded {
  JournalPosition seen;
  bool operator==(const PlannerSuperseded&) const = default;
};

// A start of a planner from a journal. What an earlier planner of it has published is older than
// the event of the next start; 0 where that is not known.
struct PlannerStart {
  Epoch epoch;
  EventSequence event;
  bool operator==(const PlannerStart&) const = default;
};
inline constexpr std::size_t kRememberedStarts = 64;
// Adds a start to those that a journal remembers: sorted by epoch, and the oldest go.
void AddStart(std::vector<PlannerStart>& starts, PlannerStart start);

// The transaction has come to where it was to stop, and waits.
struct TransactionPaused {
  Until after = Until::kPrepare;
  bool operator==(const TransactionPaused&) const = default;
};
struct TransactionResumed {
  std::string author;
  Until until = Until::kEnd;  // where to stop next
  bool operator==(const TransactionResumed&) const = default;
};
struct GenerationsDeleted {
  struct Deleted {
    GenerationNumber generation;
    TransactionId transaction;  // that had committed it
    auto operator<=>(const Deleted&) const = default;
  };
  ProfileName profile;
  std::vector<Deleted> generations;  // ascending
  bool operator==(const GenerationsDeleted&) const = default;
};

class EventBody : public std::variant<PlannerStarted, SubmissionAccepted, TransactionPlanned,
                                      PhaseEntered, ItemsPublished, ItemSettled, CancelRequested,
                                      TargetVerified, GenerationCommitted, TransactionEnded,
                                      RollbackResumed, Abandoned, PlannerSuperseded,
                                      TransactionPaused, TransactionResumed, GenerationsDeleted> {
  ERIS_CHOICE(EventBody)
};

struct Event {
  EventSequence sequence;  // given by the journal
  WallTime at;
  TransactionId transaction;  // 0 for PlannerStarted and PlannerSuperseded
  EventBody body;
  bool operator==(const Event&) const = default;
};

}  // namespace eris
