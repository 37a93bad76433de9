#include "planner/cli/progress_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <string_view>
#include <variant>

#include "planner/plan/plan_text.h"
#include "schema/base/overloaded.h"
#include "schema/base/text.h"

namespace eris::cli {
namespace {

using State = ItemProgress::State;
constexpr std::size_t kLogLines = 25;

std::string_view PlaceOf(std::string_view queue) {
  constexpr std::string_view kTarget = "target.";
  return queue.starts_with(kTarget) ? queue.substr(kTarget.size()) : queue;
}

std::string StepText(const ItemProgress& item) {
  const bool is_back = item.state == State::kUndoing || item.state == State::kUndone;
  return (is_back ? "undo: " : "") + item.outline.subject;
}

// Cut to the width in bytes, never within a character.
std::string Fit(std::string text, std::size_t columns) {
  if (text.size() <= columns) return text;
  std::size_t end = columns > 1 ? columns - 1 : columns;
  constexpr unsigned kContinuationMask = 0xC0;
  constexpr unsigned kContinuation = 0x80;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & kContinuationMask) == kContinuation) {
    --end;
  }
  text.resize(end);
  return text + (columns > 1 ? "~" : "");
}

std::string Headline(const Progress& progress) {
  const std::uint32_t running =
      progress.CountOf(State::kRunning) + progress.CountOf(State::kUndoing);
  std::string line =
      fmt::format("transaction {}: {}", progress.transaction().value, ToString(progress.phase()));
  if (progress.total() > 0) {
    line += fmt::format(", {} of {} steps done", progress.CountOf(State::kDone), progress.total());
  }
  if (const std::uint32_t undone = progress.CountOf(State::kUndone); undone > 0) {
    line += fmt::format(", {} undone", undone);
  }
  if (running > 0) line += fmt::format(", {} running", running);
  return line;
}

std::string QueueLine(const Progress& progress, std::string_view place, const QueueProgress& counts,
                      SteadyTime now) {
  const std::uint32_t total =
      counts.done + counts.running + counts.waiting + counts.failed + counts.undone;
  std::string line = fmt::format("  {} {:>4}/{:<4}", place, counts.done, total);
  if (counts.current) {
    const ItemProgress& item = *progress.Find(*counts.current);
    line += fmt::format(" {}, {}", StepText(item), DurationText(now - item.since));
    if (counts.running > 1) line += fmt::format(" (and {} more)", counts.running - 1);
  } else if (counts.failed > 0) {
    line += fmt::format(" {} failed", counts.failed);
  } else {
    line += counts.waiting > 0 ? " waiting" : " done";
  }
  return line;
}

std::vector<std::string> LogTail(const Outcome& outcome) {
  const std::vector<std::string_view> all = Split(Trim(outcome.log_tail), '\n');
  std::vector<std::string> lines;
  if (outcome.log_tail.empty()) return lines;
  for (std::size_t i = all.size() > kLogLines ? all.size() - kLogLines : 0; i < all.size(); ++i) {
    lines.push_back("    | " + std::string(all[i]));
  }
  return lines;
}

std::string FailureLine(const Progress& progress, const FailedStep& failure) {
  const ItemProgress* item = progress.Find(failure.item);
  std::string subject = item != nullptr ? item->outline.subject : std::string();
  if (subject.empty()) subject = fmt::format("step {}", failure.item.value);
  const std::string_view place = item != nullptr ? PlaceOf(item->outline.queue) : "";
  std::string line = failure.direction == Direction::kForward ? "failed: " : "failed to undo: ";
  line += subject;
  if (!place.empty()) line += fmt::format(" on {}", place);
  std::string message = failure.outcome.message;
  if (message.empty()) message = std::string(ToString(failure.outcome.verdict));
  return line + ": " + message;
}

std::vector<std::string> SettledLines(const Progress& progress, const ItemSettled& event) {
  const ItemProgress* item = progress.Find(event.item.index);
  if (item == nullptr) return {};
  if (item->state == State::kFailed && !progress.failures().empty()) {
    return {FailureLine(progress, progress.failures().back())};  // its log comes with the ending
  }
  if (item->outline.phase != PlanPhase::kSwitch) return {};
  if (item->state != State::kDone && item->state != State::kUndone) return {};
  return {fmt::format("{} on {} ({})", StepText(*item), PlaceOf(item->outline.queue),
                      DurationText(Duration(event.outcome.took_ms)))};
}

