#include "planner/snapshot_names.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <variant>

namespace eris::planner {
namespace {

// The part of a body that names a snapshot.
struct Need {
  std::string* snapshot = nullptr;
  const std::vector<ItemIndex>* taken_by = nullptr;
  const TargetName* from = nullptr;  // whose copy it is, where there are several
  const ServiceName* service = nullptr;
};

std::optional<Need> NeedOf(ItemBody& body) {
  if (auto* restore = std::get_if<RestoreItem>(&body)) {
    return Need{&restore->snapshot, &restore->taken_by, nullptr, &restore->activity.service_name};
  }
  if (auto* transfer = std::get_if<TransferStateItem>(&body)) {
    return Need{&transfer->snapshot, &transfer->taken_by, &transfer->from, &transfer->service_name};
  }
  if (auto* snapshot = std::get_if<SnapshotItem>(&body)) {
    return Need{&snapshot->base, &snapshot->taken_by, nullptr, &snapshot->activity.service_name};
  }
  return std::nullopt;
}

std::vector<Need> NeedsOf(PlanItem& item) {
  std::vector<Need> needs;
  if (const auto need = NeedOf(item.body)) needs.push_back(*need);
  if (item.inverse) {
    if (const auto need = NeedOf(*item.inverse)) needs.push_back(*need);
  }
  return needs;
}

std::vector<ItemIndex> TakersOf(const ItemBody& body) {
  if (const auto* restore = std::get_if<RestoreItem>(&body)) return restore->taken_by;
  if (const auto* transfer = std::get_if<TransferStateItem>(&body)) return transfer->taken_by;
  if (const auto* snapshot = std::get_if<SnapshotItem>(&body)) return snapshot->taken_by;
  return {};
}

std::string IdOf(const std::string& reference) {
  return reference.substr(reference.rfind('/') + 1);
}

}  // namespace

SnapshotNames::SnapshotNames(const Plan& plan) {
  for (std::uint32_t i = 0; i < plan.items.size(); ++i) {
    const PlanItem& item = plan.items[i];
    for (const ItemBody* body : {&item.body, item.inverse ? &*item.inverse : nullptr}) {
      if (body == nullptr) continue;
      for (const ItemIndex by : TakersOf(*body)) {
        std::vector<ItemIndex>& takers = takers_[by];
        if (takers.empty() || takers.back() != ItemIndex{i}) takers.push_back({i});
      }
    }
  }
}

std::string SnapshotNames::OnTaken(ItemIndex item, const std::string& reference, Plan& plan) {
  taken_[item] = reference;
  const auto takers = takers_.find(item);
  if (takers == takers_.end()) return {};
  for (const ItemIndex taker : takers->second) {
    for (const Need& need : NeedsOf(plan.items[taker.value])) {
      const auto& by = *need.taken_by;
      const bool all = std::all_of(by.begin(), by.end(),
                                   [this](ItemIndex other) { return taken_.contains(other); });
      if (by.empty() || !all) continue;
      const std::string& first = taken_[by.front()];
      *need.snapshot = first;
      for (const ItemIndex other : by) {
        const std::string& name = plan.items[other.value].queue.name;
        if (IdOf(taken_[other]) != IdOf(first)) {
          return "the copies of the state of " + need.service->text + " on " +
                 plan.items[by.front().value].queue.name + " and " + name +
                 " differ: choose one with --state-from " + need.service->text + "=TARGET";
        }
        if (need.from != nullptr && need.from->text == name) *need.snapshot = taken_[other];
      }
    }
    // Nobody has taken a base: all is taken, also by workers that know of no increments.
    auto* snapshot = std::get_if<SnapshotItem>(&plan.items[taker.value].body);
    if (snapshot != nullptr && snapshot->base.empty()) {
      *snapshot = SnapshotItem{.activity = std::move(snapshot->activity)};
    }
  }
  return {};
}

}  // namespace eris::planner
