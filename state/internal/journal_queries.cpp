#include "state/internal/journal_queries.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "schema/base/text.h"
#include "schema/codec/codec.h"

namespace eris {
namespace {

// Kind 2 is SubmissionAccepted: what is planned does not need what it was planned from.
constexpr std::string_view kUnfinishedEvents =
    "SELECT coalesce(full.body, event.body) FROM event LEFT JOIN event_full AS full "
    "ON full.sequence = event.sequence AND NOT (event.kind = 2 AND event.tx IN "
    "(SELECT id FROM \"transaction\" WHERE unfinished = 1 AND planned_event IS NOT NULL)) "
    "WHERE event.sequence >= (SELECT min(first_event) FROM \"transaction\" WHERE unfinished = 1) "
    "AND event.tx IN (SELECT id FROM \"transaction\" WHERE unfinished = 1) "
    "ORDER BY event.sequence";

#define ERIS_TRANSACTION_COLUMNS                                                            \
  "SELECT id, submission, profile, author, action, phase, result, message, plan_hash, "     \
  "generation, activate, deactivate, bounced, kept, down, items, submitted_ms, locked_ms, " \
  "ended_ms, (SELECT count(DISTINCT idx) FROM item WHERE tx = id AND direction = 0) "       \
  "FROM \"transaction\" "

template <typename Visit>
Status ForEachEvent(sqlite::Cursor rows, const Visit& visit) {
  return sqlite::ForEachRow(std::move(rows), [&](const sqlite::Cursor& row) -> Status {
    ERIS_ASSIGN(Event event, Decode<Event>(row.Bytes(0)));
    return visit(std::move(event));
  });
}

Result<std::vector<Event>> ReadAll(sqlite::Cursor rows) {
  std::vector<Event> events;
  ERIS_TRY(ForEachEvent(std::move(rows), [&](Event event) -> Status {
    events.push_back(std::move(event));
    return {};
  }));
  return events;
}

Result<std::optional<EventSequence>> ReadSequence(sqlite::Cursor rows) {
  ERIS_ASSIGN(const bool found, rows.Next());
  if (!found || rows.IsNull(0)) return std::optional<EventSequence>{};
  return std::optional(EventSequence{rows.Unsigned(0)});
}

std::vector<ServiceName> ServicesOf(std::string_view lines) {
  std::vector<ServiceName> services;
  if (lines.empty()) return services;
  for (const std::string_view line : Split(lines, '\n')) services.emplace_back(std::string(line));
  return services;
}

TransactionStatus ReadStatus(const sqlite::Cursor& row) {
  TransactionStatus status;
  status.transaction = {row.Unsigned(0)};
  status.submission = SubmissionId(std::string(row.Text(1)));
  status.profile = ProfileName(std::string(row.Text(2)));
  status.author = row.Text(3);
  status.action = row.Text(4);
  status.phase = static_cast<TransactionPhase>(row.Integer(5));
  if (!row.IsNull(6)) status.result = static_cast<TransactionResult>(row.Integer(6));
  status.message = row.Text(7);
  status.plan_hash = row.Text(8);
  status.generation = {row.Unsigned(9)};
  status.summary.activate = static_cast<std::uint32_t>(row.Integer(10));
  status.summary.deactivate = static_cast<std::uint32_t>(row.Integer(11));
  status.summary.bounced = static_cast<std::uint32_t>(row.Integer(12));
  status.summary.kept = static_cast<std::uint32_t>(row.Integer(13));
  status.summary.down = ServicesOf(row.Text(14));
  status.items_total = static_cast<std::uint32_t>(row.Integer(15));
  status.submitted_at = {row.Integer(16)};
  status.ended_at = {row.Integer(18)};
  status.locked_ms = row.Integer(17);
  status.items_done = static_cast<std::uint32_t>(row.Integer(19));
  return status;
}

}  // namespace

JournalQueries::JournalQueries(sqlite::Database& database)
    : head_(database,
            "SELECT journal, epoch, (SELECT max(sequence) FROM event), "
            "(SELECT max(id) FROM \"transaction\"), superseded, seen_epoch, seen_event, "
            "seen_transaction FROM meta"),
      starts_(database, "SELECT epoch, event FROM start ORDER BY epoch"),
      newest_generations_(database, "SELECT profile, max(number) FROM generation GROUP BY profile"),
      unfinished_events_(database, kUnfinishedEvents),
      full_events_(database,
                   "SELECT coalesce(full.body, event.body) FROM event LEFT JOIN event_full AS full "
                   "ON full.sequence = event.sequence WHERE event.sequence >= ?1 "
                   "ORDER BY event.sequence"),
      full_event_(database,
                  "SELECT coalesce(full.body, event.body) FROM event LEFT JOIN event_full AS full "
                  "ON full.sequence = event.sequence WHERE event.sequence = ?1"),
      events_(database, "SELECT body FROM event WHERE sequence >= ?1 ORDER BY sequence LIMIT ?2"),
      events_of_transaction_(
          database,
          "SELECT body FROM event WHERE tx = ?3 AND sequence >= ?1 "
          "AND sequence >= (SELECT first_event FROM \"transaction\" WHERE id = ?3) "
          "AND sequence <= (SELECT last_event FROM \"transaction\" WHERE id = ?3) "
          "ORDER BY sequence LIMIT ?2"),
      newest_events_(database, "SELECT body FROM event ORDER BY sequence DESC LIMIT ?1"),
      newest_events_of_transaction_(
          database,
          "SELECT body FROM event WHERE tx = ?2 "
          "AND sequence >= (SELECT first_event FROM \"transaction\" WHERE id = ?2) "
          "AND sequence <= (SELECT last_event FROM \"transaction\" WHERE id = ?2) "
          "ORDER BY sequence DESC LIMIT ?1"),
      generation_(database,
                  "SELECT planned_event FROM generation WHERE profile = ?1 AND number = ?2"),
      newest_generation_(database,
                         "SELECT planned_event FROM generation WHERE profile = ?1 "
                         "ORDER BY number DESC LIMIT 1"),
      planned_event_(database, "SELECT planned_event FROM \"transaction\" WHERE id = ?1"),
      first_event_(database,
                   "SELECT first_event FROM \"transaction\" WHERE id = ?1 AND pruned = 0"),
      generations_(database,
                   "SELECT number, tx, committed_ms, author, mappings, targets FROM generation "
                   "WHERE profile = ?1 ORDER BY number"),
      submission_(database, "SELECT tx, digest FROM submission WHERE id = ?1"),
      transactions_(database, ERIS_TRANSACTION_COLUMNS "ORDER BY id DESC LIMIT ?1"),
      transactions_of_profile_(
          database, ERIS_TRANSACTION_COLUMNS "WHERE profile = ?2 ORDER BY id DESC LIMIT ?1"),
      transaction_(database, ERIS_TRANSACTION_COLUMNS "WHERE id = ?1"),
      outcomes_(database,
                "SELECT event.body FROM item JOIN event ON event.sequence = item.settled_event "
                "WHERE item.tx = ?1 ORDER BY item.settled_event"),
      outcomes_of_item_(
          database,
          "SELECT event.body FROM item JOIN event ON event.sequence = item.settled_event "
          "WHERE item.tx = ?1 AND item.idx = ?2 ORDER BY item.settled_event") {}

Result<JournalHead> JournalQueries::Head() {
  JournalHead head;
  {
    sqlite::Cursor row = head_.Select();
    ERIS_ASSIGN(const bool found, row.Next());
    if (!found) return Fail(ErrorCode::kCorrupt, "the journal has lost its id");
    head.journal = {row.Unsigned(0)};
    head.epoch = {row.Unsigned(1)};
    head.last_event = {row.Unsigned(2)};
    head.last_transaction = {row.Unsigned(3)};
    head.superseded = row.Integer(4) != 0;
    head.seen = {
        .epoch = {row.Unsigned(5)}, .event = {row.Unsigned(6)}, .transaction = {row.Unsigned(7)}};
  }
  ERIS_TRY(sqlite::ForEachRow(starts_.Select(), [&](const sqlite::Cursor& row) -> Status {
    head.starts.push_back({{row.Unsigned(0)}, {row.Unsigned(1)}});
    return {};
  }));
  ERIS_TRY(
      sqlite::ForEachRow(newest_generations_.Select(), [&](const sqlite::Cursor& row) -> Status {
        head.generations[ProfileName(std::string(row.Text(0)))] = {row.Unsigned(1)};
        return {};
      }));
  return head;
}

Status JournalQueries::ReplayUnfinished(const Journal::Visitor& visit) {
  return ForEachEvent(unfinished_events_.Select(), visit);
}

Status JournalQueries::Replay(EventSequence from, const Journal::Visitor& visit) {
  return ForEachEvent(full_events_.Select(from.value), visit);
}

Result<std::vector<Event>> JournalQueries::Events(const EventFilter& filter) {
  if (!filter.from) return NewestEvents(filter);
  if (!filter.transaction) return ReadAll(events_.Select(filter.from.value, filter.limit));
  return ReadAll(
      events_of_transaction_.Select(filter.from.value, filter.limit, filter.transaction->value));
}

Result<std::vector<Event>> JournalQueries::NewestEvents(const EventFilter& filter) {
  ERIS_ASSIGN(std::vector<Event> events,
              ReadAll(filter.transaction ? newest_events_of_transaction_.Select(
                                               filter.limit, filter.transaction->value)
                                         : newest_events_.Select(filter.limit)));
  std::reverse(events.begin(), events.end());
  return events;
}

Result<std::optional<Event>> JournalQueries::FullEvent(EventSequence sequence) {
  ERIS_ASSIGN(std::vector<Event> events, ReadAll(full_event_.Select(sequence.value)));
  if (events.empty()) return std::optional<Event>{};
  return std::optional(std::move(events.front()));
}

Result<std::optional<Manifest>> JournalQueries::PlannedManifest(EventSequence sequence) {
  sqlite::Cursor rows = full_event_.Select(sequence.value);
  ERIS_ASSIGN(const bool found, rows.Next());
  if (!found) return std::optional<Manifest>{};
  ERIS_ASSIGN(Manifest manifest, DecodePlannedManifest(rows.Bytes(0)));
  return std::optional(std::move(manifest));
}

Result<std::optional<EventSequence>> JournalQueries::PlannedEvent(const ProfileName& profile,
                                                                  GenerationNumber generation) {
  if (!generation) return ReadSequence(newest_generation_.Select(profile.text));
  return ReadSequence(generation_.Select(profile.text, generation.value));
}

Result<std::optional<EventSequence>> JournalQueries::PlannedEvent(TransactionId transaction) {
  return ReadSequence(planned_event_.Select(transaction.value));
}

Result<std::optional<EventSequence>> JournalQueries::FirstEvent(TransactionId transaction) {
  return ReadSequence(first_event_.Select(transaction.value));
}

Result<std::vector<GenerationInfo>> JournalQueries::Generations(const ProfileName& profile) {
  std::vector<GenerationInfo> generations;
  ERIS_TRY(sqlite::ForEachRow(
      generations_.Select(profile.text), [&](const sqlite::Cursor& row) -> Status {
        generations.push_back({.profile = profile,
                               .generation = {row.Unsigned(0)},
                               .transaction = {row.Unsigned(1)},
                               .committed_at = {row.Integer(2)},
                               .author = std::string(row.Text(3)),
                               .mappings = static_cast<std::uint32_t>(row.Integer(4)),
                               .targets = static_cast<std::uint32_t>(row.Integer(5))});
        return {};
      }));
  if (!generations.empty()) generations.back().standing = GenerationInfo::Standing::kCurrent;
  return generations;
}

Result<std::optional<JournaledSubmission>> JournalQueries::FindSubmission(const SubmissionId& id) {
  sqlite::Cursor rows = submission_.Select(id.text);
  ERIS_ASSIGN(const bool found, rows.Next());
  if (!found) return std::optional<JournaledSubmission>{};
  return std::optional(
      JournaledSubmission{.transaction = {rows.Unsigned(0)}, .digest = std::string(rows.Text(1))});
}

Result<std::vector<TransactionStatus>> JournalQueries::ReadTransactions(sqlite::Cursor rows) {
  std::vector<TransactionStatus> transactions;
  ERIS_TRY(sqlite::ForEachRow(std::move(rows), [&](const sqlite::Cursor& row) -> Status {
    transactions.push_back(ReadStatus(row));
    return {};
  }));
  return transactions;
}

Result<std::vector<TransactionStatus>> JournalQueries::Transactions(
    const TransactionFilter& filter) {
  if (!filter.profile) return ReadTransactions(transactions_.Select(filter.limit));
  return ReadTransactions(transactions_of_profile_.Select(filter.limit, filter.profile->text));
}

Result<std::optional<TransactionStatus>> JournalQueries::Transaction(TransactionId transaction) {
  ERIS_ASSIGN(std::vector<TransactionStatus> found,
              ReadTransactions(transaction_.Select(transaction.value)));
  if (found.empty()) return std::optional<TransactionStatus>{};
  return std::optional(std::move(found.front()));
}

Result<std::vector<ItemSettled>> JournalQueries::Outcomes(TransactionId transaction,
                                                          std::optional<ItemIndex> item) {
  std::vector<ItemSettled> outcomes;
  ERIS_TRY(ForEachEvent(item ? outcomes_of_item_.Select(transaction.value, item->value)
                             : outcomes_.Select(transaction.value),
                        [&](const Event& event) -> Status {
                          const auto* settled = std::get_if<ItemSettled>(&event.body);
                          if (settled == nullptr) {
                            return Fail(ErrorCode::kCorrupt,
                                        "the journal's items point to events of another kind");
                          }
                          outcomes.push_back(*settled);
                          return {};
                        }));
  return outcomes;
}

}  // namespace eris
