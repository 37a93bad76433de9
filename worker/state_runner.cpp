#include "worker/state_runner.h"

#include <optional>
#include <string_view>
#include <utility>

#include "schema/base/process.h"
#include "schema/base/text.h"

namespace eris {
namespace {

constexpr Duration kLookLimit{120'000};

// "REFERENCE BYTES"; nothing is no snapshot.
std::optional<SnapshotReport> ReadReport(std::string_view text) {
  const std::string_view line = Trim(text);
  if (line.empty()) return SnapshotReport{};
  const std::size_t blank = line.find(' ');
  if (blank == std::string_view::npos) return std::nullopt;
  const auto bytes = ParseUnsigned(line.substr(blank + 1));
  if (!bytes) return std::nullopt;
  return SnapshotReport{.snapshot = std::string(line.substr(0, blank)), .bytes = *bytes};
}

Outcome OutcomeOf(const CommandsResult& result) {
  if (!result.success) {
    const std::string_view told = Trim(result.stderr_tail);
    return {.verdict = Verdict::kFailed,
            .message = told.empty() ? result.failure : std::string(told.substr(0, told.find('\n'))),
            .log_tail = result.stderr_tail};
  }
  auto report = ReadReport(result.stdout_text);
  if (!report) {
    return {.verdict = Verdict::kFailed, .message = "dysnomia said something else than a snapshot"};
  }
  return {.verdict = Verdict::kSucceeded, .report = std::move(*report)};
}

}  // namespace

void StateRunner::Run(const ItemId& id, std::vector<std::string> words, Duration limit, Done done) {
  std::vector<std::string> argv{options_.dysnomia.string(), "--snapshots"};
  argv.insert(argv.end(), std::make_move_iterator(words.begin()),
              std::make_move_iterator(words.end()));
  running_[id] = commands_.Run(
      {.argvs = {std::move(argv)}, .environment = CurrentEnvironment(), .limit = limit},
      [this, id, done = std::move(done)](const CommandsResult& result) {
        running_.erase(id);
        done(OutcomeOf(result));
      });
}

void StateRunner::Transfer(const ItemId& id, const TransferStateItem& item, Duration limit,
                           Done done) {
  using Way = TransferStateItem::Way;
  const auto later = [&](Outcome outcome) {
    loop_.After(Duration(0),
                [done = std::move(done), outcome = std::move(outcome)] { done(outcome); });
  };
  if (item.snapshot.empty()) {
    return later({.verdict = Verdict::kSucceeded, .report = SnapshotReport{}});
  }
  if (item.way != Way::kWithin && options_.depot_dir.empty()) {
    return later({.verdict = Verdict::kFailed,
                  .message = "this worker knows no depot for snapshots: set depot_dir"});
  }
  const std::string depot = options_.depot_dir / item.profile.text;
  const std::string here = options_.state_dir;
  Run(id,
      {"copy", item.way == Way::kFromDepot ? depot : here, item.snapshot,
       item.way == Way::kToDepot ? depot : here, item.container.text, item.component.text},
      limit, std::move(done));
}

void StateRunner::Select(const ItemId& id, const RestoreItem& item, Done done) {
  Run(id, {"select", options_.state_dir.string(), item.snapshot}, kLookLimit,
      [done = std::move(done)](Outcome outcome) {
        outcome.report = {};
        done(std::move(outcome));
      });
}

void StateRunner::NameTaken(const ItemId& id, const Activity& activity, Outcome outcome,
                            Done done) {
  Run(id, {"newest", options_.state_dir.string(), activity.container.text, activity.component.text},
      kLookLimit, [outcome = std::move(outcome), done = std::move(done)](Outcome named) mutable {
        if (named.verdict == Verdict::kSucceeded) {
          outcome.report = std::move(named.report);
          named = std::move(outcome);
        }
        done(std::move(named));
      });
}

void StateRunner::Stop(const ItemId& id) {
  const auto running = running_.find(id);
  if (running != running_.end()) commands_.Stop(running->second);
}

}  // namespace eris
