// A first distribution model: services in turn over the targets, both in the order of their names,
// as Disnix does it. Pure.
#pragma once

#include <span>
#include <string>

#include "schema/base/error.h"
#include "schema/values/ids.h"

namespace eris {

// As Nix, a function of `infrastructure`. kInvalid: there are services, but no targets.
Result<std::string> RoundRobinModel(std::span<const ServiceName> services,
                                    std::span<const TargetName> targets);
// As JSON: a list of names of targets per service.
Result<std::string> RoundRobinJson(std::span<const ServiceName> services,
                                   std::span<const TargetName> targets);

}  // namespace eris
