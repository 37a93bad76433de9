// The order of activation among the services of a manifest, and what stands in its way. Private to
// planner/models.
#pragma once

#include <vector>

#include "schema/values/manifest.h"

namespace eris {

struct ServiceOrder {
  std::vector<ServiceKey> order;                // dependencies first; empty if there is a cycle
  std::vector<std::vector<ServiceKey>> cycles;  // disjoint paths, whose last leads to their first
};

// Along dependsOn, activatesAfter and the providers of containers; what is unknown is left out.
// Linear in services + links (times the number of cycles shown).
ServiceOrder OrderServices(const Manifest& manifest);

}  // namespace eris
