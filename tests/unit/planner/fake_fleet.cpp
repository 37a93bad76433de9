#include "tests/unit/planner/fake_fleet.h"

#include <algorithm>
#include <utility>
#include <variant>

#include "schema/base/overloaded.h"

namespace eris::planner::testing {
namespace {

std::string NamesOf(const std::vector<Activity>& activities) {
  std::string names;
  for (const Activity& activity : activities) names += " " + activity.service_name.text;
  return names;
}

ActiveMapping MappingOf(const Activity& activity) {
  return {.service_name = activity.service_name,
          .service = activity.service,
          .container = activity.container,
          .digest = activity.digest,
          .package = activity.package,
          .state = ActiveMapping::State::kActive};
}

bool NeedsConfirmedLease(const ItemBody& body) {
  return std::holds_alternative<ActivateItem>(body) ||
         std::holds_alternative<DeactivateItem>(body) || std::holds_alternative<AdoptItem>(body) ||
         std::holds_alternative<SetProfileItem>(body);
}

}  // namespace

std::string Describe(const ItemBody& body) {
  std::string text(VerbOf(body));
  if (const auto* item = std::get_if<TransferStateItem>(&body)) {
    return text + " state of " + item->service_name.text;
  }
  if (const auto* item = std::get_if<ActivateItem>(&body)) {
    return text + " " + item->activity.service_name.text;
  }
  if (const auto* item = std::get_if<DeactivateItem>(&body)) {
    return text + " " + item->activity.service_name.text;
  }
  if (const auto* item = std::get_if<LockItem>(&body)) {
    if (const auto* components = std::get_if<LockComponents>(&item->what)) {
      return text + NamesOf(components->components);
    }
    return text + (std::holds_alternative<AcquireLease>(item->what) ? " lease" : " confirm");
  }
  if (const auto* item = std::get_if<UnlockItem>(&body)) {
    if (const auto* components = std::get_if<UnlockComponents>(&item->what)) {
      return text + NamesOf(components->components);
    }
    return text + " lease";
  }
  return text;
}

Outcome Says(Verdict verdict, std::string message) {
  Outcome outcome;
  outcome.verdict = verdict;
  outcome.message = std::move(message);
  return outcome;
}

void FakeFleet::Deliver(const PublishItem& publish) {
  const auto is_same = [&](const PublishItem& queued) {
    return queued.queue == publish.queue && queued.item.id == publish.item.id;
  };
  if (std::none_of(queued_.begin(), queued_.end(), is_same)) queued_.push_back(publish);
}

bool FakeFleet::IsConnected(const std::string& queue) const {
  if (builders_.contains(queue)) return true;
  const auto found = targets_.find(queue.substr(queue.find('.') + 1));
  return queue.starts_with("target.") && found != targets_.end() && found->second.connected;
}

std::vector<std::string> FakeFleet::queues() const {
  std::vector<std::string> names(builders_.begin(), builders_.end());
  for (const auto& [name, target] : targets_) names.push_back("target." + name);
  return names;
}

bool FakeFleet::idle() const {
  return std::none_of(queued_.begin(), queued_.end(),
                      [this](const PublishItem& item) { return IsConnected(item.queue); });
}

std::optional<FakeFleet::Answer> FakeFleet::RunNext() {
  const auto next = std::find_if(queued_.begin(), queued_.end(), [this](const PublishItem& item) {
    return IsConnected(item.queue);
  });
  if (next == queued_.end()) return std::nullopt;
  const PublishItem publish = *next;
  queued_.erase(next);
  const WorkItem& item = publish.item;
  Target& target = targets_[publish.queue.substr(publish.queue.find('.') + 1)];
  target.low_water = std::max(target.low_water, item.low_water);
  if (target.lease < target.low_water) target.lease = {};
  const auto answer = [&](Outcome outcome) {
    return Answer{publish.queue, {item.id, std::move(outcome)}};
  };
  if (item.id.step.transaction < target.low_water) {
    return answer(Says(Verdict::kRefused, "below the low-water mark"));
  }
  Step& step = ledgers_[publish.queue][item.id.step];
  if (const auto known = step.outcomes.find(item.id.grade); known != step.outcomes.end()) {
    return answer(known->second);
  }
  if (item.id.grade < step.highest) return answer(Says(Verdict::kRefused, "an older grade"));
  for (const auto& [grade, outcome] : step.outcomes) {
    const bool same_way = grade.direction == item.id.grade.direction;
    if (same_way && outcome.verdict == Verdict::kSucceeded) return answer(outcome);
  }
  step.highest = item.id.grade;
  const std::string attempt = std::to_string(item.id.grade.attempt);
  const bool forward = item.id.grade.direction == Direction::kForward;
  log_.push_back(Describe(item.body) + (forward ? " " : " -") + attempt);
  const Outcome outcome = Run(item, target);
  step.outcomes[item.id.grade] = outcome;
  return answer(outcome);
}

Outcome FakeFleet::Run(const WorkItem& item, Target& target) {
  if (script_) {
    if (std::optional<Outcome> scripted = script_(item, target)) return *std::move(scripted);
  }
  return Perform(item, target);
}

namespace {

TargetReport ReportOf(const FakeFleet::Target& target) {
  return {target.profile, {target.active.begin(), target.active.end()}};
}

Outcome Acquire(TransactionId transaction, FakeFleet::Target& target) {
  if (target.lease && target.lease != transaction) {
    return Says(Verdict::kUnavailable, "leased to another transaction");
  }
  target.lease = transaction;
  Outcome done = Says(Verdict::kSucceeded);
  done.report = ReportOf(target);
  return done;
}

Outcome Lock(const LockItem& item, TransactionId transaction, FakeFleet::Target& target) {
  if (std::holds_alternative<AcquireLease>(item.what)) return Acquire(transaction, target);
  if (target.lease != transaction) return Says(Verdict::kRefused, "no lease");
  if (const auto* components = std::get_if<LockComponents>(&item.what)) {
    for (const Activity& activity : components->components) {
      target.locked.insert(activity.service_name.text);
    }
  } else {
    target.confirmed = true;
  }
  return Says(Verdict::kSucceeded);
}

Outcome Unlock(const UnlockItem& item, TransactionId transaction, FakeFleet::Target& target) {
  if (const auto* components = std::get_if<UnlockComponents>(&item.what)) {
    for (const Activity& activity : components->components) {
      target.locked.erase(activity.service_name.text);
    }
  } else if (target.lease == transaction) {
    target.lease = {};
    target.confirmed = false;
  }
  return Says(Verdict::kSucceeded);
}

Outcome Adopt(const AdoptItem& item, FakeFleet::Target& target) {
  for (const Activity& activity : item.components) {
    if (item.way == AdoptItem::Way::kTakeUp) {
      target.active.insert(MappingOf(activity));
    } else {
      target.active.erase(MappingOf(activity));
    }
  }
  return Says(Verdict::kSucceeded);
}

Outcome Snapshot(const SnapshotItem& item, FakeFleet::Target& target) {
  const std::string& state = target.states[item.activity.service_name.text];
  SnapshotReport taken;
  if (!state.empty()) taken.snapshot = "process/db/" + state;
  Outcome done = Says(Verdict::kSucceeded);
  done.report = taken;
  return done;
}

Outcome Restore(const RestoreItem& item, FakeFleet::Target& target) {
  const std::string& from = item.snapshot;
  if (!from.empty()) {
    target.states[item.activity.service_name.text] = from.substr(from.rfind('/') + 1);
  }
  return Says(Verdict::kSucceeded);
}

}  // namespace

// Each store calls it by another component.
Outcome FakeFleet::TransferState(const TransferStateItem& item) {
  std::string from = item.snapshot;
  std::string& kept = depot_[item.service_name.text];
  if (item.way == TransferStateItem::Way::kToDepot) kept = from.substr(from.rfind('/') + 1);
  if (from.ends_with('/')) from += kept;
  if (from.ends_with('/')) return Says(Verdict::kFailed, "there is no snapshot of " + from);
  Outcome done = Says(Verdict::kSucceeded);
  done.report = SnapshotReport{
      .snapshot = from.empty() ? from : "process/db-there/" + from.substr(from.rfind('/') + 1)};
  return done;
}

Outcome FakeFleet::Perform(const WorkItem& item, Target& target) {
  const TransactionId transaction = item.id.step.transaction;
  if (NeedsConfirmedLease(item.body) && !(target.lease == transaction && target.confirmed)) {
    return Says(Verdict::kRefused, "no confirmed lease");
  }
  Outcome done = Says(Verdict::kSucceeded);
  std::visit(
      Overloaded{[&](const LockItem& lock) { done = Lock(lock, transaction, target); },
                 [&](const UnlockItem& unlock) { done = Unlock(unlock, transaction, target); },
                 [&](const ActivateItem& it) { target.active.insert(MappingOf(it.activity)); },
                 [&](const DeactivateItem& it) { target.active.erase(MappingOf(it.activity)); },
                 [&](const AdoptItem& adopt) { done = Adopt(adopt, target); },
                 [&](const SnapshotItem& snapshot) { done = Snapshot(snapshot, target); },
                 [&](const TransferStateItem& transfer) { done = TransferState(transfer); },
                 [&](const RestoreItem& restore) { done = Restore(restore, target); },
                 [&](const SetProfileItem& set) { target.profile = set.path; },
                 [&](const QueryItem&) { done.report = ReportOf(target); }, [](const auto&) {}},
      item.body);
  return done;
}

}  // namespace eris::planner::testing
