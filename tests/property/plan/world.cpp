#include "tests/property/plan/world.h"

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

World::World(const Manifest& base, const Manifest& next) : next_(next), state_(StateOf(base)) {
  Read(base, true);
  Read(next, false);
}

WorldState World::DesiredState() const { return StateOf(next_); }

void World::Read(const Manifest& manifest, bool is_base) {
  std::map<Interdependency, Seat> seats;
  for (const Mapping& mapping : manifest.mappings) {
    seats[{mapping.service, mapping.target, mapping.container}] = SeatOf(manifest, mapping);
  }
  for (const Mapping& mapping : manifest.mappings) {
    const Service& service = manifest.services.at(mapping.service);
    OrderedNeeds& needs =
        known_[{SeatOf(manifest, mapping), {mapping.service.text, mapping.digest}}];
    (is_base ? needs.in_base : needs.in_next) = true;
    needs.needs.clear();
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
  std::visit(
      Overloaded{[&](const ActivateItem& item) { change(item.activity); },
                 [&](const DeactivateItem& item) { change(item.activity); }, [](const auto&) {}},
      body);
  CheckInvariants();
}

void World::End(const QueueName& queue, const ItemBody& body, Effect effect) {
  const bool happens = effect == Effect::kHappens;
  const auto settle = [&](const Activity& activity, bool up) {
    const Seat seat = SeatOf(queue, activity);
    changing_.erase(seat);
    if (!happens) return;
    if (up) {
      state_.active[seat] = InstanceOf(activity);
    } else {
      state_.active.erase(seat);
    }
  };
  const auto lock = [&](const LockItem& item) {
    if (!happens) return;
    if (std::holds_alternative<AcquireLease>(item.what)) state_.leases.insert(queue.name);
    const auto* components = std::get_if<LockComponents>(&item.what);
    if (components == nullptr) return;
    for (const Activity& a : components->components) state_.locked.insert(SeatOf(queue, a));
  };
  const auto unlock = [&](const UnlockItem& item) {
    if (!happens) return;
    if (std::holds_alternative<ReleaseLease>(item.what)) state_.leases.erase(queue.name);
    const auto* components = std::get_if<UnlockComponents>(&item.what);
    if (components == nullptr) return;
    for (const Activity& a : components->components) state_.locked.erase(SeatOf(queue, a));
  };
  const auto set_profile = [&](const SetProfileItem& item) {
    if (!happens) return;
    state_.profiles.erase(queue.name);
    if (!item.path.empty()) state_.profiles[queue.name] = item.path.text;
  };
  std::visit(Overloaded{[&](const ActivateItem& item) { settle(item.activity, true); },
                        [&](const DeactivateItem& item) { settle(item.activity, false); },
                        [&](const LockItem& item) { lock(item); },
                        [&](const UnlockItem& item) { unlock(item); },
                        [&](const SetProfileItem& item) { set_profile(item); }, [](const auto&) {}},
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
}

}  // namespace eris::testing
