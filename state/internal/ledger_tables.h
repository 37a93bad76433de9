// The ledger's tables: how each record changes them, and how they are read back. Mirrors
// Apply(LedgerState&, LedgerRecord) of schema/values/ledger.h.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "schema/base/error.h"
#include "schema/base/random.h"
#include "schema/values/ledger.h"
#include "state/internal/sqlite.h"

namespace eris {

// Owned by Ledger::Storage; writes happen inside its transactions. A failed write leaves what is
// kept in memory undefined: the database takes no further one.
class LedgerTables {
 public:
  explicit LedgerTables(sqlite::Database& database);

  // The id of this ledger; drawn when there is none yet.
  Result<LedgerId> DrawId(Random& random);
  // One more than at the last call.
  Result<std::uint64_t> CountStart();
  // Before the first Write: where rows are that later records change.
  Status FindRows();
  Status Write(const LedgerRecord& record);
  // After the last Write of a transaction.
  Status FinishWrites();
  Result<LedgerState> Read();

 private:
  // A row of table `body`.
  struct Body {
    std::int64_t id = 0;
    Shared<ItemBody> content;
  };
  // A row of table `attempt`.
  struct AttemptRow {
    std::int64_t id = 0;
    std::optional<Body> body;  // until it is settled
  };

  Status Put(const EpochSeen& seen);
  Status Put(const JournalBound& bound);
  Status Put(const LowWaterRaised& raised);
  Status Put(const StepStarted& started);
  Status Put(const StepSettled& settled);
  Status Put(const OutcomeAcknowledged& acknowledged);
  Status Put(const LeaseGranted& granted);
  Status Put(const LeaseConfirmed& confirmed);
  Status Put(const LeaseReleased& released);
  Status Put(const MappingActivated& activated);
  Status Put(const MappingDeactivated& deactivated);
  Status Put(const RootsAdded& added);
  Status Put(const RootsDropped& dropped);
  Status Put(const ComponentMayBeLocked& locked);
  Status Put(const ComponentUnlocked& unlocked);

  Result<std::int64_t> InsertBody(const ItemBody& body);
  // The body of an attempt that is settled in this transaction when it is this activation, or a new
  // one.
  Result<std::int64_t> TakeBody(const Shared<Activity>& activity);
  Status FinishAcknowledgements();

  Status ReadMeta(LedgerState& state);
  Status ReadAttempts(LedgerState& state);
  Status ReadLease(LedgerState& state);
  Status ReadMappings(LedgerState& state);
  Status ReadRoots(LedgerState& state);
  Status ReadLocked(LedgerState& state);

  sqlite::Database& database_;
  sqlite::Statement set_epoch_;
  sqlite::Statement forget_other_journal_;
  sqlite::Statement forget_other_bodies_;
  sqlite::Statement forget_other_steps_;
  sqlite::Statement forget_other_lease_;
  sqlite::Statement set_journal_;
  sqlite::Statement set_low_water_;
  sqlite::Statement forget_steps_;
  sqlite::Statement insert_body_;
  sqlite::Statement delete_body_;
  sqlite::Statement start_;
  sqlite::Statement settle_;
  sqlite::Statement settle_at_once_;
  sqlite::Statement acknowledge_;
  sqlite::Statement grant_;
  sqlite::Statement confirm_;
  sqlite::Statement release_;
  sqlite::Statement insert_mapping_;
  sqlite::Statement delete_mapping_;
  sqlite::Statement add_root_;
  sqlite::Statement drop_roots_;
  sqlite::Statement lock_;
  sqlite::Statement unlock_;

  TransactionId low_water_;
  std::int64_t last_body_ = 0;
  std::int64_t last_attempt_ = 0;
  std::map<ItemId, AttemptRow> attempts_;
  std::map<MappingKey, std::int64_t> mappings_;  // the number of their body, and so their own
  // Of this transaction: bodies of attempts that it has settled, numbers of attempts that it has
  // acknowledged.
  std::vector<Body> released_;
  std::vector<std::int64_t> acknowledged_;
};

}  // namespace eris
