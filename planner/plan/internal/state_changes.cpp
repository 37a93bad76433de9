#include "planner/plan/internal/state_changes.h"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>
#include <utility>

#include "planner/plan/in_doubt.h"

namespace eris::plan_internal {
namespace {

// The container is empty unless the service has a state in each.
using StateIdentity = std::pair<ServiceName, ContainerName>;
using Place = std::tuple<TargetName, ContainerName, ComponentName>;
using Nodes = std::vector<std::uint32_t>;

Place PlaceOf(const Manifest& manifest, std::uint32_t node) {
  const Mapping& mapping = manifest.mappings[node];
  return {mapping.target, mapping.container,
          ComponentOf(manifest.services.at(mapping.service).package)};
}

const ServiceName* NameOf(const Manifest& manifest, const ServiceKey& key) {
  const auto service = manifest.services.find(key);
  return service == manifest.services.end() ? nullptr : &service->second.name;
}

using Containers = std::map<ServiceName, std::set<ContainerName>>;

Containers ContainersOf(const Manifest& manifest, const std::set<ServiceName>& names) {
  Containers containers;
  for (const Mapping& mapping : manifest.mappings) {
    const ServiceName& name = manifest.services.at(mapping.service).name;
    if (IsStray(mapping.digest)) continue;
    if (names.contains(name)) containers[name].insert(mapping.container);
  }
  return containers;
}

// The services whose state is deployed in either manifest, and how their states are told apart.
class Stateful {
 public:
  Stateful(const Manifest& base, const Manifest& next) {
    for (const Manifest* manifest : {&base, &next}) Collect(*manifest);
    Containers before = ContainersOf(base, names_);
    Containers after = ContainersOf(next, names_);
    for (const ServiceName& name : names_) {
      if (HasStateInEach(before[name], after[name])) split_.insert(name);
    }
  }

  // Where they are at home, deployed state or not.
  std::map<StateIdentity, Nodes> Homes(const Manifest& manifest) const {
    std::map<StateIdentity, Nodes> homes;
    for (std::uint32_t node = 0; node < manifest.mappings.size(); ++node) {
      const Mapping& mapping = manifest.mappings[node];
      const Service& service = manifest.services.at(mapping.service);
      const ServiceName& name = service.name;
      // Packages are installed only: they hold no state, whatever another version of them did.
      if (!names_.contains(name) || service.type == "package") continue;
      if (IsStray(mapping.digest)) continue;
      const ContainerName container = split_.contains(name) ? mapping.container : ContainerName();
      homes[{name, container}].push_back(node);
    }
    return homes;
  }

 private:
  void Collect(const Manifest& manifest) {
    for (const SnapshotMapping& mapping : manifest.snapshot_mappings) {
      if (const ServiceName* name = NameOf(manifest, mapping.service)) names_.insert(*name);
    }
  }

  std::set<ServiceName> names_;
  std::set<ServiceName> split_;  // with a state in each container
};

bool IsDeployed(const Manifest& manifest, std::uint32_t node) {
  const Mapping& mapping = manifest.mappings[node];
  const auto key = std::tie(mapping.target, mapping.container, mapping.service);
  const auto found =
      std::lower_bound(manifest.snapshot_mappings.begin(), manifest.snapshot_mappings.end(), key,
                       [](const SnapshotMapping& entry, const auto& value) {
                         return std::tie(entry.target, entry.container, entry.service) < value;
                       });
  return found != manifest.snapshot_mappings.end() &&
         std::tie(found->target, found->container, found->service) == key;
}

std::set<Place> PlacesOf(const Manifest& manifest, const Nodes& nodes) {
  std::set<Place> places;
  for (const std::uint32_t node : nodes) places.insert(PlaceOf(manifest, node));
  return places;
}

// The model that is deployed says how this is done: it can ask for the undo of its own upgrade, and
// do without.
std::set<Place> PlacesWithUndo(const Manifest& next, const Nodes& homes) {
  std::set<Place> places;
  for (const std::uint32_t node : homes) {
    if (next.services.at(next.mappings[node].service).state_undo) {
      places.insert(PlaceOf(next, node));
    }
  }
  return places;
}

// Each for itself: nobody knows whether it was ever there.
void AddStrays(const Manifest& base, std::vector<StateChange>& changes) {
  for (std::uint32_t node = 0; node < base.mappings.size(); ++node) {
    if (!IsStray(base.mappings[node].digest)) continue;
    const Service& service = base.services.at(base.mappings[node].service);
    if (!service.deploy_state || service.type == "package") continue;
    StateChange& change = changes.emplace_back();
    change.service = service.name;
    change.strays = {node};
  }
  std::stable_sort(changes.begin(), changes.end(), [](const StateChange& a, const StateChange& b) {
    return std::tie(a.service, a.container) < std::tie(b.service, b.container);
  });
}

}  // namespace

bool HasStateInEach(const std::set<ContainerName>& before, const std::set<ContainerName>& after) {
  const bool stays = after.empty() || std::any_of(after.begin(), after.end(), [&](const auto& now) {
                       return before.contains(now);
                     });
  return before.size() > 1 && stays;
}

std::vector<StateChange> FindStateChanges(const Manifest& base, const Manifest& next,
                                          std::span<const std::uint32_t> obsolete) {
  const Stateful stateful(base, next);
  const auto before = stateful.Homes(base);
  const auto after = stateful.Homes(next);
  std::vector<StateChange> changes;
  for (const auto& [identity, holders] : before) {
    const auto found = after.find(identity);
    const Nodes homes = found == after.end() ? Nodes() : found->second;
    const std::set<Place> places = PlacesOf(base, holders);
    const std::set<Place> next_places = PlacesOf(next, homes);
    const std::set<Place> undo_places = PlacesWithUndo(next, homes);
    StateChange change{
        .service = identity.first,
        .container = identity.second.empty() ? std::nullopt : std::optional(identity.second),
        .holders = holders,
        .homes = homes,
        .receivers = {},
        .left = {},
        .undone = {},
        .strays = {}};
    for (const std::uint32_t node : homes) {
      if (IsDeployed(next, node) && !places.contains(PlaceOf(next, node))) {
        change.receivers.push_back(node);
      }
    }
    for (const std::uint32_t node : holders) {
      const bool stays = next_places.contains(PlaceOf(base, node));
      if (!stays && IsDeployed(base, node)) change.left.push_back(node);
      if (undo_places.contains(PlaceOf(base, node)) &&
          std::binary_search(obsolete.begin(), obsolete.end(), node)) {
        change.undone.push_back(node);
      }
    }
    if (change.receivers.empty() && change.left.empty() && change.undone.empty()) continue;
    changes.push_back(std::move(change));
  }
  AddStrays(base, changes);
  return changes;
}

}  // namespace eris::plan_internal
