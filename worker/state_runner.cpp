#include "worker/state_runner.h"

#include <optional>
#include <string_view>
#include <utility>

#include "schema/base/files.h"
#include "schema/base/process.h"
#include "schema/base/text.h"
#include "schema/values/base_snapshot.h"
#include "state/snapshots/needs.h"

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

StateRunner::StateRunner(StateRunnerOptions options, link::Loop& loop, DepotClient::Dial dial)
    : options_(std::move(options)), commands_(options_.work_dir, loop), loop_(loop) {
  if (dial) depot_.emplace(std::move(dial), loop);
}

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

Outcome StateRunner::Needed(const ItemId& id, Outcome outcome) const {
  const auto* report = std::get_if<SnapshotReport>(&outcome.report);
  if (outcome.verdict != Verdict::kSucceeded || report == nullptr || report->snapshot.empty()) {
    return outcome;
  }
  const auto name = snapshots::ParseReference(report->snapshot);
  const Status added =
      name ? snapshots::SnapshotNeeds(options_.state_dir).Add(id.step.transaction.value, *name)
           : Status(tl::unexpected(name.error()));
  if (added) return outcome;
  return {.verdict = Verdict::kUnavailable, .message = added.error().message};
}

Status StateRunner::DropNeeds(const std::function<bool(TransactionId)>& is_meant) {
  return snapshots::SnapshotNeeds(options_.state_dir).Drop([&](std::uint64_t transaction) {
    return is_meant(TransactionId{transaction});
  });
}

void StateRunner::Later(Done done, Outcome outcome) {
  loop_.After(Duration(0),
              [done = std::move(done), outcome = std::move(outcome)] { done(outcome); });
}

void StateRunner::Transfer(const ItemAt& at, const TransferStateItem& item, Duration limit,
                           Done done) {
  using Way = TransferStateItem::Way;
  if (item.snapshot.empty()) {
    return Later(std::move(done), {.verdict = Verdict::kSucceeded, .report = SnapshotReport{}});
  }
  if (item.way != Way::kWithin && options_.depot_dir.empty()) {
    return Travel(at, item, std::move(done));
  }
  const std::string depot = options_.depot_dir / item.profile.text;
  const std::string here = options_.state_dir;
  Run(at.id,
      {"copy", item.way == Way::kFromDepot ? depot : here, item.snapshot,
       item.way == Way::kToDepot ? depot : here, item.container.text, item.component.text},
      limit,
      [this, id = at.id, stays = item.way != Way::kToDepot, done = std::move(done)](
          Outcome outcome) { done(stays ? Needed(id, std::move(outcome)) : std::move(outcome)); });
}

void StateRunner::Travel(const ItemAt& at, const TransferStateItem& item, Done done) {
  if (at.depot.endpoint.empty() || !depot_) {
    return Later(std::move(done),
                 {.verdict = Verdict::kFailed,
                  .message = "the planner has no depot for snapshots: set "
                             "depot.listen in planner.toml, or depot_dir in worker.toml"});
  }
  const bool fetches = item.way == TransferStateItem::Way::kFromDepot;
  const ItemId id = at.id;
  // Here it has the name of the component that it comes to.
  const auto place = [this, id, fetches,
                      item](const std::string& name) -> Result<bulk::SnapshotPlace> {
    const std::string id_of_snapshot = name.substr(name.rfind('/') + 1);
    const std::string reference =
        fetches ? item.container.text + "/" + item.component.text + "/" + id_of_snapshot
                : name.substr(name.find('/') + 1);
    // All are looked at, the newest last, before the first one is received.
    Travelling& travelling = travelling_.at(id);
    if (id_of_snapshot != snapshots::kAllGenerations && travelling.seen.insert(name).second) {
      travelling.reference = reference;
    }
    return bulk::SnapshotPlace{options_.state_dir, reference};
  };
  Travelling& travelling = travelling_[id];
  travelling.shelf = std::make_unique<bulk::SnapshotShelf>(
      bulk::SnapshotShelfOptions{
          .dysnomia = options_.dysnomia, .environment = CurrentEnvironment(), .place = place},
      loop_);
  depot_->Start({.item = id,
                 .access = at.depot,
                 .direction = fetches ? BulkOpen::Direction::kFetch : BulkOpen::Direction::kPush,
                 .kind = ObjectKind::kSnapshot,
                 .names = {item.profile.text + "/" + item.snapshot},
                 .shelf = travelling.shelf.get()},
                [this, id, done = std::move(done)](const Status& status) mutable {
                  OnTravelled(id, status, std::move(done));
                });
}

void StateRunner::OnTravelled(const ItemId& id, const Status& status, Done done) {
  const std::string reference = travelling_.at(id).reference;
  travelling_.erase(id);
  if (!status) {
    const bool refused = status.error().code != ErrorCode::kUnavailable;
    return done({.verdict = refused ? Verdict::kFailed : Verdict::kUnavailable,
                 .message = status.error().message});
  }
  // Of all generations, where there are none.
  if (reference.empty()) return done({.verdict = Verdict::kSucceeded, .report = SnapshotReport{}});
  Run(id, {"select", options_.state_dir.string(), reference}, kLookLimit,
      [this, id, done = std::move(done)](Outcome outcome) {
        done(Needed(id, std::move(outcome)));
      });
}

void StateRunner::Select(const ItemId& id, const RestoreItem& item, Done done) {
  if (IsBaseSnapshot(item.snapshot)) {
    return Later(std::move(done),
                 {.verdict = Verdict::kFailed,
                  .message = item.snapshot + " is a base: it is never restored alone"});
  }
  Run(id, {"select", options_.state_dir.string(), item.snapshot}, kLookLimit,
      [done = std::move(done)](Outcome outcome) {
        outcome.report = {};
        done(std::move(outcome));
      });
}

void StateRunner::NameTaken(const ItemId& id, const SnapshotItem& item, Outcome outcome,
                            Done done) {
  const Activity& activity = item.activity;
  Run(id,
      {item.part == SnapshotPart::kBase ? "base" : "taken", options_.state_dir.string(),
       activity.container.text, activity.component.text},
      kLookLimit,
      [this, id, outcome = std::move(outcome), done = std::move(done)](Outcome named) mutable {
        named = Needed(id, std::move(named));
        if (named.verdict == Verdict::kSucceeded) {
          outcome.report = std::move(named.report);
          named = std::move(outcome);
        }
        done(std::move(named));
      });
}

void StateRunner::Clean(const ItemId& id, const CollectItem& item, Done done) {
  Run(id,
      {"clean", options_.state_dir.string(), std::to_string(item.keep), item.container.text,
       item.component.text},
      kLookLimit, [done = std::move(done)](Outcome cleaned) {
        if (const auto* report = std::get_if<SnapshotReport>(&cleaned.report)) {
          cleaned.report = CollectReport{.freed_bytes = report->bytes};
        }
        done(std::move(cleaned));
      });
}

void StateRunner::DropBases() {
  if (!FileExists((options_.state_dir / "bases").string())) return;
  commands_.Run({.argvs = {{options_.dysnomia.string(), "--snapshots", "drop-bases",
                            options_.state_dir.string()}},
                 .environment = CurrentEnvironment(),
                 .limit = kLookLimit},
                [](const CommandsResult&) {});
}

void StateRunner::Stop(const ItemId& id) {
  if (depot_) depot_->Stop(id);
  const auto running = running_.find(id);
  if (running != running_.end()) commands_.Stop(running->second);
}

}  // namespace eris
