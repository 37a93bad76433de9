#include "planner/models/instances.h"

#include <algorithm>

#include "schema/dag.h"

namespace eris {
namespace {

template <typename T>
void SortUnique(std::vector<T>& values) {
  std::sort(values.begin(), values.end());
  values.erase(std::unique(values.begin(), values.end()), values.end());
}

DagNode ToNode(const InstanceLink& link) { return static_cast<DagNode>(link.instance); }

std::optional<SystemName> SystemOf(const RawModel& model, const TargetName& target) {
  const auto found = model.targets.find(target);
  if (found == model.targets.end()) return std::nullopt;
  return found->second.target.system;
}

void AddInstances(const RawModel& model, InstanceGraph& graph) {
  for (const auto& [name, service] : model.services) {
    for (const RawPlace& place : service.places) {
      const auto system = SystemOf(model, place.target);
      if (!system) continue;
      const auto [entry, is_new] =
          graph.by_name.try_emplace({name, *system}, graph.instances.size());
      if (is_new) graph.instances.push_back({name, *system, &service, {}, {}, {}, {}, {}});
      graph.instances[entry->second].places.push_back(place);
    }
  }
  for (Instance& instance : graph.instances) SortUnique(instance.places);
}

void AddProviders(InstanceGraph& graph) {
  for (std::size_t index = 0; index < graph.instances.size(); ++index) {
    const Instance& instance = graph.instances[index];
    for (const RawPlace& place : instance.places) {
      for (const auto& [container, properties] : instance.raw->provides_containers) {
        graph.providers.try_emplace({place.target, container}, InstanceLink{index, place});
      }
    }
  }
}

std::vector<InstanceLink> Resolve(const RawModel& model, const InstanceGraph& graph,
                                  const std::vector<RawInterdependency>& interdependencies) {
  std::vector<InstanceLink> links;
  for (const RawInterdependency& one : interdependencies) {
    const auto service = model.services.find(one.service);
    if (service == model.services.end()) continue;
    for (const RawPlace& place : one.bound_to.value_or(service->second.places)) {
      const auto system = SystemOf(model, place.target);
      if (!system) continue;
      const auto instance = graph.by_name.find({one.service, *system});
      if (instance == graph.by_name.end()) continue;
      const auto& places = graph.instances[instance->second].places;
      if (std::binary_search(places.begin(), places.end(), place)) {
        links.push_back({instance->second, place});
      }
    }
  }
  SortUnique(links);
  return links;
}

void AddLinks(const RawModel& model, InstanceGraph& graph) {
  for (std::size_t index = 0; index < graph.instances.size(); ++index) {
    Instance& instance = graph.instances[index];
    instance.depends_on = Resolve(model, graph, instance.raw->depends_on);
    instance.connects_to = Resolve(model, graph, instance.raw->connects_to);
    instance.activates_after = Resolve(model, graph, instance.raw->activates_after);
    for (const RawPlace& place : instance.places) {
      if (auto provider = graph.ProviderOf({index, place})) {
        instance.providers.push_back(std::move(*provider));
      }
    }
    SortUnique(instance.providers);
  }
}

Dependencies OrderedLinks(const InstanceGraph& graph) {
  Dependencies dependencies;
  for (const Instance& instance : graph.instances) {
    std::vector<DagNode>& before = dependencies.emplace_back();
    for (const auto* links :
         {&instance.depends_on, &instance.activates_after, &instance.providers}) {
      for (const InstanceLink& link : *links) before.push_back(ToNode(link));
    }
    SortUnique(before);
  }
  return dependencies;
}

}  // namespace

std::optional<InstanceLink> InstanceGraph::ProviderOf(const InstanceLink& link) const {
  const auto found = providers.find(link.place);
  if (found == providers.end()) return std::nullopt;
  if (instances[found->second.instance].service == instances[link.instance].service) {
    return std::nullopt;
  }
  return found->second;
}

InstanceGraph MakeInstances(const RawModel& model) {
  InstanceGraph graph;
  AddInstances(model, graph);
  AddProviders(graph);
  AddLinks(model, graph);
  return graph;
}

InstanceOrder OrderInstances(const InstanceGraph& graph) {
  constexpr std::size_t kMostCycles = 20;  // shown at once; each costs a pass
  Dependencies dependencies = OrderedLinks(graph);
  InstanceOrder result;
  while (result.cycles.size() < kMostCycles) {
    auto order = TopologicalOrder(dependencies);
    if (order) {
      if (result.cycles.empty()) result.order.assign(order->begin(), order->end());
      break;
    }
    // Without their dependencies these are in no other cycle, and the next one shows.
    for (const DagNode node : order.error().path) dependencies[node].clear();
    result.cycles.emplace_back(order.error().path.begin(), order.error().path.end());
  }
  return result;
}

}  // namespace eris
