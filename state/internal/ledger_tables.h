// The ledger's tables: how each record changes them, and how they are read back. Mirrors
// Apply(LedgerState&, LedgerRecord) of schema/values/ledger.h.
#pragma once

#include "schema/base/error.h"
#include "schema/base/random.h"
#include "schema/values/ledger.h"
#include "state/internal/sqlite.h"

namespace eris {

// Owned by Ledger::Storage; writes happen inside its transactions.
class LedgerTables {
 public:
  explicit LedgerTables(sqlite::Database& database);

  // The id of this ledger; drawn when there is none yet.
  Result<LedgerId> DrawId(Random& random);
  Status Write(const LedgerRecord& record);
  Result<LedgerState> Read();

 private:
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

  Status ReadMeta(LedgerState& state);
  Status ReadAttempts(LedgerState& state);
  Status ReadLease(LedgerState& state);
  Status ReadMappings(LedgerState& state);
  Status ReadRoots(LedgerState& state);
  Status ReadLocked(LedgerState& state);

  sqlite::Database& database_;
  sqlite::Statement set_epoch_;
  sqlite::Statement forget_other_journal_;
  sqlite::Statement forget_other_steps_;
  sqlite::Statement forget_other_lease_;
  sqlite::Statement set_journal_;
  sqlite::Statement set_low_water_;
  sqlite::Statement forget_steps_;
  sqlite::Statement start_;
  sqlite::Statement settle_;
  sqlite::Statement acknowledge_;
  sqlite::Statement grant_;
  sqlite::Statement confirm_;
  sqlite::Statement release_;
  sqlite::Statement activate_;
  sqlite::Statement deactivate_;
  sqlite::Statement add_root_;
  sqlite::Statement drop_roots_;
  sqlite::Statement lock_;
  sqlite::Statement unlock_;
};

}  // namespace eris
