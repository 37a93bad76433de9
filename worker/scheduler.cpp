#include "worker/scheduler.h"

#include <algorithm>
#include <utility>

#include "schema/base/check.h"
#include "schema/base/overloaded.h"

namespace eris {
namespace {

std::string NameOf(const Activity& activity) {
  return activity.container.text + "/" + activity.component.text;
}

std::vector<std::string> NamesOf(const std::vector<Activity>& activities) {
  std::vector<std::string> names;
  names.reserve(activities.size());
  for (const Activity& activity : activities) names.push_back(NameOf(activity));
  return names;
}

}  // namespace

Lane LaneOf(const ItemBody& body) {
  return std::visit(Overloaded{
                        [](const BuildItem&) { return Lane::kBuild; },
                        [](const TransferItem&) { return Lane::kTransfer; },
                        [](const LockItem& item) {
                          return std::holds_alternative<LockComponents>(item.what)
                                     ? Lane::kActivity
                                     : Lane::kImmediate;
                        },
                        [](const UnlockItem& item) {
                          return std::holds_alternative<UnlockComponents>(item.what)
                                     ? Lane::kActivity
                                     : Lane::kImmediate;
                        },
                        [](const ActivateItem&) { return Lane::kActivity; },
                        [](const DeactivateItem&) { return Lane::kActivity; },
                        [](const SnapshotItem&) { return Lane::kActivity; },
                        [](const RestoreItem&) { return Lane::kActivity; },
                        [](const DeleteStateItem&) { return Lane::kActivity; },
                        [](const SetProfileItem&) { return Lane::kImmediate; },
                        [](const CollectItem&) { return Lane::kBuild; },
                        [](const QueryItem&) { return Lane::kImmediate; },
                        [](const DiagnoseItem&) { return Lane::kImmediate; },
                        [](const AdoptItem&) { return Lane::kImmediate; },
                        [](const TransferStateItem&) { return Lane::kTransfer; },
                    },
                    body);
}

std::vector<std::string> ComponentsOf(const ItemBody& body) {
  const auto one = [](const auto& item) { return std::vector<std::string>{NameOf(item.activity)}; };
  const auto none = [] { return std::vector<std::string>{}; };
  return std::visit(
      Overloaded{
          [&](const BuildItem&) { return none(); },
          [&](const TransferItem&) { return none(); },
          [&](const LockItem& item) {
            const auto* lock = std::get_if<LockComponents>(&item.what);
            return lock != nullptr ? NamesOf(lock->components) : none();
          },
          [&](const UnlockItem& item) {
            const auto* unlock = std::get_if<UnlockComponents>(&item.what);
            return unlock != nullptr ? NamesOf(unlock->components) : none();
          },
          [&](const ActivateItem& item) { return one(item); },
          [&](const DeactivateItem& item) { return one(item); },
          [&](const SnapshotItem& item) { return one(item); },
          [&](const RestoreItem& item) { return one(item); },
          [&](const DeleteStateItem& item) { return one(item); },
          [&](const SetProfileItem&) { return none(); },
          [&](const CollectItem&) { return none(); },
          [&](const QueryItem&) { return none(); },
          [&](const DiagnoseItem&) { return none(); },
          [&](const AdoptItem& item) { return NamesOf(item.components); },
          [](const TransferStateItem& item) {
            return std::vector<std::string>{item.container.text + "/" + item.component.text};
          },
      },
      body);
}

void Scheduler::Add(const ItemId& id, const ItemBody& body) {
  const Lane lane = LaneOf(body);
  const bool added = lanes_.emplace(id.step, lane).second;
  ERIS_CHECK(added && !running_.contains(id.step), "a step waits or runs once at a time");
  QueueOf(lane).push_back({.id = id, .components = ComponentsOf(body)});
  ++waiting_count_;
}

bool Scheduler::Remove(const ItemId& id) {
  const auto lane = lanes_.find(id.step);
  if (lane == lanes_.end()) return false;
  Queue& queue = QueueOf(lane->second);
  const auto entry =
      std::find_if(queue.begin(), queue.end(), [&](const Entry& e) { return e.id == id; });
  if (entry == queue.end()) return false;
  queue.erase(entry);
  lanes_.erase(lane);
  --waiting_count_;
  return true;
}

bool Scheduler::HasRoom(Lane lane) const {
  switch (lane) {
    case Lane::kImmediate:
      return true;
    case Lane::kActivity:
    case Lane::kBuild:
      return cores_in_use_ < std::max(limits_.num_of_cores, 1U);
    case Lane::kTransfer:
      return transfers_in_use_ < std::max(limits_.max_transfers, 1U);
  }
  return false;
}

bool Scheduler::IsFree(const Entry& entry) const {
  return std::none_of(entry.components.begin(), entry.components.end(),
                      [this](const std::string& name) { return busy_components_.contains(name); });
}

void Scheduler::Take(Lane lane, std::vector<ItemId>& taken) {
  Queue& queue = QueueOf(lane);
  for (auto entry = queue.begin(); entry != queue.end() && HasRoom(lane);) {
    if (!IsFree(*entry)) {
      ++entry;
      continue;
    }
    if (lane == Lane::kActivity || lane == Lane::kBuild) ++cores_in_use_;
    if (lane == Lane::kTransfer) ++transfers_in_use_;
    busy_components_.insert(entry->components.begin(), entry->components.end());
    taken.push_back(entry->id);
    lanes_.erase(entry->id.step);
    --waiting_count_;
    running_.emplace(entry->id.step,
                     Running{.lane = lane, .components = std::move(entry->components)});
    entry = queue.erase(entry);
  }
}

std::vector<ItemId> Scheduler::TakeRunnable() {
  std::vector<ItemId> taken;
  for (const Lane lane : {Lane::kImmediate, Lane::kActivity, Lane::kBuild, Lane::kTransfer}) {
    Take(lane, taken);
  }
  return taken;
}

void Scheduler::Done(const ItemId& id) {
  const auto running = running_.find(id.step);
  ERIS_CHECK(running != running_.end(), "only a running item is done");
  const Lane lane = running->second.lane;
  if (lane == Lane::kActivity || lane == Lane::kBuild) --cores_in_use_;
  if (lane == Lane::kTransfer) --transfers_in_use_;
  for (const std::string& name : running->second.components) busy_components_.erase(name);
  running_.erase(running);
}

}  // namespace eris
