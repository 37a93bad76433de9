// The journal's tables as a function of its events: how each event changes them. Write side only.
#pragma once

#include <map>

#include "schema/base/error.h"
#include "schema/values/event.h"
#include "state/internal/sqlite.h"

namespace eris {

// Owned by Journal::Storage, used inside its transactions.
class JournalProjection {
 public:
  explicit JournalProjection(sqlite::Database& database);

  Status Apply(const Event& event);
  // At the end of an append: what is written once for all events of a transaction.
  Status Flush();

 private:
  Status AddStart(const PlannerStart& start);
  Status Project(const Event& event, const PlannerStarted& started);
  Status Project(const Event& event, const PlannerSuperseded& superseded);
  Status Project(const Event& event, const SubmissionAccepted& accepted);
  Status Project(const Event& event, const TransactionPlanned& planned);
  Status Project(const Event& event, const PhaseEntered& entered);
  Status Project(const Event& event, const ItemsPublished& published);
  Status Project(const Event& event, const ItemSettled& settled);
  Status Project(const Event& event, const GenerationCommitted& committed);
  Status Project(const Event& event, const TransactionEnded& ended);
  Status Project(const Event& event, const RollbackResumed& resumed);
  Status Project(const Event& event, const TargetVerified& verified);
  Status Project(const Event& event, const Abandoned& abandoned);
  Status Project(const Event& event, const GenerationsDeleted& deleted);
  // Of the audit trail only.
  Status Project(const Event& event, const CancelRequested& requested);
  Status Project(const Event& event, const TransactionPaused& paused);
  Status Project(const Event& event, const TransactionResumed& resumed);

  sqlite::Database& database_;
  std::map<TransactionId, EventSequence> last_events_;  // of this append
  sqlite::Statement set_epoch_;
  sqlite::Statement add_start_;
  sqlite::Statement forget_starts_;
  sqlite::Statement supersede_;
  sqlite::Statement insert_transaction_;
  sqlite::Statement insert_submission_;
  sqlite::Statement close_append_;
  sqlite::Statement set_aside_;
  sqlite::Statement settle_target_;
  sqlite::Statement settle_targets_;
  sqlite::Statement set_plan_;
  sqlite::Statement set_phase_;
  sqlite::Statement settle_item_;
  sqlite::Statement insert_generation_;
  sqlite::Statement set_generation_;
  sqlite::Statement delete_generation_;
  sqlite::Statement unmark_pruned_;
  sqlite::Statement end_;
  sqlite::Statement resume_;
};

}  // namespace eris
