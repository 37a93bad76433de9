// What of a manifest belongs to one target. Private to planner/models.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "schema/values/manifest.h"

namespace eris {

// A package of a profile, as Nix needs it.
struct ProfilePackage {
  std::string path;
  std::string derivation;  // empty for a plain store path
  std::string output;      // name of the derivation's output
  auto operator<=>(const ProfilePackage&) const = default;
};

// Sorted by the name of the store path, no duplicates: their rank where files collide.
std::vector<ProfilePackage> PackagesOf(const Manifest& manifest, const TargetName& target);

// Views into the manifest, whose mappings are sorted by target.
std::span<const Mapping> MappingsOf(const Manifest& manifest, const TargetName& target);
std::span<const SnapshotMapping> SnapshotMappingsOf(const Manifest& manifest,
                                                    const TargetName& target);

}  // namespace eris
