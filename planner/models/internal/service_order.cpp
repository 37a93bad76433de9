#include "planner/models/internal/service_order.h"

#include <map>

#include "schema/dag.h"

namespace eris {
namespace {

using Nodes = std::map<ServiceKey, DagNode>;

Dependencies LinksOf(const Manifest& manifest, const Nodes& nodes) {
  Dependencies dependencies(nodes.size());
  const auto add = [&](const ServiceKey& from, const ServiceKey& to) {
    const auto later = nodes.find(from);
    const auto earlier = nodes.find(to);
    if (later == nodes.end() || earlier == nodes.end()) return;
    dependencies[later->second].push_back(earlier->second);
  };
  for (const auto& [key, service] : manifest.services) {
    for (const auto* links : {&service.depends_on, &service.activates_after}) {
      for (const Interdependency& link : *links) add(key, link.service);
    }
  }
  for (const Mapping& mapping : manifest.mappings) {
    if (mapping.provided_by) add(mapping.service, *mapping.provided_by);
  }
  return dependencies;
}

}  // namespace

ServiceOrder OrderServices(const Manifest& manifest) {
  constexpr std::size_t kMostCycles = 20;  // shown at once; each costs a pass
  Nodes nodes;
  std::vector<ServiceKey> keys;
  for (const auto& [key, service] : manifest.services) {
    nodes.emplace(key, static_cast<DagNode>(keys.size()));
    keys.push_back(key);
  }
  Dependencies dependencies = LinksOf(manifest, nodes);
  ServiceOrder result;
  while (result.cycles.size() < kMostCycles) {
    const auto order = TopologicalOrder(dependencies);
    if (order) {
      if (!result.cycles.empty()) break;
      for (const DagNode node : *order) result.order.push_back(keys[node]);
      break;
    }
    std::vector<ServiceKey>& cycle = result.cycles.emplace_back();
    for (const DagNode node : order.error().path) {
      dependencies[node].clear();  // then it is in no other cycle, and the next one shows
      cycle.push_back(keys[node]);
    }
  }
  return result;
}

}  // namespace eris
