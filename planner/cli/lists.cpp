#include "planner/cli/lists.h"

#include <fmt/format.h>

#include <algorithm>
#include <ctime>
#include <variant>

#include "planner/cli/progress.h"
#include "planner/cli/progress_text.h"
#include "planner/plan/plan_text.h"
#include "schema/base/text.h"

namespace eris::cli {
namespace {

constexpr std::size_t kShortHash = 12;

using Rows = std::vector<std::vector<std::string>>;

std::string Lines(const std::vector<std::string>& lines) {
  std::string text;
  for (const std::string& line : lines) text += line + "\n";
  return text;
}

std::string Age(WallTime since, WallTime now) {
  return since.ms == 0 ? "-" : DurationText(Duration(now.ms - since.ms));
}

// "committed as generation 3", "switching, 12 of 30 steps".
std::string StandingText(const TransactionStatus& status) {
  if (status.result) {
    const bool is_operation = *status.result == TransactionResult::kCommitted && !status.generation;
    std::string text(is_operation ? "done" : ToString(*status.result));
    if (status.generation) text += fmt::format(" as generation {}", status.generation.value);
    return text;
  }
  std::string text(ToString(status.phase));
  if (status.items_total > 0) {
    text += fmt::format(", {} of {} steps", status.items_done, status.items_total);
  }
  return text;
}

// "0.42 of 8": the mean number of busy threads, and the cores there are.
std::string LoadText(const Vitals& vitals) {
  constexpr double kMilli = 1000;
  return fmt::format("{:.2f} of {}", vitals.load_milli / kMilli, vitals.cores);
}

std::string SpaceText(std::uint64_t bytes) {
  constexpr double kGibi = 1024.0 * 1024.0 * 1024.0;
  return fmt::format("{:.1f} GiB", static_cast<double>(bytes) / kGibi);
}

std::string Cell(const std::string& text) { return text.empty() ? "-" : text; }

std::string StateText(const ActiveMapping& mapping) {
  switch (mapping.state) {
    case ActiveMapping::State::kActive:
      return "active";
    case ActiveMapping::State::kInactive:
      return "inactive";
    case ActiveMapping::State::kIndeterminate:
      return "indeterminate";
  }
  return "indeterminate";
}

std::string EventWord(const Event& event) {
  constexpr const char* kWords[] = {"planner started", "submitted", "planned", "phase",
                                    "published",       "settled",   "cancel",  "verified",
                                    "generation",      "ended",     "resumed", "abandoned",
                                    "superseded",      "paused",    "goes on", "deleted"};
  static_assert(std::size(kWords) == std::variant_size_v<EventBody::variant>);
  return kWords[event.body.index()];
}

std::string EventDetail(const Event& event) {
  if (const auto* accepted = std::get_if<SubmissionAccepted>(&event.body)) {
    return fmt::format("profile {} by {}", accepted->submission.profile.text,
                       Cell(accepted->submission.author));
  }
  if (const auto* published = std::get_if<ItemsPublished>(&event.body)) {
    return fmt::format("{} steps", published->items.size());
  }
  if (const auto* settled = std::get_if<ItemSettled>(&event.body)) {
    std::string text =
        fmt::format("step {} {}", settled->item.index.value, ToString(settled->outcome.verdict));
    if (settled->item.grade.direction == Direction::kInverse) text += " (undo)";
    if (!settled->outcome.message.empty()) text += ": " + settled->outcome.message;
    return text;
  }
  if (const auto* committed = std::get_if<GenerationCommitted>(&event.body)) {
    return fmt::format("{} of profile {}", committed->generation.value, committed->profile.text);
  }
  if (const auto* ended = std::get_if<TransactionEnded>(&event.body)) {
    std::string text(ToString(ended->result));
    return ended->message.empty() ? text : text + ": " + ended->message;
  }
  if (const auto* started = std::get_if<PlannerStarted>(&event.body)) {
    return fmt::format("epoch {}", started->epoch.value);
  }
  if (const auto* superseded = std::get_if<PlannerSuperseded>(&event.body)) {
    return fmt::format("stopped: epoch {} has been seen", superseded->seen.epoch.value);
  }
  if (const auto* deleted = std::get_if<GenerationsDeleted>(&event.body)) {
    std::string text = "of profile " + deleted->profile.text + ":";
    for (const auto& [generation, made_by] : deleted->generations) {
      text += fmt::format(" {}", generation.value);
    }
    return text;
  }
  const std::vector<std::string> lines = LinesOf(Progress(), event);
  return lines.empty() ? "" : lines.front();
}

}  // namespace

std::string TableText(const Rows& rows) {
  std::vector<std::size_t> widths;
  for (const auto& row : rows) {
    widths.resize(std::max(widths.size(), row.size()));
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  std::string text;
  for (const auto& row : rows) {
    std::string line;
    for (std::size_t i = 0; i < row.size(); ++i) {
      if (i > 0) line += "  ";
      line += row[i];
      if (i + 1 < row.size()) line.append(widths[i] - row[i].size(), ' ');
    }
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + "\n";
  }
  return text;
}

std::optional<WallTime> ParseTime(std::string_view text) {
  const std::string whole(text);
  for (const char* const format : {"%Y-%m-%d %H:%M:%SZ", "%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%d"}) {
    std::tm parts{};
    const char* const end = ::strptime(whole.c_str(), format, &parts);
    if (end == nullptr || *end != '\0') continue;
    constexpr std::int64_t kSecond = 1'000;
    return WallTime{::timegm(&parts) * kSecond};
  }
  return std::nullopt;
}

std::string TimeText(WallTime time) {
  if (time.ms == 0) return "-";
  constexpr std::int64_t kPerSecond = 1'000;
  const std::time_t seconds = time.ms / kPerSecond;
  std::tm parts{};
  ::gmtime_r(&seconds, &parts);
  constexpr std::size_t kRoom = 32;
  char text[kRoom];
  const std::size_t length = std::strftime(text, kRoom, "%Y-%m-%d %H:%M:%SZ", &parts);
  return {text, length};
}

std::string StatusText(std::span<const TransactionStatus> transactions, WallTime now) {
  if (transactions.empty()) return "no transactions\n";
  std::vector<std::string> lines;
  for (const TransactionStatus& status : transactions) {
    lines.push_back(fmt::format("transaction {}: {} of profile {} by {}: {}",
                                status.transaction.value, Cell(status.action), status.profile.text,
                                Cell(status.author), StandingText(status)));
    if (!status.message.empty()) lines.push_back("  " + status.message);
    if (status.result) {
      lines.push_back(fmt::format("  ended {}, took {}", TimeText(status.ended_at),
                                  Age(status.submitted_at, status.ended_at)));
    } else {
      lines.push_back(fmt::format("  submitted {}, {} ago", TimeText(status.submitted_at),
                                  Age(status.submitted_at, now)));
      if (!status.plan_hash.empty()) lines.push_back("  " + SummaryLine(status.summary));
    }
    for (const std::string& wait : status.waiting_for) lines.push_back("  waiting for " + wait);
  }
  return Lines(lines);
}

std::string HistoryText(std::span<const TransactionStatus> transactions) {
  if (transactions.empty()) return "no transactions\n";
  Rows rows{{"TX", "SUBMITTED", "PROFILE", "ACTION", "BY", "PLAN", "OUTCOME", "LOCKED", "MESSAGE"}};
  for (const TransactionStatus& status : transactions) {
    rows.push_back({std::to_string(status.transaction.value), TimeText(status.submitted_at),
                    status.profile.text, Cell(status.action), Cell(status.author),
                    Cell(status.plan_hash.substr(0, kShortHash)), StandingText(status),
                    status.locked_ms > 0 ? DurationText(Duration(status.locked_ms)) : "-",
                    status.message});
  }
  return TableText(rows);
}

std::string EventsText(std::span<const Event> events) {
  if (events.empty()) return "no events\n";
  Rows rows{{"EVENT", "AT", "TX", "WHAT", "DETAIL"}};
  for (const Event& event : events) {
    rows.push_back({std::to_string(event.sequence.value), TimeText(event.at),
                    event.transaction ? std::to_string(event.transaction.value) : "-",
                    EventWord(event), EventDetail(event)});
  }
  return TableText(rows);
}

std::string GenerationsText(std::span<const GenerationInfo> generations) {
  if (generations.empty()) return "no generations\n";
  Rows rows{{"PROFILE", "GENERATION", "COMMITTED", "TX", "BY", "MAPPINGS", "TARGETS", ""}};
  for (const GenerationInfo& info : generations) {
    rows.push_back({info.profile.text, std::to_string(info.generation.value),
                    TimeText(info.committed_at), std::to_string(info.transaction.value),
                    Cell(info.author), std::to_string(info.mappings), std::to_string(info.targets),
                    info.standing == GenerationInfo::Standing::kCurrent ? "current" : ""});
  }
  return TableText(rows);
}

std::string TargetsText(std::span<const TargetInfo> targets, WallTime now) {
  if (targets.empty()) return "no workers\n";
  Rows rows{{"QUEUE", "STATE", "FOR", "WORKER", "VERSION", "LOAD", "FREE IN STORE",
             "FREE FOR STATE", "LEASED BY", "STEPS"}};
  std::string waits;
  for (const TargetInfo& info : targets) {
    const Vitals* vitals = info.vitals ? &*info.vitals : nullptr;
    rows.push_back({info.queue, info.state == Presence::State::kConnected ? "connected" : "absent",
                    Age(info.since, now), Cell(info.worker), Cell(info.software),
                    vitals == nullptr ? "-" : LoadText(*vitals),
                    vitals == nullptr ? "-" : SpaceText(vitals->store_free_bytes),
                    vitals == nullptr ? "-" : SpaceText(vitals->state_free_bytes),
                    info.leased_by ? fmt::format("transaction {}", info.leased_by.value) : "-",
                    std::to_string(info.items_in_flight)});
    for (const std::string& wait : info.waiting_for) {
      waits += fmt::format("{}: {}\n", info.queue, wait);
    }
  }
  return TableText(rows) + waits;
}

std::string HeldText(std::span<const HeldTarget> held, WallTime now) {
  if (held.empty()) return "nothing is held\n";
  Rows rows{{"TARGET", "HELD BY", "OF", "SINCE", "FOR", "STANDING"}};
  for (const HeldTarget& row : held) {
    rows.push_back({row.target.text, fmt::format("transaction {}", row.transaction.value),
                    Cell(row.author), TimeText(row.since), Age(row.since, now), row.standing});
  }
  return TableText(rows);
}

std::string LogsText(std::span<const LogEntry> entries) {
  if (entries.empty()) return "no step has ended yet\n";
  std::string text;
  for (const LogEntry& entry : entries) {
    const bool is_back = entry.grade.direction == Direction::kInverse;
    text += fmt::format("step {} {}{} on {}, attempt {}: {} after {}\n", entry.item.index.value,
                        is_back ? "undo: " : "", entry.item.subject, entry.item.queue,
                        entry.grade.attempt, ToString(entry.outcome.verdict),
                        DurationText(Duration(entry.outcome.took_ms)));
    if (!entry.outcome.message.empty()) text += "  " + entry.outcome.message + "\n";
    if (entry.outcome.log_tail.empty()) continue;
    for (const std::string_view line : Split(Trim(entry.outcome.log_tail), '\n')) {
      text += "  | " + std::string(line) + "\n";
    }
  }
  return text;
}

std::string AnswersText(std::span<const TargetAnswer> answers) {
  if (answers.empty()) return "no targets\n";
  std::string text;
  for (const TargetAnswer& answer : answers) {
    const auto* report = std::get_if<TargetReport>(&answer.outcome.report);
    if (report == nullptr) {
      text += fmt::format("{}: no answer: {}\n", answer.target.text,
                          answer.outcome.message.empty() ? ToString(answer.outcome.verdict)
                                                         : answer.outcome.message);
      continue;
    }
    text += fmt::format("{}: {}\n", answer.target.text,
                        report->profile.empty() ? "no profile" : report->profile.text);
    Rows rows;
    for (const ActiveMapping& mapping : report->mappings) {
      rows.push_back({"  " + mapping.service_name.text, mapping.container.text, StateText(mapping),
                      mapping.package.text});
    }
    text += rows.empty() ? "  nothing is active\n" : TableText(rows);
  }
  return text;
}

std::string KeysText(std::span<const NamedKey> keys) {
  if (keys.empty()) return "no keys\n";
  Rows rows{{"NAME", "ROLE", "LEVEL", "MAY", "KEY"}};
  for (const auto& [public_key, grant] : keys) {
    const bool is_client = grant.role == Role::kClient;
    const std::string may =
        is_client
            ? "profiles " + Join(grant.profiles, ",") + ", targets " + Join(grant.targets, ",") +
                  (grant.diagnose.empty() ? "" : ", shells on ") + Join(grant.diagnose, ",")
            : Cell(Join(grant.queues, ","));
    rows.push_back({grant.name, std::string(ToString(grant.role)),
                    is_client ? std::string(ToString(grant.level)) : "-", may, public_key});
  }
  return TableText(rows);
}

std::string SnapshotsText(std::span<const StoredSnapshot> snapshots) {
  if (snapshots.empty()) return "no snapshots\n";
  Rows rows{{"SNAPSHOT", "GENERATION", "BYTES", "TAKEN"}};
  for (const StoredSnapshot& one : snapshots) {
    std::string generation = one.generation == 0 ? "base" : std::to_string(one.generation);
    if (!one.increment_of.empty()) generation += " (increment)";
    rows.push_back(
        {one.reference, std::move(generation), std::to_string(one.bytes), TimeText(one.taken)});
  }
  return TableText(rows);
}

std::string ManifestText(const Manifest& manifest) {
  if (manifest.mappings.empty()) return "nothing is mapped to any target\n";
  Rows rows{{"TARGET", "CONTAINER", "SERVICE", "PACKAGE"}};
  for (const Mapping& mapping : manifest.mappings) {
    const Service& service = manifest.services.at(mapping.service);
    rows.push_back(
        {mapping.target.text, mapping.container.text, service.name.text, service.package.text});
  }
  return TableText(rows);
}

}  // namespace eris::cli
