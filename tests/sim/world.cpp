#include "tests/sim/world.h"

namespace eris::sim {

std::map<Seat, Instance> DesiredOn(const TargetName& target, const Manifest& manifest) {
  std::map<Seat, Instance> desired;
  for (const Mapping& mapping : manifest.mappings) {
    const Service& service = manifest.services.at(mapping.service);
    if (mapping.target != target || service.type == "package") continue;
    desired[{target, mapping.container, ComponentOf(service.package)}] = {
        service.name, mapping.service, mapping.digest};
  }
  return desired;
}

std::map<Seat, Instance> ActiveOn(const TargetName& target, const World& world) {
  std::map<Seat, Instance> active;
  for (const auto& [seat, instance] : world.active) {
    if (seat.target == target) active[seat] = instance;
  }
  return active;
}

std::set<StorePath> LiveOn(const TargetName& target, const World& world) {
  std::set<StorePath> live;
  const auto add = [&](const StorePath& path) {
    live.insert(path);
    const auto closure = world.closures.find(path);
    if (closure != world.closures.end()) {
      live.insert(closure->second.begin(), closure->second.end());
    }
  };
  for (const auto& [where, path] : world.profiles) {
    if (where.first == target) add(path);
  }
  if (const auto old = world.old_profiles.find(target); old != world.old_profiles.end()) {
    for (const StorePath& path : old->second) add(path);
  }
  if (const auto roots = world.roots.find(target); roots != world.roots.end()) {
    for (const auto& [transaction, paths] : roots->second) {
      for (const StorePath& path : paths) add(path);
    }
  }
  return live;
}

Seat SeatOf(const TargetName& target, const Activity& activity) {
  return {target, activity.container, activity.component};
}

Instance InstanceOf(const Activity& activity) {
  return {activity.service_name, activity.service, activity.digest};
}

std::string Describe(const Seat& seat, const Instance& instance) {
  return instance.name.text + " (" + instance.service.text.substr(0, 6) + ") on " +
         seat.target.text;
}

std::string Describe(const ItemId& id) {
  return std::to_string(id.step.transaction.value) + "." + std::to_string(id.step.index.value) +
         (id.grade.direction == Direction::kForward ? ".f" : ".i") +
         std::to_string(id.grade.attempt);
}

}  // namespace eris::sim
