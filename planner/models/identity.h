// Identity of services and mappings: decides what counts as "the same" from one deployment to the
// next.
//
// A service key covers name, type, package and the ordered interdependencies (dependsOn,
// activatesAfter) with target and container, transitively. A mapping digest covers, beyond the key,
// what its activities are given: the properties of its container; and the digests of everything
// ordered before it, the provider of its container on its own target included. Secrets count by
// name: a rotated one is not a change. connectsTo and the properties of targets are in neither.
#pragma once

#include <cstddef>
#include <map>
#include <vector>

#include "planner/models/instances.h"
#include "schema/values/ids.h"

namespace eris {

struct InstanceIdentity {
  ServiceKey key;
  std::vector<std::string> digests;  // one per place of the instance, hex
};

// One entry per instance of the graph. `order` is its topological order (OrderInstances, without
// cycles). Linear: every instance and link is looked at once.
std::vector<InstanceIdentity> IdentifyInstances(const RawModel& model, const InstanceGraph& graph,
                                                const std::vector<std::size_t>& order);

// Of a package that the packages model has for a target, in the container "package" there: the same
// as of a service of type "package" with that name.
InstanceIdentity IdentifyPackage(const ServiceName& name, const StorePath& package,
                                 const TargetName& target);

// What the activities of a mapping are given: the container's properties, from its provider where a
// service provides it, else from the target; empty where nobody offers the container.
const Properties& PropertiesAt(const RawModel& model, const InstanceGraph& graph,
                               const InstanceLink& link);

}  // namespace eris
