#include "tests/property/plan/world.h"

#include <algorithm>
#include <variant>

#include "schema/base/overloaded.h"

namespace eris::testing {
namespace {

Seat SeatOf(const Manifest& manifest, const Mapping& mapping) {
  return {mapping.target.text, mapping.container.text,
          ComponentOf(manifest.services.at(mapping.service).package).text};
}

Seat SeatOf(const QueueName& queue, const Activity& activity) {
  return {queue.name, activity.container.text, activity.component.text};
}

Instance InstanceOf(const Activity& activity) { return {activity.service.text, activity.digest}; }

std::string Text(const Seat& seat) {
  return std::get<2>(seat) + "@" + std::get<0>(seat) + "/" + std::get<1>(seat);
}

WorldState StateOf(const Manifest& manifest) {
  WorldState state;
  for (const Mapping& mapping : manifest.mappings) {
    if (manifest.services.at(mapping.service).type == "package") continue;
    state.active[SeatOf(manifest, mapping)] = {mapping.service.text, mapping.digest};
  }
  for (const auto& [target, profile] : manifest.profiles) {
    state.profiles[target.text] = profile.path.text;
  }
  return state;
}

}  // namespace

World::World(const Manifest& base, const Manifest& next)
    : next_(next), state_(StateOf(base)), in_place_(base == next) {
  Read(base, true);
  Read(next, false);
}

WorldState World::DesiredState() const { return StateOf(next_); }

void World::AddWrites(const Manifest& manifest, const Service& service, OrderedNeeds& needs,
                      const Seats& seats) {
  for (const auto* list : {&service.depends_on, &service.connects_to}) {
    for (const Interdependency& written : *list) {
      const std::string& name = manifest.services.at(written.service).name.text;
      if (name == needs.name) continue;
      needs.writes.insert(name);
      needs.written.insert(seats.at(written));
    }
  }
}

std::optional<std::pair<Seat, std::string>> World::ProviderOf(const Mapping& mapping,
                                                              const Seats& seats) {
  const auto provides = [&](const auto& entry) {
    return entry.first.service == *mapping.provided_by && entry.first.target == mapping.target;
  };
  const auto found = std::find_if(seats.rbegin(), seats.rend(), provides);
  if (found == seats.rend()) return std::nullopt;
  return std::pair(found->second, found->first.service.text);
}

void World::Read(const Manifest& manifest, bool is_base) {
  Seats seats;
  for (const Mapping& mapping : manifest.mappings) {
    seats[{mapping.service, mapping.target, mapping.container}] = SeatOf(manifest, mapping);
  }
  for (const Mapping& mapping : manifest.mappings) {
    const Service& service = manifest.services.at(mapping.service);
    OrderedNeeds& needs =
        known_[{SeatOf(manifest, mapping), {mapping.service.text, mapping.digest}}];
    (is_base ? needs.in_base : needs.in_next) = true;
    needs.needs.clear();
    needs.name = service.name.text;
    needs.state_undo = service.state_undo;
    AddWrites(manifest, service, needs, seats);
    if (mapping.provided_by) needs.provider = ProviderOf(mapping, seats);
    if (is_base && service.deploy_state) copies_[SeatOf(manifest, mapping)] = "";
    for (const auto* list : {&service.depends_on, &service.activates_after}) {
      for (const Interdependency& need : *list) {
        needs.needs.emplace_back(seats.at(need), need.service.text);
        if (is_base) dependents_in_base_[seats.at(need)].insert(SeatOf(manifest, mapping));
      }
    }
  }
}

// A gate drains before the gate behind it.
void World::CheckLockOrder(const QueueName& queue, const LockComponents& lock) {
  for (const Activity& activity : lock.components) {
    const Seat seat = SeatOf(queue, activity);
    if (!state_.leases.contains(queue.name)) violations_.insert("no lease: " + Text(seat));
    for (const Seat& dependent : dependents_in_base_[seat]) {
      if (!state_.locked.contains(dependent)) {
        violations_.insert("locked before " + Text(dependent) + ": " + Text(seat));
      }
    }
  }
}

void World::Begin(const QueueName& queue, const ItemBody& body) {
  const auto change = [&](const Activity& activity) {
    const Seat seat = SeatOf(queue, activity);
    const auto active = state_.active.find(seat);
    if (active != state_.active.end() && active->second != InstanceOf(activity)) {
      violations_.insert("two mappings in one seat: " + Text(seat));
    }
    if (!changing_.emplace(seat, InstanceOf(activity)).second) {
      violations_.insert("two activities at once: " + Text(seat));
    }
    if (!state_.leases.contains(queue.name)) violations_.insert("no lease: " + Text(seat));
  };
  const auto use = [&](const Activity& activity, bool is_restore) {
    BeginState(SeatOf(queue, activity), activity, is_restore);
  };
  std::visit(
      Overloaded{[&](const ActivateItem& item) { change(item.activity); },
                 [&](const DeactivateItem& item) { change(item.activity); },
                 [&](const SnapshotItem& item) {
                   if (item.part != SnapshotPart::kBase) use(item.activity, false);
                 },
                 [&](const RestoreItem& item) { use(item.activity, true); }, [](const auto&) {}},
      body);
  CheckInvariants();
}

void World::Settle(const Seat& seat, const Instance& instance, bool up) {
  if (!up) {
    state_.active.erase(seat);
    return;
  }
  const auto known = known_.find({seat, instance});
  const auto copy = copies_.find(seat);
  // A new version makes something else of the state that it finds.
  if (known != known_.end() && !known->second.in_base && copy != copies_.end()) {
    copy->second += instance.service;
  }
  state_.active[seat] = instance;
}

void World::Lock(const QueueName& queue, const LockItem& item) {
  if (std::holds_alternative<AcquireLease>(item.what)) state_.leases.insert(queue.name);
  const auto* components = std::get_if<LockComponents>(&item.what);
  if (components == nullptr) return;
  for (const Activity& a : components->components) state_.locked.insert(SeatOf(queue, a));
}

void World::Unlock(const QueueName& queue, const UnlockItem& item) {
  if (std::holds_alternative<ReleaseLease>(item.what)) state_.leases.erase(queue.name);
  const auto* components = std::get_if<UnlockComponents>(&item.what);
  if (components == nullptr) return;
  for (const Activity& a : components->components) state_.locked.erase(SeatOf(queue, a));
}

void World::SetProfile(const QueueName& queue, const SetProfileItem& item) {
  state_.profiles.erase(queue.name);
  if (!item.path.empty()) state_.profiles[queue.name] = item.path.text;
}

void World::EndSnapshot(const QueueName& queue, const SnapshotItem& item, Effect effect) {
  const Seat seat = SeatOf(queue, item.activity);
  if (item.part == SnapshotPart::kBase) {
    bases_.insert(seat);
    return;
  }
  if (bases_.contains(seat) != (item.part == SnapshotPart::kIncrement)) {
    violations_.insert("an increment without a base, or the other way");
  }
  EndState(seat, item.activity, false, effect);
}

void World::End(const QueueName& queue, const ItemBody& body, Effect effect) {
  const bool happens = effect == Effect::kHappens;
  const auto settle = [&](const Activity& activity, bool up) {
    const Seat seat = SeatOf(queue, activity);
    changing_.erase(seat);
    if (happens) Settle(seat, InstanceOf(activity), up);
  };
  std::visit(Overloaded{[&](const ActivateItem& item) { settle(item.activity, true); },
                        [&](const DeactivateItem& item) { settle(item.activity, false); },
                        [&](const LockItem& item) {
                          if (happens) Lock(queue, item);
                        },
                        [&](const UnlockItem& item) {
                          if (happens) Unlock(queue, item);
                        },
                        [&](const SetProfileItem& item) {
                          if (happens) SetProfile(queue, item);
                        },
                        [&](const SnapshotItem& item) { EndSnapshot(queue, item, effect); },
                        [&](const RestoreItem& item) {
                          EndState(SeatOf(queue, item.activity), item.activity, true, effect);
                        },
                        [](const auto&) {}},
             body);
  CheckInvariants();
}

void World::CheckInvariants() {
  std::map<Seat, Instance> maybe = state_.active;
  maybe.insert(changing_.begin(), changing_.end());
  bool any_old = false;
  bool any_new = false;
  for (const auto& entry : maybe) {
    const auto known = known_.find(entry);
    if (known == known_.end()) {
      violations_.insert("unknown mapping at " + Text(entry.first));
      continue;
    }
    any_old |= known->second.in_base && !known->second.in_next;
    any_new |= known->second.in_next && !known->second.in_base;
    for (const auto& [seat, service] : known->second.needs) {
      const auto need = state_.active.find(seat);
      const bool sure = need != state_.active.end() && need->second.service == service &&
                        !changing_.contains(seat);
      if (!sure) violations_.insert("P1: " + Text(entry.first) + " without " + Text(seat));
    }
  }
  if (any_old && any_new) violations_.insert("old and new meet");
  CheckState(maybe);
}

void World::Expect(const Plan& plan) {
  for (const PlanItem& item : plan.items) {
    const auto* restore = std::get_if<RestoreItem>(&item.body);
    if (restore != nullptr) ++restores_[restore->activity.service_name.text];
  }
}

void World::TurnBack() {
  backward_ = true;
  moving_.clear();
}

bool World::IsSurelyUp(const std::pair<Seat, std::string>& need) const {
  const auto active = state_.active.find(need.first);
  return active != state_.active.end() && active->second.service == need.second &&
         !changing_.contains(need.first);
}

void World::BeginState(const Seat& seat, const Activity& activity, bool is_restore) {
  const std::string& service = activity.service_name.text;
  in_use_[seat] = {.service = service, .is_last_dump = backward_ && !is_restore};
  const bool is_up = state_.active.contains(seat) || changing_.contains(seat);
  // A new place is filled while its component is there; everything else is closed.
  if ((is_restore && !backward_ && !in_place_) ? !state_.active.contains(seat) : is_up) {
    violations_.insert("P2: state in use at " + Text(seat));
  }
  const auto known = known_.find({seat, InstanceOf(activity)});
  if (known == known_.end()) {
    violations_.insert("state of an unknown mapping at " + Text(seat));
  } else if (!in_use_[seat].is_last_dump && known->second.provider &&
             !IsSurelyUp(*known->second.provider)) {
    violations_.insert("its provider is not up: " + Text(seat));
  }
  if (!backward_ && !is_restore && restores_[service] > 0) moving_.insert(service);
}

void World::EndState(const Seat& seat, const Activity& activity, bool is_restore, Effect effect) {
  in_use_.erase(seat);
  if (effect == Effect::kDoesNotHappen) return;
  const std::string& service = activity.service_name.text;
  if (!is_restore) {
    if (!backward_) taken_[service] = copies_[seat];
    return;
  }
  copies_[seat] = in_place_ && !backward_ ? "restored" : taken_[service];
  if (!backward_ && --restores_[service] == 0) moving_.erase(service);
}

// P2: its writers are down from before its snapshot until after its restore. Of a copy that only
// stays, or is left behind, those that write this copy.
void World::CheckState(const std::map<Seat, Instance>& maybe) {
  if (in_use_.empty() && moving_.empty()) return;
  for (const auto& entry : maybe) {
    const auto known = known_.find(entry);
    if (known == known_.end()) continue;
    for (const std::string& written : known->second.writes) {
      if (moving_.contains(written)) {
        violations_.insert("P2: " + Text(entry.first) + " writes " + written);
      }
    }
    for (const Seat& written : known->second.written) {
      const auto use = in_use_.find(written);
      if (use != in_use_.end() && !use->second.is_last_dump) {
        violations_.insert("P2: " + Text(entry.first) + " writes " + Text(written));
      }
    }
  }
}

std::set<std::string> World::SpoiltCopies() const {
  std::set<std::string> spoilt;
  for (const auto& [entry, known] : known_) {
    const auto& [seat, instance] = entry;
    const auto copy = copies_.find(seat);
    if (!known.in_base || copy == copies_.end() || copy->second.empty()) continue;
    const bool may_be_spoilt =
        std::any_of(known_.begin(), known_.end(), [&, at = seat](const auto& other) {
          return other.first.first == at && !other.second.in_base && !other.second.state_undo;
        });
    if (!may_be_spoilt) spoilt.insert(Text(seat));
  }
  return spoilt;
}

}  // namespace eris::testing
