// A worker's ledger on disk: what it must remember across a crash. Owns ledger.db; what the records
// mean is said in schema/values/ledger.h.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "schema/base/error.h"
#include "schema/base/random.h"
#include "schema/base/turn.h"
#include "schema/values/ids.h"
#include "schema/values/ledger.h"

namespace eris {

// Owned by the worker's shell; one a file (a second one is kUnavailable). Used by one thread.
// Invariants:
//   1. Load() after any appends equals the records applied in order to the state before,
//   2. an append is one SQLite transaction, synced when it returns,
//   3. after a failed Append every further one fails: the process stops and recovers (fail-stop).
class Ledger final : public DurableLog<LedgerRecord> {
 public:
  // Makes the file (0600, its directory 0700) and draws its id when it does not exist.
  // kUnavailable: another worker has it; kInvalid: a newer version of Eris wrote it, or it is
  // something else.
  static Result<std::unique_ptr<Ledger>> Open(const std::string& path, Random& random);
  ~Ledger() override;

  // Tells this ledger from another one for the same target.
  LedgerId id() const;
  // Grows each time the file is opened, and is synced before: tells a process from those before it.
  std::uint64_t start() const;

  Status Append(std::span<const LedgerRecord> records) override;
  Result<LedgerState> Load();

  // Moves what is synced from the write-ahead log into the database: for idle moments.
  Status Checkpoint();

 private:
  class Storage;
  explicit Ledger(std::unique_ptr<Storage> storage);
  std::unique_ptr<Storage> storage_;
};

}  // namespace eris
