#include "planner/plan/internal/state_moves.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <set>
#include <utility>

namespace eris::plan_internal {
namespace {

// The container is empty while the service is in one container only.
using StateIdentity = std::pair<ServiceName, ContainerName>;
using Places = std::set<StatePlace>;

StatePlace PlaceOf(const SnapshotMapping& mapping) {
  return {mapping.target, mapping.container, mapping.component};
}

const ServiceName* NameOf(const Manifest& manifest, const ServiceKey& key) {
  const auto service = manifest.services.find(key);
  return service == manifest.services.end() ? nullptr : &service->second.name;
}

class StateMap {
 public:
  StateMap(const Manifest& base, const Manifest& next) {
    for (const Manifest* manifest : {&base, &next}) CollectSplitServices(*manifest);
  }

  std::map<StateIdentity, Places> Snapshots(const Manifest& manifest) const {
    std::map<StateIdentity, Places> places;
    for (const SnapshotMapping& mapping : manifest.snapshot_mappings) {
      if (const ServiceName* name = NameOf(manifest, mapping.service)) {
        places[IdentityOf(*name, mapping.container)].insert(PlaceOf(mapping));
      }
    }
    return places;
  }

  // Where the services whose state is known are at home, deployed state or not.
  std::map<StateIdentity, Places> Homes(const Manifest& manifest,
                                        const std::map<StateIdentity, Places>& known) const {
    std::map<StateIdentity, Places> homes;
    for (const Mapping& mapping : manifest.mappings) {
      const Service& service = manifest.services.at(mapping.service);
      const StateIdentity identity = IdentityOf(service.name, mapping.container);
      if (!known.contains(identity)) continue;
      homes[identity].insert({mapping.target, mapping.container, ComponentOf(service.package)});
    }
    return homes;
  }

 private:
  // Services that are in several containers at once in either manifest.
  void CollectSplitServices(const Manifest& manifest) {
    std::map<ServiceName, ContainerName> first;
    for (const SnapshotMapping& mapping : manifest.snapshot_mappings) {
      const ServiceName* name = NameOf(manifest, mapping.service);
      if (name == nullptr) continue;
      const auto [entry, inserted] = first.try_emplace(*name, mapping.container);
      if (!inserted && entry->second != mapping.container) split_.insert(*name);
    }
  }

  StateIdentity IdentityOf(const ServiceName& name, const ContainerName& container) const {
    return {name, split_.contains(name) ? container : ContainerName()};
  }

  std::set<ServiceName> split_;
};

std::vector<StatePlace> Minus(const Places& all, const Places& without) {
  std::vector<StatePlace> rest;
  std::set_difference(all.begin(), all.end(), without.begin(), without.end(),
                      std::back_inserter(rest));
  return rest;
}

}  // namespace

std::vector<StateMove> FindStateMoves(const Manifest& base, const Manifest& next) {
  const StateMap map(base, next);
  const auto before = map.Snapshots(base);
  auto after = map.Snapshots(next);
  auto homes = map.Homes(next, before);
  std::vector<StateMove> moves;
  for (const auto& [identity, places] : before) {
    std::vector<StatePlace> to = Minus(after[identity], places);
    if (to.empty() && Minus(places, homes[identity]).empty()) continue;
    moves.push_back(
        {.service = identity.first,
         .container = identity.second.empty() ? std::nullopt : std::optional(identity.second),
         .from = {places.begin(), places.end()},
         .to = std::move(to)});
  }
  return moves;
}

}  // namespace eris::plan_internal
