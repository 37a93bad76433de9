// What the coordinator asks of the journal: recovery, and answers that live on disk only. The
// daemon answers from state/journal.h, tests and the simulator from memory (memory_journal.h).
//
// Answers cover what is durable: events of the present turn are not among them yet.
#pragma once

#include <functional>
#include <optional>
#include <vector>

#include "schema/base/error.h"
#include "schema/values/event.h"
#include "schema/values/ids.h"
#include "schema/values/manifest.h"
#include "schema/values/plan.h"
#include "schema/values/request.h"
#include "schema/values/submission.h"
#include "state/journal.h"

namespace eris::planner {

// Owned by the shell; outlives the coordinator. The methods are those of eris::Journal.
class JournalReader {
 public:
  virtual ~JournalReader() = default;

  using Visitor = std::function<Status(const Event&)>;
  virtual Result<JournalHead> LoadHead() = 0;
  // In order, in full: all events of the transactions in which something is left to do. These are
  // those that have not ended, stuck and still locked ones, and those with a target that was set
  // aside (TargetVerified kUnverified) and has had no other verdict since.
  virtual Status ReplayOpen(const Visitor& visit) = 0;

  virtual Result<std::vector<Event>> ReadEvents(const EventFilter& filter) = 0;  // light form
  virtual Result<Manifest> LoadManifest(const ProfileName& profile, GenerationNumber number) = 0;
  virtual Result<std::vector<GenerationInfo>> LoadGenerations(const ProfileName& profile) = 0;
  virtual Result<Submission> LoadSubmission(TransactionId transaction) = 0;
  virtual Result<std::optional<JournaledSubmission>> FindSubmission(const SubmissionId& id) = 0;
  virtual Result<std::vector<TransactionStatus>> LoadTransactions(
      const TransactionFilter& filter) = 0;
  virtual Result<TransactionStatus> LoadTransaction(TransactionId transaction) = 0;
  virtual Result<Plan> LoadPlan(TransactionId transaction) = 0;
  virtual Result<std::vector<ItemSettled>> LoadOutcomes(TransactionId transaction,
                                                        std::optional<ItemIndex> item) = 0;
};

}  // namespace eris::planner
