#include "worker/local_executor.h"

#include <utility>

#include "dysnomia/module_finder.h"
#include "schema/base/check.h"
#include "schema/base/overloaded.h"
#include "worker/item_rules.h"

namespace eris {
namespace {

using dysnomia::ActivityKind;
using dysnomia::ComponentStatus;

constexpr std::string_view kStatusSuffix = "-status";

std::string StatusNameOf(const ItemId& id) {
  return AttemptNameOf(id) + std::string(kStatusSuffix);
}

Outcome FromError(Error error) {
  const bool unknown = error.code == ErrorCode::kTimeout;
  return {.verdict = unknown ? Verdict::kUnknown : Verdict::kUnavailable,
          .message = std::move(error.message)};
}

// Whether the component is already where the item wants it.
bool IsReached(const ItemBody& body, ComponentStatus status) {
  return (std::holds_alternative<ActivateItem>(body) && status == ComponentStatus::kActive) ||
         (std::holds_alternative<DeactivateItem>(body) && status == ComponentStatus::kInactive);
}

}  // namespace

LocalExecutor::LocalExecutor(Options options, link::Loop& loop, Log& log, ExecutorLinks links)
    : options_(std::move(options)),
      loop_(loop),
      log_(log),
      links_(std::move(links)),
      activities_(options_.activities, loop, log),
      store_(options_.store, loop, options_.dial),
      state_({.dysnomia = options_.activities.dysnomia,
              .state_dir = options_.activities.state_dir,
              .depot_dir = options_.depot_dir,
              .work_dir = options_.store.work_dir},
             loop, options_.dial),
      diagnoses_({.dysnomia = options_.activities.dysnomia,
                  .state_dir = options_.activities.state_dir,
                  .secrets_dir = options_.activities.secrets_dir},
                 loop, log, [this](Message message) { links_.send(std::move(message)); }),
      queries_({.offer = options_.offer, .disnix_profiles = options_.disnix_profiles},
               {.loop = loop,
                .activities = activities_,
                .store = store_,
                .activities_of = [this](const std::string& module) { return ActivitiesOf(module); },
                .ledger = links_.ledger}),
      inquiries_(queries_, links_.send) {}

void LocalExecutor::Start(const StartWork& work) {
  const ItemId id = work.id;
  started_[id] = loop_.now().steady;
  log_.Info("item.started", {{"item", AttemptNameOf(id)},
                             {"verb", VerbOf(*work.body)},
                             {"resumed", work.mode == StartMode::kResumed}});
  const auto finish = [this, id](Outcome outcome) { Finish(id, std::move(outcome)); };
  std::visit(Overloaded{
                 [&](const BuildItem& item) {
                   store_.Build({id, work.depot}, item, finish);
                 },
                 [&](const TransferItem& item) {
                   store_.Transfer({id, work.depot}, item, finish);
                 },
                 [&](const CollectItem& item) {
                   if (item.scope == CollectItem::Scope::kSnapshots) {
                     DropNeeds({});
                     return state_.Clean(id, item, finish);
                   }
                   store_.Collect(id, item, finish);
                 },
                 [&](const SetProfileItem& item) { store_.SetProfile(id, item, finish); },
                 [&](const QueryItem& item) { queries_.Start(StatusNameOf(id), item, finish); },
                 [&](const AdoptItem&) { FinishLater(id, {.verdict = Verdict::kSucceeded}); },
                 [&](const LockItem& item) {
                   if (const auto* acquire = std::get_if<AcquireLease>(&item.what)) {
                     activities_.Expect(acquire->switch_items);
                     queries_.Start(StatusNameOf(id), {.profile = acquire->profile}, finish);
                   } else if (std::holds_alternative<ConfirmLease>(item.what)) {
                     FinishLater(id, {.verdict = Verdict::kSucceeded});
                   } else {
                     StartActivities(work, Repeat::kFirst);
                   }
                 },
                 [&](const UnlockItem& item) {
                   if (std::holds_alternative<ReleaseLease>(item.what)) {
                     FinishLater(id, {.verdict = Verdict::kSucceeded});
                   } else {
                     StartActivities(work, Repeat::kFirst);
                   }
                 },
                 [&](const TransferStateItem& item) {
                   DropNeeds({});
                   state_.Transfer({id, work.depot}, item, Duration(work.deadline_ms), finish);
                 },
                 [&](const RestoreItem&) { StartRestore(work); },
                 [&](const DiagnoseItem& item) { Diagnose(work, item); },
                 [&](const auto&) { StartActivities(work, Repeat::kFirst); },
             },
             *work.body);
}

void LocalExecutor::StartActivities(const StartWork& work, Repeat repeat) {
  if (work.mode == StartMode::kResumed && repeat == Repeat::kFirst) return ResumeActivities(work);
  if (work.id.grade.attempt > 1) repeat = Repeat::kAgain;
  auto request = RequestFor(*work.body, repeat,
                            [this](const std::string& module) { return ActivitiesOf(module); });
  if (request.activities.empty()) return FinishLater(work.id, {.verdict = Verdict::kSucceeded});
  if (work.deadline_ms > 0) request.time_limit = Duration(work.deadline_ms);
  activities_.Start(AttemptNameOf(work.id), request,
                    [this, work, request](Result<dysnomia::AttemptOutcome> attempt) {
                      FinishActivity(work, attempt ? OutcomeFor(*work.body, request, *attempt)
                                                   : FromError(std::move(attempt).error()));
                    });
}

void LocalExecutor::ResumeActivities(const StartWork& work) {
  // Both sides derive the request from the body, so it need not be read back.
  auto request = RequestFor(*work.body, work.id.grade.attempt > 1 ? Repeat::kAgain : Repeat::kFirst,
                            [this](const std::string& module) { return ActivitiesOf(module); });
  if (request.activities.empty()) return FinishLater(work.id, {.verdict = Verdict::kSucceeded});
  activities_.Resume(AttemptNameOf(work.id),
                     [this, work, request](Result<dysnomia::AttemptOutcome> attempt) {
                       if (attempt)
                         return FinishActivity(work, OutcomeFor(*work.body, request, *attempt));
                       AskStatus(work);
                     });
}

void LocalExecutor::StartRestore(const StartWork& work) {
  const auto& item = std::get<RestoreItem>(*work.body);
  if (item.snapshot.empty()) return FinishLater(work.id, {.verdict = Verdict::kSucceeded});
  state_.Select(work.id, item, [this, work](Outcome chosen) {
    if (chosen.verdict != Verdict::kSucceeded) return Finish(work.id, std::move(chosen));
    StartActivities(work, Repeat::kFirst);
  });
}

void LocalExecutor::FinishActivity(const StartWork& work, Outcome outcome) {
  const auto* snapshot = std::get_if<SnapshotItem>(&*work.body);
  if (snapshot == nullptr || outcome.verdict != Verdict::kSucceeded) {
    return Finish(work.id, std::move(outcome));
  }
  const ItemId id = work.id;
  DropNeeds({});
  state_.NameTaken(id, *snapshot, std::move(outcome),
                   [this, id](Outcome named) { Finish(id, std::move(named)); });
}

void LocalExecutor::AskStatus(const StartWork& work) {
  activities_.Remove(AttemptNameOf(work.id));
  const std::vector<const Activity*> activities = eris::ActivitiesOf(*work.body);
  const bool tells = activities.size() == 1 &&
                     ActivitiesOf(activities.front()->module).Contains(ActivityKind::kStatus);
  // Dysnomia's contract: every activity is idempotent, so an unknown one is run again.
  if (!tells) return StartActivities(work, Repeat::kAgain);
  dysnomia::AttemptRequest request{.activities = {StatusRequestFor(*activities.front())}};
  const std::string name = StatusNameOf(work.id);
  activities_.Remove(name);
  activities_.Start(
      name, std::move(request), [this, work, name](Result<dysnomia::AttemptOutcome> attempt) {
        activities_.Remove(name);
        const bool reached = attempt && !attempt->activities.empty() &&
                             IsReached(*work.body, attempt->activities.front().status);
        if (!reached) return StartActivities(work, Repeat::kAgain);
        Finish(work.id, {.verdict = Verdict::kSucceeded});
      });
}

void LocalExecutor::Diagnose(const StartWork& work, const DiagnoseItem& item) {
  const ItemId id = work.id;
  if (work.mode == StartMode::kResumed) {
    return FinishLater(id, {.verdict = Verdict::kFailed, .message = "the worker was restarted"});
  }
  for (const auto& [key, known] : links_.ledger().mappings) {
    const bool is_it = key.profile == item.profile && key.container == item.container &&
                       key.service == item.service;
    if (!is_it) continue;
    return diagnoses_.Start(id, item, *known.activity,
                            [this, id](Outcome outcome) { Finish(id, std::move(outcome)); });
  }
  FinishLater(id, {.verdict = Verdict::kFailed,
                   .message = "no service " + item.service_name.text + " runs here in " +
                              item.container.text});
}

void LocalExecutor::FinishLater(const ItemId& id, Outcome outcome) {
  loop_.After(Duration(0), [this, id, outcome = std::move(outcome)] { Finish(id, outcome); });
}

void LocalExecutor::Finish(const ItemId& id, Outcome outcome) {
  const auto started = started_.find(id);
  ERIS_CHECK(started != started_.end(), "an item ends once");
  outcome.took_ms = (loop_.now().steady - started->second).count();
  started_.erase(started);
  if (outcome.verdict == Verdict::kSucceeded) {
    log_.Info("item.done", {{"item", AttemptNameOf(id)}, {"ms", outcome.took_ms}});
  } else {
    log_.Warn("item.ended", {{"item", AttemptNameOf(id)},
                             {"verdict", ToString(outcome.verdict)},
                             {"ms", outcome.took_ms},
                             {"message", outcome.message}});
  }
  links_.done(id, std::move(outcome));
}

void LocalExecutor::Stop(const ItemId& id) {
  activities_.Stop(AttemptNameOf(id));
  store_.Stop(id);
  state_.Stop(id);
  diagnoses_.Stop(id);
}

void LocalExecutor::Forget(const ItemId& id) { activities_.Remove(AttemptNameOf(id)); }

void LocalExecutor::DropRoots(TransactionId transaction) {
  if (const Status dropped = store_.DropRoots(transaction); !dropped) {
    log_.Warn("roots.drop_failed",
              {{"transaction", transaction.value}, {"error", dropped.error().message}});
  }
  DropNeeds(transaction);
  state_.DropBases();
}

// Of those that are settled for ever, too: not all of them had leases or roots. Before each step
// that lets old snapshots go: backups alone would keep theirs for ever.
void LocalExecutor::DropNeeds(TransactionId ended) {
  const TransactionId low_water = links_.ledger().low_water;
  const Status dropped = state_.DropNeeds(
      [&](TransactionId transaction) { return transaction == ended || transaction < low_water; });
  if (!dropped) log_.Warn("needs.drop_failed", {{"error", dropped.error().message}});
}

void LocalExecutor::KeepOnlyRoots(const std::set<TransactionId>& kept) {
  if (const Status dropped = store_.KeepOnlyRoots(kept); !dropped) {
    log_.Warn("roots.drop_failed", {{"error", dropped.error().message}});
  }
  DropNeeds({});
  state_.DropBases();
}

dysnomia::ActivitySet LocalExecutor::ActivitiesOf(const std::string& module) {
  const auto known = modules_.find(module);
  if (known != modules_.end()) return known->second;
  Result<dysnomia::FoundModule> found = dysnomia::FindModule(module, options_.modules_path);
  if (!found) {
    // The attempt itself says what is wrong, in the words of the module finder.
    dysnomia::ActivitySet all;
    for (const ActivityKind kind : dysnomia::AllActivityKinds()) {
      if (kind != ActivityKind::kStatus) all.Add(kind);
    }
    return all;
  }
  return modules_.emplace(module, found->activities).first->second;
}

}  // namespace eris
