// Services by the system they are built for, with what each is bound to: the graph that identity,
// digests and cycles are computed on. One service placed on machines of two systems is two
// instances.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "planner/models/raw_model.h"

namespace eris {

// An instance at one of its places.
struct InstanceLink {
  std::size_t instance = 0;
  RawPlace place;
  auto operator<=>(const InstanceLink&) const = default;
};

struct Instance {
  ServiceName service;
  SystemName system;
  const RawService* raw = nullptr;  // borrowed from the model
  std::vector<RawPlace> places;     // sorted, no duplicates

  // Sorted, no duplicates. What cannot be resolved is left out: CheckModel reports it.
  std::vector<InstanceLink> depends_on;
  std::vector<InstanceLink> activates_after;
  std::vector<InstanceLink> connects_to;
  std::vector<InstanceLink>
      providers;  // of its containers: ordered before its mapping on their target
};

// Borrows from the model, which must outlive it.
struct InstanceGraph {
  std::vector<Instance> instances;
  std::map<std::pair<ServiceName, SystemName>, std::size_t> by_name;
  std::map<RawPlace, InstanceLink> providers;  // of a container on a target: who, and where it runs

  // Who provides the container of this place; never the instance itself.
  std::optional<InstanceLink> ProviderOf(const InstanceLink& link) const;
};

InstanceGraph MakeInstances(const RawModel& model);

struct InstanceOrder {
  std::vector<std::size_t> order;                // dependencies first; empty if there is a cycle
  std::vector<std::vector<std::size_t>> cycles;  // disjoint paths, whose last leads to their first
};

// Linear in instances + links (times the number of cycles shown).
InstanceOrder OrderInstances(const InstanceGraph& graph);

}  // namespace eris
