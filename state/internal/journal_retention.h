// What the journal may forget, and how: see Journal::Prune.
#pragma once

#include <cstdint>
#include <vector>

#include "schema/base/error.h"
#include "state/internal/sqlite.h"
#include "state/journal.h"

namespace eris {

// Owned by Journal::Storage, used inside its transactions.
//
// A transaction that made a generation keeps its row and its TransactionPlanned, which holds the
// generation's manifest; any other one goes entirely, but for those that were given up since the
// newest generation: the next plan looks at them (planner/doubt.h). Neither the newest transaction
// nor the newest event goes: numbers are never used again.
class JournalRetention {
 public:
  explicit JournalRetention(sqlite::Database& database);
  Result<std::uint32_t> Prune(const Retention& retention);

 private:
  struct Candidate {
    std::uint64_t id = 0;
    std::uint64_t first_event = 0;
    std::uint64_t last_event = 0;
    std::uint64_t kept_event = 0;  // 0 = none: it made no generation
  };
  Result<std::vector<Candidate>> Candidates(const Retention& retention);
  Status Remove(const Candidate& candidate);

  sqlite::Statement candidates_;
  sqlite::Statement delete_full_;
  sqlite::Statement delete_events_;
  sqlite::Statement delete_items_;
  sqlite::Statement delete_transaction_;
  sqlite::Statement mark_pruned_;
  sqlite::Statement delete_starts_;
};

}  // namespace eris
