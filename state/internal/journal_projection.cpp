#include "state/internal/journal_projection.h"

#include <fmt/format.h>

#include <set>
#include <string>
#include <utility>
#include <variant>

#include "schema/base/text.h"
#include "state/journal.h"

namespace eris {
namespace {

std::string NamesOf(const std::vector<ServiceName>& services) {
  std::string lines;
  for (const ServiceName& service : services) {
    if (!lines.empty()) lines += '\n';
    lines += service.text;
  }
  return lines;
}

// Targets that have something of the deployment.
std::size_t ParticipantsIn(const Manifest& manifest) {
  std::set<TargetName> targets;
  for (const Mapping& mapping : manifest.mappings) targets.insert(mapping.target);
  for (const auto& [target, profile] : manifest.profiles) targets.insert(target);
  return targets.size();
}

}  // namespace

JournalProjection::JournalProjection(sqlite::Database& database)
    : database_(database),
      set_epoch_(database, "UPDATE meta SET epoch = ?1, superseded = 0"),
      add_start_(database,
                 "INSERT INTO start(epoch, event) VALUES (?1, ?2) ON CONFLICT DO NOTHING"),
      forget_starts_(database,
                     "DELETE FROM start WHERE epoch NOT IN "
                     "(SELECT epoch FROM start ORDER BY epoch DESC LIMIT ?1)"),
      supersede_(database,
                 "UPDATE meta SET superseded = 1, seen_epoch = max(seen_epoch, ?1), "
                 "seen_event = max(seen_event, ?2), seen_transaction = max(seen_transaction, ?3)"),
      insert_transaction_(database,
                          "INSERT INTO \"transaction\"(id, submission, profile, author, action, "
                          "submitted_ms, first_event, last_event) "
                          "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?7) ON CONFLICT(id) DO NOTHING"),
      insert_submission_(database, "INSERT INTO submission(id, digest, tx) VALUES (?1, ?2, ?3)"),
      close_append_(database,
                    "UPDATE \"transaction\" SET last_event = ?2, "
                    "unfinished = result IS NULL OR result IN (?3, ?4) "
                    "OR EXISTS (SELECT 1 FROM set_aside WHERE tx = ?1) WHERE id = ?1"),
      set_aside_(database,
                 "INSERT INTO set_aside(tx, target) VALUES (?1, ?2) ON CONFLICT DO NOTHING"),
      settle_target_(database, "DELETE FROM set_aside WHERE tx = ?1 AND target = ?2"),
      settle_targets_(database, "DELETE FROM set_aside WHERE tx = ?1"),
      set_plan_(database,
                "UPDATE \"transaction\" SET planned_event = ?2, plan_hash = ?3, items = ?4, "
                "activate = ?5, deactivate = ?6, bounced = ?7, kept = ?8, down = ?9, "
                "next_mappings = ?10, next_targets = ?11 WHERE id = ?1"),
      set_phase_(database, "UPDATE \"transaction\" SET phase = ?2 WHERE id = ?1"),
      settle_item_(database,
                   "INSERT OR REPLACE INTO item(tx, idx, direction, attempt, settled_event) "
                   "VALUES (?1, ?2, ?3, ?4, ?5)"),
      insert_generation_(database,
                         "INSERT INTO generation SELECT ?2, ?3, id, planned_event, ?4, author, "
                         "next_mappings, next_targets FROM \"transaction\" WHERE id = ?1"),
      set_generation_(database, "UPDATE \"transaction\" SET generation = ?2 WHERE id = ?1"),
      delete_generation_(database, "DELETE FROM generation WHERE profile = ?1 AND number = ?2"),
      unmark_pruned_(database, "UPDATE \"transaction\" SET pruned = 0 WHERE id = ?1"),
      end_(database,
           "UPDATE \"transaction\" SET phase = ?2, result = ?3, message = ?4, ended_ms = ?5, "
           "locked_ms = ?6 WHERE id = ?1"),
      resume_(database,
              "UPDATE \"transaction\" SET phase = ?2, result = NULL, message = '', "
              "ended_ms = NULL, locked_ms = 0 WHERE id = ?1") {}

Status JournalProjection::Apply(const Event& event) {
  ERIS_TRY(std::visit([&](const auto& body) { return Project(event, body); }, event.body));
  if (event.transaction) last_events_[event.transaction] = event.sequence;
  return {};
}

Status JournalProjection::Flush() {
  for (const auto& [transaction, sequence] : std::exchange(last_events_, {})) {
    ERIS_TRY(close_append_.Run(transaction.value, sequence.value, TransactionResult::kStuck,
                               TransactionResult::kCommittedStillLocked));
    if (database_.changes() != 1) {
      return Fail(ErrorCode::kInternal,
                  fmt::format("{}: event {} is of transaction {}, which was never accepted",
                              database_.path(), sequence.value, transaction.value));
    }
  }
  return {};
}

Status JournalProjection::Project(const Event& event, const PlannerStarted& started) {
  ERIS_TRY(set_epoch_.Run(started.epoch.value));
  return AddStart({started.epoch, event.sequence});
}

Status JournalProjection::AddStart(const PlannerStart& start) {
  ERIS_TRY(add_start_.Run(start.epoch.value, start.event.value));
  return forget_starts_.Run(kRememberedStarts);
}

Status JournalProjection::Project(const Event&, const PlannerSuperseded& superseded) {
  const JournalPosition& seen = superseded.seen;
  ERIS_TRY(AddStart({seen.epoch, {}}));
  return supersede_.Run(seen.epoch.value, seen.event.value, seen.transaction.value);
}

// Another submission of a transaction is the retry of a stuck one: it goes on.
Status JournalProjection::Project(const Event& event, const SubmissionAccepted& accepted) {
  const Submission& submission = accepted.submission;
  ERIS_TRY(insert_transaction_.Run(event.transaction.value, submission.id.text,
                                   submission.profile.text, submission.author,
                                   NameOf(submission.action), event.at.ms, event.sequence.value));
  return insert_submission_.Run(submission.id.text, DigestOf(submission), event.transaction.value);
}

Status JournalProjection::Project(const Event& event, const TransactionPlanned& planned) {
  const PlanSummary& summary = planned.plan.summary;
  return set_plan_.Run(event.transaction.value, event.sequence.value, planned.plan_hash,
                       planned.plan.items.size(), summary.activate, summary.deactivate,
                       summary.bounced, summary.kept, NamesOf(summary.down),
                       planned.next.mappings.size(), ParticipantsIn(planned.next));
}

// A way back judges all targets anew.
Status JournalProjection::Project(const Event& event, const PhaseEntered& entered) {
  if (entered.phase == TransactionPhase::kAborting ||
      entered.phase == TransactionPhase::kRollingBack) {
    ERIS_TRY(settle_targets_.Run(event.transaction.value));
  }
  return set_phase_.Run(event.transaction.value, entered.phase);
}

// What is out is asked of the planner, never of the tables.
Status JournalProjection::Project(const Event&, const ItemsPublished&) { return {}; }

Status JournalProjection::Project(const Event& event, const ItemSettled& settled) {
  const PublishedItem& item = settled.item;
  return settle_item_.Run(event.transaction.value, item.index.value, item.grade.direction,
                          item.grade.attempt, event.sequence.value);
}

Status JournalProjection::Project(const Event& event, const GenerationCommitted& committed) {
  ERIS_TRY(insert_generation_.Run(event.transaction.value, committed.profile.text,
                                  committed.generation.value, event.at.ms));
  return set_generation_.Run(event.transaction.value, committed.generation.value);
}

Status JournalProjection::Project(const Event& event, const TransactionEnded& ended) {
  return end_.Run(event.transaction.value, TransactionPhase::kEnded, ended.result, ended.message,
                  event.at.ms, ended.locked_ms);
}

Status JournalProjection::Project(const Event& event, const RollbackResumed&) {
  return resume_.Run(event.transaction.value, TransactionPhase::kRollingBack);
}

Status JournalProjection::Project(const Event& event, const TargetVerified& verified) {
  sqlite::Statement& change =
      verified.verdict == TargetVerified::Verdict::kUnverified ? set_aside_ : settle_target_;
  return change.Run(event.transaction.value, verified.target.text);
}

Status JournalProjection::Project(const Event& event, const Abandoned& abandoned) {
  if (abandoned.target.empty()) return settle_targets_.Run(event.transaction.value);
  return settle_target_.Run(event.transaction.value, abandoned.target.text);
}

// What retention has left for their sake is looked at again.
Status JournalProjection::Project(const Event&, const GenerationsDeleted& deleted) {
  for (const auto& [generation, transaction] : deleted.generations) {
    ERIS_TRY(delete_generation_.Run(deleted.profile.text, generation.value));
    ERIS_TRY(unmark_pruned_.Run(transaction.value));
  }
  return {};
}

Status JournalProjection::Project(const Event&, const CancelRequested&) { return {}; }

Status JournalProjection::Project(const Event&, const TransactionPaused&) { return {}; }

Status JournalProjection::Project(const Event&, const TransactionResumed&) { return {}; }

}  // namespace eris