std::string VerifiedLine(const TargetVerified& event) {
  switch (event.verdict) {
    case TargetVerified::Verdict::kVerified:
      return fmt::format("{} runs what it ran before", event.target.text);
    case TargetVerified::Verdict::kUnverified:
      return fmt::format("{} did not answer: what it runs is unverified", event.target.text);
    case TargetVerified::Verdict::kDiffers:
      break;
  }
  return fmt::format("{} differs from before: {}", event.target.text,
                     Join(event.differences, "; "));
}

// What to do about an ending that is not the wished one.
std::string Advice(const TransactionStatus& status) {
  const std::uint64_t tx = status.transaction.value;
  switch (*status.result) {
    case TransactionResult::kCommitted:
    case TransactionResult::kUnchanged:
    case TransactionResult::kInvalid:
    case TransactionResult::kAbandoned:
    case TransactionResult::kSuperseded:
      return {};
    case TransactionResult::kCommittedStillLocked:
      return fmt::format("unlocking goes on by itself: eris status {}", tx);
    case TransactionResult::kAborted:
    case TransactionResult::kRolledBack:
      return fmt::format("more: eris logs {}; again: eris retry {}", tx, tx);
    case TransactionResult::kStuck:
      return fmt::format("mend the cause, then eris retry {}; or give it up: eris abandon {}", tx,
                         tx);
  }
  return {};
}

std::string Counts(const PlanSummary& summary) {
  std::string text =
      fmt::format("{} activated, {} deactivated", summary.activate, summary.deactivate);
  if (summary.bounced > 0) text += fmt::format(", {} restarted", summary.bounced);
  return text + fmt::format(", {} kept", summary.kept);
}

// Nothing went down or up.
bool IsStill(const PlanSummary& summary) {
  return summary.activate == 0 && summary.deactivate == 0 && summary.bounced == 0;
}

// What an operation has done: nothing was activated by it. With a verb: what was done of that.
std::string Doings(const Progress& progress, std::string_view verb = {}) {
  constexpr std::size_t kMostSubjects = 10;
  std::map<std::string, std::vector<std::string>> places;  // by subject
  for (const ItemProgress& item : progress.items()) {
    if (item.state != State::kDone || (!verb.empty() && item.outline.verb != verb)) continue;
    places[item.outline.subject].emplace_back(PlaceOf(item.outline.queue));
  }
  std::vector<std::string> doings;
  for (auto& [subject, where] : places) {
    const bool few = where.size() <= kMostSubjects;
    const std::string on = few ? Join(where, ", ") : fmt::format("{} targets", where.size());
    if (doings.size() < kMostSubjects) doings.push_back(subject + " on " + on);
  }
  if (places.size() > doings.size()) {
    doings.push_back(fmt::format("and {} more", places.size() - doings.size()));
  }
  return Join(doings, "; ");
}

// The line of an end that was planned and changed something, or was to.
std::string EndLine(const TransactionStatus& status, const Progress& progress) {
  const TransactionResult result = *status.result;
  const bool is_committed =
      result == TransactionResult::kCommitted || result == TransactionResult::kCommittedStillLocked;
  const bool is_done = is_committed && !status.generation && progress.is_operation();
  std::string line = is_done ? "done" : std::string(ToString(result));
  if (status.generation) line += fmt::format(" as generation {}", status.generation.value);
  line += " after " + DurationText(Duration(status.ended_at.ms - status.submitted_at.ms));
  if (status.locked_ms > 0) line += ", locked for " + DurationText(Duration(status.locked_ms));
  std::string what;
  if (is_done) {
    what = Doings(progress);
  } else if (is_committed && !status.generation && IsStill(status.summary)) {
    what = Doings(progress, "transfer");  // states were only brought to where they belong
    if (!what.empty()) what = "brought " + what;
  } else if (is_committed) {
    what = Counts(status.summary);
  }
  if (!what.empty()) line += ": " + what;
  if (!status.message.empty()) line += (what.empty() ? ": " : "; ") + status.message;
  return line;
}

}  // namespace

std::string DurationText(Duration duration) {
  const std::int64_t ms = std::max<std::int64_t>(0, duration.count());
  constexpr std::int64_t kSecond = 1'000;
  constexpr std::int64_t kMinute = 60 * kSecond;
  if (ms < kSecond) return fmt::format("{} ms", ms);
  if (ms < kMinute) return fmt::format("{}.{} s", ms / kSecond, ms % kSecond / (kSecond / 10));
  return fmt::format("{} min {:02} s", ms / kMinute, ms % kMinute / kSecond);
}

