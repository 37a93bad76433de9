#include "schema/dag.h"

#include <algorithm>
#include <cstddef>
#include <limits>

#include "schema/base/check.h"

namespace eris {
namespace {

constexpr DagNode kNone = std::numeric_limits<DagNode>::max();

// Every node that is left has a dependency that is left: following those must come back.
DependencyCycle FindCycle(const Dependencies& dependencies,
                          const std::vector<std::uint32_t>& waiting_for) {
  std::vector<std::uint32_t> position(dependencies.size(), kNone);
  DependencyCycle cycle;
  DagNode node = 0;
  while (waiting_for[node] == 0) ++node;
  while (position[node] == kNone) {
    position[node] = static_cast<std::uint32_t>(cycle.path.size());
    cycle.path.push_back(node);
    node = *std::find_if(dependencies[node].begin(), dependencies[node].end(),
                         [&](DagNode other) { return waiting_for[other] != 0; });
  }
  cycle.path.erase(cycle.path.begin(), cycle.path.begin() + position[node]);
  std::rotate(cycle.path.begin(), std::min_element(cycle.path.begin(), cycle.path.end()),
              cycle.path.end());
  return cycle;
}

}  // namespace

tl::expected<std::vector<DagNode>, DependencyCycle> TopologicalOrder(
    const Dependencies& dependencies) {
  ERIS_CHECK(dependencies.size() < kNone, "nodes are counted in 32 bits");
  const Dependencies dependents = Reversed(dependencies);
  std::vector<std::uint32_t> waiting_for(dependencies.size());
  std::vector<DagNode> order;
  order.reserve(dependencies.size());
  for (DagNode node = 0; node < dependencies.size(); ++node) {
    waiting_for[node] = static_cast<std::uint32_t>(dependencies[node].size());
    if (waiting_for[node] == 0) order.push_back(node);
  }
  for (std::size_t next = 0; next < order.size(); ++next) {
    for (const DagNode dependent : dependents[order[next]]) {
      if (--waiting_for[dependent] == 0) order.push_back(dependent);
    }
  }
  if (order.size() < dependencies.size()) {
    return tl::unexpected(FindCycle(dependencies, waiting_for));
  }
  return order;
}

std::vector<std::uint32_t> LayersOf(const Dependencies& dependencies,
                                    const std::vector<DagNode>& order) {
  std::vector<std::uint32_t> layers(dependencies.size(), 0);
  for (const DagNode node : order) {
    for (const DagNode dependency : dependencies[node]) {
      layers[node] = std::max(layers[node], layers[dependency] + 1);
    }
  }
  return layers;
}

Dependencies Reversed(const Dependencies& dependencies) {
  std::vector<std::uint32_t> counts(dependencies.size(), 0);
  for (const auto& list : dependencies) {
    for (const DagNode dependency : list) {
      ERIS_CHECK(dependency < dependencies.size(), "an edge names a node of the graph");
      ++counts[dependency];
    }
  }
  Dependencies reversed(dependencies.size());
  for (DagNode node = 0; node < dependencies.size(); ++node) reversed[node].reserve(counts[node]);
  for (DagNode node = 0; node < dependencies.size(); ++node) {
    for (const DagNode dependency : dependencies[node]) reversed[dependency].push_back(node);
  }
  return reversed;
}

}  // namespace eris
