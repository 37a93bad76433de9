// The journal's read side: questions to its tables, answered with values.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "schema/base/error.h"
#include "state/internal/sqlite.h"
#include "state/journal.h"

namespace eris {

// Owned by Journal::Storage.
class JournalQueries {
 public:
  explicit JournalQueries(sqlite::Database& database);

  Result<JournalHead> Head();
  Status ReplayUnfinished(const Journal::Visitor& visit);
  Status Replay(EventSequence from, const Journal::Visitor& visit);
  Result<std::vector<Event>> Events(const EventFilter& filter);
  // In full.
  Result<std::optional<Event>> FullEvent(EventSequence sequence);
  // Of a TransactionPlanned.
  Result<std::optional<Manifest>> PlannedManifest(EventSequence sequence);
  // The TransactionPlanned of a generation (0 = the newest) or of a transaction.
  Result<std::optional<EventSequence>> PlannedEvent(const ProfileName& profile,
                                                    GenerationNumber generation);
  Result<std::optional<EventSequence>> PlannedEvent(TransactionId transaction);
  // Its SubmissionAccepted.
  Result<std::optional<EventSequence>> FirstEvent(TransactionId transaction);
  Result<std::vector<GenerationInfo>> Generations(const ProfileName& profile);
  Result<std::optional<JournaledSubmission>> FindSubmission(const SubmissionId& id);
  Result<std::vector<TransactionStatus>> Transactions(const TransactionFilter& filter);
  Result<std::optional<TransactionStatus>> Transaction(TransactionId transaction);
  Result<std::vector<ItemSettled>> Outcomes(TransactionId transaction,
                                            std::optional<ItemIndex> item);

 private:
  Result<std::vector<Event>> NewestEvents(const EventFilter& filter);
  Result<std::vector<TransactionStatus>> ReadTransactions(sqlite::Cursor rows);

  sqlite::Statement head_;
  sqlite::Statement starts_;
  sqlite::Statement newest_generations_;
  sqlite::Statement unfinished_events_;
  sqlite::Statement full_events_;
  sqlite::Statement full_event_;
  sqlite::Statement events_;
  sqlite::Statement events_of_transaction_;
  sqlite::Statement newest_events_;
  sqlite::Statement newest_events_of_transaction_;
  sqlite::Statement generation_;
  sqlite::Statement newest_generation_;
  sqlite::Statement planned_event_;
  sqlite::Statement first_event_;
  sqlite::Statement generations_;
  sqlite::Statement submission_;
  sqlite::Statement transactions_;
  sqlite::Statement transactions_of_profile_;
  sqlite::Statement transaction_;
  sqlite::Statement outcomes_;
  sqlite::Statement outcomes_of_item_;
};

}  // namespace eris