std::vector<std::string> ScreenOf(const Progress& progress, SteadyTime now, ScreenSize size) {
  std::vector<std::string> lines{Headline(progress)};
  const auto& status = progress.status();
  const std::size_t waits = status ? status->waiting_for.size() : 0;
  const std::size_t room = size.rows > waits + 3 ? size.rows - waits - 3 : 1;
  std::vector<std::string> idle;
  std::size_t hidden = 0;
  const auto add = [&](std::string line) {
    if (lines.size() <= room) {
      lines.push_back(std::move(line));
    } else {
      ++hidden;
    }
  };
  const std::map<std::string, QueueProgress> queues = progress.Queues();
  std::size_t width = 0;
  for (const auto& [queue, counts] : queues) width = std::max(width, PlaceOf(queue).size());
  const auto place = [width](const std::string& queue) {
    return fmt::format("{:<{}}", PlaceOf(queue), width);
  };
  for (const auto& [queue, counts] : queues) {  // the busy ones first
    if (counts.running > 0) add(QueueLine(progress, place(queue), counts, now));
  }
  for (const auto& [queue, counts] : queues) {
    if (counts.running == 0) add(QueueLine(progress, place(queue), counts, now));
  }
  if (hidden > 0) lines.push_back(fmt::format("  and {} more", hidden));
  if (status) {
    for (const std::string& wait : status->waiting_for) lines.push_back("waiting for " + wait);
  }
  if (lines.size() > size.rows) lines.resize(std::max<std::size_t>(size.rows, 1));
  for (std::string& line : lines) line = Fit(std::move(line), size.columns);
  return lines;
}

std::vector<std::string> LinesOf(const Progress& progress, const Event& event) {
  using Lines = std::vector<std::string>;
  return std::visit(
      Overloaded{
          [&](const SubmissionAccepted&) {
            return Lines{fmt::format("transaction {}", event.transaction.value)};
          },
          [&](const TransactionPlanned& e) {
            return progress.is_operation() ? Lines{} : Lines{SummaryLine(e.plan.summary)};
          },
          [](const PhaseEntered& e) {
            if (e.phase == TransactionPhase::kEnded) return Lines{};
            std::string line(ToString(e.phase));
            if (!e.why.empty()) line += ": " + e.why;
            return Lines{std::move(line)};
          },
          [&](const ItemSettled& e) { return SettledLines(progress, e); },
          [](const CancelRequested& e) {
            return Lines{"cancelled by " + e.author + (e.reason.empty() ? "" : ": " + e.reason)};
          },
          [](const TargetVerified& e) { return Lines{VerifiedLine(e)}; },
          [](const RollbackResumed& e) { return Lines{"resumed by " + e.author}; },
          [](const Abandoned& e) { return Lines{"given up by " + e.author}; },
          [](const TransactionPaused& e) {
            return Lines{"stopped after " + std::string(ToString(e.after))};
          },
          [](const TransactionResumed& e) { return Lines{"goes on, by " + e.author}; },
          // The ending tells about these.
          [](const PlannerStarted&) { return Lines{}; },
          [](const PlannerSuperseded&) { return Lines{}; },
          [](const ItemsPublished&) { return Lines{}; },
          [](const GenerationCommitted&) { return Lines{}; },
          [](const TransactionEnded&) { return Lines{}; },
          [](const GenerationsDeleted&) { return Lines{}; },
      },
      event.body);
}

std::vector<std::string> EndingOf(const TransactionStatus& status, const Progress& progress) {
  std::vector<std::string> lines;
  if (!status.result) return lines;
  const TransactionResult result = *status.result;
  std::string line;
  const bool was_planned = !status.plan_hash.empty() || status.message.empty();
  if (result == TransactionResult::kCommitted && !was_planned) {
    line = status.message;  // it tells what was done
  } else if (result == TransactionResult::kUnchanged) {
    line = "unchanged: this is what runs already; nothing was done";
  } else {
    line = EndLine(status, progress);
  }
  lines.push_back(std::move(line));
  const bool is_good =
      result == TransactionResult::kCommitted || result == TransactionResult::kUnchanged;
  if (!is_good) {
    for (const FailedStep& failure : progress.failures()) {
      lines.push_back(FailureLine(progress, failure));
      for (std::string& tail : LogTail(failure.outcome)) lines.push_back(std::move(tail));
    }
    for (const TargetVerified& target : progress.unverified()) {
      lines.push_back(VerifiedLine(target));
    }
  }
  if (std::string advice = Advice(status); !advice.empty()) lines.push_back(std::move(advice));
  return lines;
}

}  // namespace eris::cli
