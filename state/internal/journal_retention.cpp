#include "state/internal/journal_retention.h"

namespace eris {

JournalRetention::JournalRetention(sqlite::Database& database)
    : candidates_(database,
                  "SELECT id, first_event, last_event, CASE WHEN EXISTS (SELECT 1 FROM generation "
                  "WHERE tx = id) THEN planned_event ELSE 0 END FROM \"transaction\" "
                  "WHERE pruned = 0 AND ended_ms < ?1 AND unfinished = 0 "
                  "AND id < (SELECT max(id) FROM \"transaction\") "
                  "AND last_event < (SELECT max(sequence) FROM event) "
                  "AND (id <= (SELECT ifnull(max(tx), 0) FROM generation "
                  "WHERE generation.profile = \"transaction\".profile) "
                  "OR NOT EXISTS (SELECT 1 FROM event WHERE tx = \"transaction\".id AND kind = ?3 "
                  "AND sequence BETWEEN first_event AND last_event)) ORDER BY ended_ms LIMIT ?2"),
      delete_full_(database,
                   "DELETE FROM event_full WHERE sequence BETWEEN ?2 AND ?3 AND sequence <> ?4 "
                   "AND sequence IN (SELECT sequence FROM event WHERE tx = ?1 "
                   "AND sequence BETWEEN ?2 AND ?3)"),
      delete_events_(database,
                     "DELETE FROM event WHERE tx = ?1 AND sequence BETWEEN ?2 AND ?3 "
                     "AND sequence <> ?4"),
      delete_items_(database, "DELETE FROM item WHERE tx = ?1"),
      delete_transaction_(database, "DELETE FROM \"transaction\" WHERE id = ?1"),
      mark_pruned_(database, "UPDATE \"transaction\" SET pruned = 1 WHERE id = ?1"),
      delete_starts_(database,
                     "DELETE FROM event WHERE tx = 0 AND at_ms < ?1 "
                     "AND sequence < (SELECT max(sequence) FROM event)") {}

Result<std::uint32_t> JournalRetention::Prune(const Retention& retention) {
  ERIS_ASSIGN(const std::vector<Candidate> candidates, Candidates(retention));
  for (const Candidate& candidate : candidates) ERIS_TRY(Remove(candidate));
  ERIS_TRY(delete_starts_.Run(retention.ended_before.ms));
  return static_cast<std::uint32_t>(candidates.size());
}

Result<std::vector<JournalRetention::Candidate>> JournalRetention::Candidates(
    const Retention& retention) {
  std::vector<Candidate> candidates;
  ERIS_TRY(
      sqlite::ForEachRow(candidates_.Select(retention.ended_before.ms, retention.max_transactions,
                                            EventBody(Abandoned{}).index() + 1),
                         [&](const sqlite::Cursor& row) -> Status {
                           candidates.push_back({.id = row.Unsigned(0),
                                                 .first_event = row.Unsigned(1),
                                                 .last_event = row.Unsigned(2),
                                                 .kept_event = row.Unsigned(3)});
                           return {};
                         }));
  return candidates;
}

Status JournalRetention::Remove(const Candidate& candidate) {
  const auto& [id, first, last, kept] = candidate;
  ERIS_TRY(delete_full_.Run(id, first, last, kept));
  ERIS_TRY(delete_events_.Run(id, first, last, kept));
  ERIS_TRY(delete_items_.Run(id));
  return kept == 0 ? delete_transaction_.Run(id) : mark_pruned_.Run(id);
}

}  // namespace eris
