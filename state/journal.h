// The planner's journal: the append-only events, and the projections that answer questions about
// them without replaying everything. Owns journal.db; decides nothing (the coordinator does).
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "schema/base/clock.h"
#include "schema/base/error.h"
#include "schema/base/random.h"
#include "schema/base/turn.h"
#include "schema/values/event.h"
#include "schema/values/ids.h"
#include "schema/values/manifest.h"
#include "schema/values/request.h"
#include "schema/values/submission.h"

namespace eris {

// What a planner must know before it replays the transactions that are still open.
struct JournalHead {
  JournalId journal;
  Epoch epoch;  // of the last planner start; 0 = none yet
  EventSequence last_event;
  TransactionId last_transaction;
  std::map<ProfileName, GenerationNumber> generations;  // the newest of each profile
  // Of the last starts, and of those that an operator has taken over from; growing.
  std::vector<PlannerStart> starts;
  JournalPosition seen;     // newer than this journal was then, by all PlannerSuperseded
  bool superseded = false;  // by the last of them; no planner has started since
  bool operator==(const JournalHead&) const = default;
};

// What became of a submission id. Outlives the transaction's events.
struct JournaledSubmission {
  TransactionId transaction;
  std::string digest;  // DigestOf the submission: tells a repeat from another content
  bool operator==(const JournaledSubmission&) const = default;
};

// Hex SHA-256 of what a submission asks for; who sent it does not count.
std::string DigestOf(const Submission& submission);

struct EventFilter {
  EventSequence from{1};  // 0: the newest ones there are
  std::uint32_t limit = 1000;
  std::optional<TransactionId> transaction;  // absent = all
};
struct TransactionFilter {
  std::uint32_t limit = 20;            // the newest ones
  std::optional<ProfileName> profile;  // absent = all
};
// Of transactions that ended before `ended_before` the oldest, at most `max_transactions` a call,
// so that a loop is never held up.
struct Retention {
  WallTime ended_before;
  std::uint32_t max_transactions = 100;
};

// Owned by the planner's shell; one read-write journal a file (a second one is kUnavailable). Used
// by one thread. Invariants:
//   1. events and their projections are one SQLite transaction, synced when Append returns,
//   2. sequences and transaction numbers grow and are never used again, also after retention,
//   3. after a failed Append every further one fails: the process stops and recovers (fail-stop).
class Journal final : public DurableLog<Event> {
 public:
  // Makes the file (0600, its directory 0700) and draws its id when it does not exist.
  // kUnavailable: another process has it; kInvalid: a newer version of Eris wrote it, or it is
  // something else.
  static Result<std::unique_ptr<Journal>> Open(const std::string& path, Random& random);
  // For looking only, also beside a running planner: Append and Prune fail.
  static Result<std::unique_ptr<Journal>> OpenReadOnly(const std::string& path);
  ~Journal() override;

  JournalId id() const;

  // Precondition: sequences go on from the last one without a gap, and each transaction's first
  // event is its SubmissionAccepted.
  Status Append(std::span<const Event> events) override;

  // ---- recovery ----
  using Visitor = std::function<Status(const Event&)>;
  Result<JournalHead> LoadHead();
  // In order, in full, but submissions that were planned without their manifest: all events of the
  // transactions in which something is left to do. These are those that have not ended, stuck and
  // still locked ones, and those with a target that was set aside (TargetVerified kUnverified) and
  // has had no other verdict since.
  Status ReplayOpen(const Visitor& visit);
  // In order, in full: everything that retention has left, from `from` on.
  Status Replay(EventSequence from, const Visitor& visit);

  // ---- questions ----
  Result<std::vector<Event>> ReadEvents(const EventFilter& filter);  // light form
  // One event in full; kNotFound when there is none.
  Result<Event> ReadEvent(EventSequence sequence);
  // kNotFound when the profile has no such generation; 0 = the newest one.
  Result<Manifest> LoadManifest(const ProfileName& profile, GenerationNumber generation);
  // Oldest first.
  Result<std::vector<GenerationInfo>> LoadGenerations(const ProfileName& profile);
  // kNotFound once retention has removed it.
  Result<Submission> LoadSubmission(TransactionId transaction);
  Result<std::optional<JournaledSubmission>> FindSubmission(const SubmissionId& id);
  // Newest first. `waiting_for` is empty: only the running planner knows.
  Result<std::vector<TransactionStatus>> LoadTransactions(const TransactionFilter& filter);
  Result<TransactionStatus> LoadTransaction(TransactionId transaction);
  // The plan as it was journaled; kNotFound before it was made.
  Result<Plan> LoadPlan(TransactionId transaction);
  // Settled attempts of an item, or of all items without one, in the order of their settling.
  Result<std::vector<ItemSettled>> LoadOutcomes(TransactionId transaction,
                                                std::optional<ItemIndex> item);

  // ---- upkeep ----
  // Removes events that nobody needs any more, but nothing that a generation or an unfinished
  // transaction needs, nothing of one that was given up since the newest generation of its profile
  // (what it left is in doubt), and never a used submission id. Returns how many transactions went.
  Result<std::uint32_t> Prune(const Retention& retention);
  // Without what Prune has freed in the file.
  Result<std::int64_t> UsedBytes();
  // Gives at most `bytes` of that back to the file system, at the next Checkpoint. Returns what is
  // left of it.
  Result<std::int64_t> GiveBack(std::int64_t bytes);
  // Moves what is synced from the write-ahead log into the database: for idle moments.
  Status Checkpoint();

 private:
  class Storage;
  explicit Journal(std::unique_ptr<Storage> storage);
  std::unique_ptr<Storage> storage_;
};

}  // namespace eris
