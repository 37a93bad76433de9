// Order in a directed graph of dependencies: topological order, layers, and a cycle shown as a
// path. Pure and iterative: graphs have the size of what users deploy. What the nodes stand for is
// the caller's business.
#pragma once

#include <cstdint>
#include <tl/expected.hpp>
#include <vector>

namespace eris {

using DagNode = std::uint32_t;

// dependencies[node] names the nodes that come before `node`. Repeated entries are harmless; every
// entry must be smaller than dependencies.size().
using Dependencies = std::vector<std::vector<DagNode>>;

// Each node depends on the one after it, and the last one on the first: a → b → c (→ a).
struct DependencyCycle {
  std::vector<DagNode> path;
  bool operator==(const DependencyCycle&) const = default;
};

// All nodes, dependencies first, in the order of their layers; equal graphs give equal orders.
// O(V + E).
tl::expected<std::vector<DagNode>, DependencyCycle> TopologicalOrder(
    const Dependencies& dependencies);

// The layer of each node: 0 without dependencies, else one above the highest of them. `order` is a
// topological order of the same graph.
std::vector<std::uint32_t> LayersOf(const Dependencies& dependencies,
                                    const std::vector<DagNode>& order);

// The same graph with every edge turned round: the dependents of each node, ascending.
Dependencies Reversed(const Dependencies& dependencies);

}  // namespace eris
