#include "tests/unit/planner/fake_fleet.h"

#include <algorithm>
#include <utility>
#include <variant>

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

Outcome FakeFleet::Perform(const WorkItem& item, Target& target) {
  const TransactionId transaction = item.id.step.transaction;
  if (NeedsConfirmedLease(item.body) && !(target.lease == transaction && target.confirmed)) {
    return Says(Verdict::kRefused, "no confirmed lease");
  }
  Outcome done = Says(Verdict::kSucceeded);
  const auto report = [&target] {
    return TargetReport{target.profile, {target.active.begin(), target.active.end()}};
  };
  if (const auto* lock = std::get_if<LockItem>(&item.body)) {
    if (std::holds_alternative<AcquireLease>(lock->what)) {
      if (target.lease && target.lease != transaction) {
        return Says(Verdict::kUnavailable, "leased to another transaction");
      }
      target.lease = transaction;
      done.report = report();
    } else if (target.lease != transaction) {
      return Says(Verdict::kRefused, "no lease");
    } else if (const auto* components = std::get_if<LockComponents>(&lock->what)) {
      for (const Activity& activity : components->components) {
        target.locked.insert(activity.service_name.text);
      }
    } else {
      target.confirmed = true;
    }
  }
  if (const auto* unlock = std::get_if<UnlockItem>(&item.body)) {
    if (const auto* components = std::get_if<UnlockComponents>(&unlock->what)) {
      for (const Activity& activity : components->components) {
        target.locked.erase(activity.service_name.text);
      }
    } else if (target.lease == transaction) {
      target.lease = {};
      target.confirmed = false;
    }
  }
  if (const auto* activate = std::get_if<ActivateItem>(&item.body)) {
    target.active.insert(MappingOf(activate->activity));
  }
  if (const auto* deactivate = std::get_if<DeactivateItem>(&item.body)) {
    target.active.erase(MappingOf(deactivate->activity));
  }
  if (const auto* adopt = std::get_if<AdoptItem>(&item.body)) {
    for (const Activity& activity : adopt->components) {
      if (adopt->way == AdoptItem::Way::kTakeUp) {
        target.active.insert(MappingOf(activity));
      } else {
        target.active.erase(MappingOf(activity));
      }
    }
  }
  if (const auto* snapshot = std::get_if<SnapshotItem>(&item.body)) {
    const std::string& state = target.states[snapshot->activity.service_name.text];
    SnapshotReport taken;
    if (!state.empty()) taken.snapshot = "process/db/" + state;
    done.report = taken;
  }
  // Each store calls it by another component.
  if (const auto* transfer = std::get_if<TransferStateItem>(&item.body)) {
    std::string from = transfer->snapshot;
    std::string& kept = depot_[transfer->service_name.text];
    if (transfer->way == TransferStateItem::Way::kToDepot) kept = from.substr(from.rfind('/') + 1);
    if (from.ends_with('/')) from += kept;
    if (from.ends_with('/')) return Says(Verdict::kFailed, "there is no snapshot of " + from);
    done.report = SnapshotReport{
        .snapshot = from.empty() ? from : "process/db-there/" + from.substr(from.rfind('/') + 1)};
  }
  if (const auto* restore = std::get_if<RestoreItem>(&item.body)) {
    const std::string& from = restore->snapshot;
    if (!from.empty()) {
      target.states[restore->activity.service_name.text] = from.substr(from.rfind('/') + 1);
    }
  }
  if (const auto* set = std::get_if<SetProfileItem>(&item.body)) target.profile = set->path;
  if (std::holds_alternative<QueryItem>(item.body)) done.report = report();
  return done;
}

}  // namespace eris::planner::testing
