// Where a component is.
#pragma once

#include <compare>

#include "schema/values/ids.h"

namespace eris::sim {

struct Seat {
  TargetName target;
  ContainerName container;
  ComponentName component;
  auto operator<=>(const Seat&) const = default;
};

}  // namespace eris::sim
