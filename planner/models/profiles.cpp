#include "planner/models/profiles.h"

#include <algorithm>
#include <cctype>
#include <nlohmann/json.hpp>

#include "planner/models/internal/profile_packages.h"
#include "planner/models/nix_source.h"
#include "schema/base/digest.h"

namespace eris {
namespace {

// A name that the store accepts.
std::string StoreNameOf(const TargetName& target) {
  constexpr std::size_t kMaxName = 100;
  std::string name = "profile-" + target.text.substr(0, kMaxName);
  for (char& c : name) {
    if (std::isalnum(static_cast<unsigned char>(c)) == 0 &&
        std::string_view("+-._?=").find(c) == std::string_view::npos) {
      c = '-';
    }
  }
  return name;
}

std::string NixPackages(const Manifest& manifest, const TargetName& target) {
  std::string list = "[";
  for (const ProfilePackage& package : PackagesOf(manifest, target)) {
    list += " { path = " + NixString(package.path) +
            "; derivation = " + NixString(package.derivation) +
            "; output = " + NixString(package.output) + "; }";
  }
  return list + " ]";
}

// What the derivation of a profile is made from: arguments of nix/profiles.nix.
std::string NixTarget(const Manifest& manifest, const TargetName& target, const DigestKey& key) {
  const std::string& system = manifest.targets.at(target).system.text;
  return "{ name = " + NixString(target.text) + "; storeName = " + NixString(StoreNameOf(target)) +
         "; system = " + NixString(system) +
         ";\n  text = " + NixString(ProfileText(manifest, target, key)) +
         ";\n  packages = " + NixPackages(manifest, target) + "; }\n";
}

std::string DigestOf(std::string_view nix_target) {
  Sha256Hasher hasher;
  hasher.Update(nix_source::kProfiles);
  hasher.Update(nix_target);
  return Hex(hasher.Finish());
}

using ProfileMap = std::map<TargetName, TargetProfile>;

Status ReadMade(const std::string& json, ProfileMap& profiles) {
  try {
    const nlohmann::json all = nlohmann::json::parse(json);
    for (const auto& [name, made] : all.items()) {
      TargetProfile& profile = profiles[TargetName(name)];
      profile.derivation = StorePath(made.at("derivation"));
      profile.path = StorePath(made.at("path"));
    }
    return {};
  } catch (const nlohmann::json::exception& e) {
    return Fail(ErrorCode::kInternal, std::string("making profiles: ") + e.what());
  }
}

// A profile that somebody wrote into the manifest is theirs; one that was made for a manifest is
// good for that one only.
bool IsAsGiven(const TargetProfile& given, const std::string& digest) {
  return given.digest.empty() || given.digest == digest;
}

}  // namespace

std::string ProfileDigest(const Manifest& manifest, const TargetName& target,
                          const DigestKey& key) {
  return DigestOf(NixTarget(manifest, target, key));
}

Result<ProfileMap> MakeProfiles(const Manifest& manifest, const ProfileOptions& options) {
  ProfileMap profiles;
  std::string wanted;
  for (const auto& [name, target] : manifest.targets) {
    const std::string nix_target = NixTarget(manifest, name, options.key);
    TargetProfile profile{{}, {}, DigestOf(nix_target)};
    const auto given = manifest.profiles.find(name);
    const auto known = options.known.find(name);
    if (given != manifest.profiles.end() && IsAsGiven(given->second, profile.digest)) {
      profile = given->second;
    } else if (known != options.known.end() && known->second.digest == profile.digest) {
      profile = known->second;
    } else {
      wanted += nix_target;
    }
    profiles.emplace(name, std::move(profile));
  }
  if (wanted.empty()) return profiles;
  const std::string expression =
      "(" + std::string(nix_source::kProfiles) + ") { targets = [\n" + wanted + "]; }\n";
  ERIS_ASSIGN(const std::string json, EvaluateNix(expression, options.nix));
  ERIS_TRY(ReadMade(json, profiles));
  return profiles;
}

}  // namespace eris
