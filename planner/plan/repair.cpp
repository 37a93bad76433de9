#include "planner/plan/repair.h"

#include <algorithm>
#include <utility>
#include <vector>

namespace eris {
namespace {

constexpr const char* kIndeterminate = " indeterminate";  // no digest ends like this

MappingPlace PlaceOf(const Repair& repair) {
  return {repair.target, repair.container, repair.service};
}

Mapping* Find(Manifest& manifest, const MappingPlace& place) {
  const auto found =
      std::find_if(manifest.mappings.begin(), manifest.mappings.end(),
                   [&](const Mapping& mapping) { return MappingPlaceOf(mapping) == place; });
  return found == manifest.mappings.end() ? nullptr : &*found;
}

std::string Describe(const Repair& repair) {
  return "service " + repair.service.text + " on " + repair.target.text + " in " +
         repair.container.text;
}

// Only what is there is waited for.
void DropUnknown(const std::set<MappingPlace>& known, std::vector<Interdependency>& list) {
  std::erase_if(list, [&](const Interdependency& on) {
    return !known.contains({on.target, on.container, on.service});
  });
}

// A foreign mapping becomes part of the base, so that it is taken down.
Status AddForeign(const Repair& repair, const LookUpMapping& look_up, Manifest& base) {
  if (Mapping* there = Find(base, PlaceOf(repair))) {
    there->digest = repair.digest;  // it runs with other properties
    return {};
  }
  ERIS_ASSIGN(std::optional<KnownMapping> known, look_up(repair));
  if (!known || !base.targets.contains(repair.target)) {
    return Fail(ErrorCode::kNotFound, "no generation knows " + Describe(repair),
                "take it down there by hand, with dysnomia");
  }
  std::set<MappingPlace> places;
  for (const Mapping& mapping : base.mappings) places.insert(MappingPlaceOf(mapping));
  for (auto* list :
       {&known->service.depends_on, &known->service.activates_after, &known->service.connects_to}) {
    DropUnknown(places, *list);
  }
  known->mapping.digest = repair.digest;
  base.services.emplace(repair.service, std::move(known->service));
  base.mappings.push_back(std::move(known->mapping));
  std::sort(base.mappings.begin(), base.mappings.end());
  return {};
}

}  // namespace

std::optional<KnownMapping> FindMapping(const Manifest& manifest, const Repair& foreign) {
  for (const Mapping& mapping : manifest.mappings) {
    if (MappingPlaceOf(mapping) != PlaceOf(foreign)) continue;
    return KnownMapping{mapping, manifest.services.at(mapping.service)};
  }
  return std::nullopt;
}

Result<std::set<MappingPlace>> ApplyRepairs(std::span<const Repair> repairs,
                                            const LookUpMapping& look_up, Manifest& base) {
  std::set<MappingPlace> down;
  for (const Repair& repair : repairs) {
    if (repair.found == Repair::Found::kForeign) {
      ERIS_TRY(AddForeign(repair, look_up, base));
      continue;
    }
    if (repair.found == Repair::Found::kProfile) {
      base.profiles[repair.target] = {.derivation = {}, .path = repair.profile, .digest = {}};
      if (repair.profile.empty()) base.profiles.erase(repair.target);
      continue;
    }
    Mapping* mapping = Find(base, PlaceOf(repair));
    if (mapping == nullptr) {
      return Fail(ErrorCode::kConflict,
                  "the current generation does not have " + Describe(repair) + " any more",
                  "look again with `eris query --drift`");
    }
    if (repair.found == Repair::Found::kMissing) {
      down.insert(PlaceOf(repair));
    } else {
      mapping->digest += kIndeterminate;
    }
  }
  return down;
}

}  // namespace eris
