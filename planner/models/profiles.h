// Profiles: the one store path per target that roots everything mapped there and says, as
// `manifest.nix` in it, what that is. Made from a finished manifest by one small Nix call; built
// later, last of all.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "planner/models/nix_command.h"
#include "schema/base/error.h"
#include "schema/values/manifest.h"

namespace eris {

// Key of the digests that a profile carries instead of properties: the store is world-readable.
// Same key, same manifest: same profile.
struct DigestKey {
  std::vector<std::uint8_t> bytes;
};

// What a target's profile says: JSON in one line, that names every package mapped to it, its
// mappings with keyed digests, and the interdependencies of its services. With those of all targets
// the planner's view can be rebuilt.
std::string ProfileText(const Manifest& manifest, const TargetName& target, const DigestKey& key);

// Of everything that the profile is made from: equal digest, equal derivation.
std::string ProfileDigest(const Manifest& manifest, const TargetName& target, const DigestKey& key);

struct ProfileOptions {
  DigestKey key;
  // Made earlier; those with the same digest are taken over. Their derivations may have been
  // collected since: who hands them in keeps their paths rooted, and builds only what is not valid.
  std::map<TargetName, TargetProfile> known;
  NixOptions nix;
};

// The profiles of all targets of the manifest, also of those that nothing is mapped to. Those that
// the manifest has already stay when they have no digest (somebody wrote them) or the right one.
// Writes their derivations to the store, builds nothing. No Nix call when all are known. Linear in
// mappings.
Result<std::map<TargetName, TargetProfile>> MakeProfiles(const Manifest& manifest,
                                                         const ProfileOptions& options);

}  // namespace eris
