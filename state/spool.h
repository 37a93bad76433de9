// The broker's spool on disk: submissions from their first chunk until the planner has journaled
// them. Owns spool.db; what the records mean, and the quota, is said in schema/values/spool.h.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "schema/base/error.h"
#include "schema/base/turn.h"
#include "schema/values/spool.h"

namespace eris {

// Owned by the broker's shell; one a file (a second one is kUnavailable). Used by one thread.
// Invariants:
//   1. Load() after any appends equals the records applied in order to the content before,
//   2. an append is one SQLite transaction, synced when it returns,
//   3. after a failed Append every further one fails: the process stops and recovers (fail-stop).
class Spool final : public DurableLog<SpoolRecord>, public SpoolReader {
 public:
  // Makes the file (0600, its directory 0700) when it does not exist. kUnavailable: another broker
  // has it; kInvalid: a newer version of Eris wrote it, or it is something else.
  static Result<std::unique_ptr<Spool>> Open(const std::string& path);
  ~Spool() override;

  Status Append(std::span<const SpoolRecord> records) override;
  Result<SpoolContent> Load();
  Result<ServedPlanners> LoadPlanners();
  Result<KnownLedgers> LoadLedgers();
  Result<std::string> ReadContent(const SubmissionId& id, std::uint64_t offset,
                                  std::size_t max_bytes) override;

  // Moves what is synced from the write-ahead log into the database: for idle moments.
  Status Checkpoint();

 private:
  class Storage;
  explicit Spool(std::unique_ptr<Storage> storage);
  std::unique_ptr<Storage> storage_;
};

}  // namespace eris
