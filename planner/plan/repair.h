// What targets run otherwise than a generation says, put into the base of the plan that repairs
// it. Pure.
#pragma once

#include <functional>
#include <optional>
#include <set>
#include <span>

#include "planner/plan/plan.h"
#include "schema/base/error.h"
#include "schema/values/manifest.h"
#include "schema/values/submission.h"

namespace eris {

// A mapping that an older generation knows, and its service.
struct KnownMapping {
  Mapping mapping;
  Service service;
};
// The mapping at a foreign one's place with its digest, or the newest one at its place; nothing
// when no generation knows it.
using LookUpMapping = std::function<Result<std::optional<KnownMapping>>(const Repair& foreign)>;

// Of one manifest, what a LookUpMapping wants.
std::optional<KnownMapping> FindMapping(const Manifest& manifest, const Repair& foreign);

// Makes `base`, which is what the repairs were found against, say what runs. Returns the places of
// its mappings that do not run: PlanInput::down. kConflict: `base` does not have what a repair is
// about; kNotFound: nobody knows how to take a foreign mapping down.
Result<std::set<MappingPlace>> ApplyRepairs(std::span<const Repair> repairs,
                                            const LookUpMapping& look_up, Manifest& base);

}  // namespace eris
