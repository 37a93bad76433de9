#include "planner/event_log.h"

#include <string>
#include <variant>

namespace eris::planner {
namespace {

struct Writer {
  Log& log;
  std::uint64_t transaction;

  void operator()(const PlannerStarted& event) const {
    log.Info("planner.epoch", {{"epoch", event.epoch.value}});
  }
  void operator()(const PlannerSuperseded& event) const {
    log.Error("planner.superseded", {{"epoch", event.seen.epoch.value},
                                     {"event", event.seen.event.value},
                                     {"transaction", event.seen.transaction.value}});
  }
  void operator()(const SubmissionAccepted& event) const {
    log.Info("transaction.accepted", {{"transaction", transaction},
                                      {"profile", event.submission.profile.text},
                                      {"submission", event.submission.id.text},
                                      {"author", event.submission.author}});
  }
  void operator()(const TransactionPlanned& event) const {
    log.Info("transaction.planned", {{"transaction", transaction},
                                     {"items", event.plan.items.size()},
                                     {"hash", event.plan_hash}});
  }
  void operator()(const PhaseEntered& event) const {
    const LogLevel level = event.why.empty() ? LogLevel::kInfo : LogLevel::kWarn;
    const LogField fields[] = {
        {"transaction", transaction}, {"phase", ToString(event.phase)}, {"why", event.why}};
    if (log.Enabled(level)) log.Write(level, "transaction.phase", fields);
  }
  void operator()(const ItemsPublished& event) const {
    log.Debug("items.published", {{"transaction", transaction}, {"items", event.items.size()}});
  }
  void operator()(const ItemSettled& event) const {
    const bool succeeded = event.outcome.verdict == Verdict::kSucceeded;
    const LogLevel level = succeeded ? LogLevel::kInfo : LogLevel::kWarn;
    const bool forward = event.item.grade.direction == Direction::kForward;
    const LogField fields[] = {{"transaction", transaction},
                               {"item", event.item.index.value},
                               {"direction", forward ? "forward" : "inverse"},
                               {"attempt", event.item.grade.attempt},
                               {"verdict", ToString(event.outcome.verdict)},
                               {"took_ms", event.outcome.took_ms},
                               {"message", event.outcome.message}};
    if (log.Enabled(level)) log.Write(level, "item.settled", fields);
  }
  void operator()(const CancelRequested& event) const {
    log.Info("transaction.cancel",
             {{"transaction", transaction}, {"author", event.author}, {"reason", event.reason}});
  }
  void operator()(const TargetVerified& event) const {
    const bool verified = event.verdict == TargetVerified::Verdict::kVerified;
    const LogLevel level = verified ? LogLevel::kInfo : LogLevel::kError;
    std::string differences;
    for (const std::string& line : event.differences) {
      differences += differences.empty() ? line : "; " + line;
    }
    const LogField fields[] = {{"transaction", transaction},
                               {"target", event.target.text},
                               {"verified", verified},
                               {"differences", differences}};
    if (log.Enabled(level)) log.Write(level, "target.verified", fields);
  }
  void operator()(const GenerationCommitted& event) const {
    log.Info("generation.committed", {{"transaction", transaction},
                                      {"profile", event.profile.text},
                                      {"generation", event.generation.value}});
  }
  void operator()(const TransactionEnded& event) const {
    const bool needs_a_person = event.result == TransactionResult::kStuck ||
                                event.result == TransactionResult::kCommittedStillLocked;
    const LogLevel level = needs_a_person ? LogLevel::kError : LogLevel::kInfo;
    const LogField fields[] = {{"transaction", transaction},
                               {"result", ToString(event.result)},
                               {"message", event.message}};
    if (log.Enabled(level)) log.Write(level, "transaction.ended", fields);
  }
  void operator()(const RollbackResumed& event) const {
    log.Info("transaction.resumed", {{"transaction", transaction}, {"author", event.author}});
  }
  void operator()(const TransactionPaused& event) const {
    log.Info("transaction.paused",
             {{"transaction", transaction}, {"after", ToString(event.after)}});
  }
  void operator()(const TransactionResumed& event) const {
    log.Info(
        "transaction.goes_on",
        {{"transaction", transaction}, {"author", event.author}, {"until", ToString(event.until)}});
  }
  void operator()(const GenerationsDeleted& event) const {
    for (const auto& [generation, made_by] : event.generations) {
      log.Info("generation.deleted", {{"transaction", transaction},
                                      {"profile", event.profile.text},
                                      {"generation", generation.value}});
    }
  }
  void operator()(const Abandoned& event) const {
    log.Warn(
        "transaction.abandoned",
        {{"transaction", transaction}, {"author", event.author}, {"target", event.target.text}});
  }
};

}  // namespace

void WriteEvent(Log& log, const Event& event) {
  std::visit(Writer{log, event.transaction.value}, event.body);
}

}  // namespace eris::planner
