#include "planner/models/reconstruct.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

namespace eris {
namespace {

using Json = nlohmann::json;

constexpr int kVersion = 1;

Error Broken(const TargetName& target, const std::string& what) {
  return {ErrorCode::kInvalid, "the profile of " + target.text + " cannot be read: " + what,
          "look at manifest.nix in it; deploy to that target again if it was damaged"};
}

// One target's profile. Member functions throw the library's exceptions for what has another shape.
class ProfileReader {
 public:
  ProfileReader(const TargetName& target, const TargetEvidence& evidence, Manifest& manifest)
      : target_(target), evidence_(evidence), manifest_(manifest) {}

  Status Read() {
    const Json json = Json::parse(evidence_.profile_text);
    if (json.at("version") != kVersion) {
      return Fail(Broken(target_, "its version is " + json.at("version").dump()));
    }
    if (json.at("target") != target_.text) {
      return Fail(Broken(target_, "it is that of " + json.at("target").dump()));
    }
    for (const auto& [key, service] : json.at("services").items()) {
      ERIS_TRY(AddService(ServiceKey(key), service));
    }
    for (const Json& one : json.at("serviceMappings")) AddMapping(one);
    for (const Json& one : json.at("snapshotMappings")) {
      manifest_.snapshot_mappings.push_back({target_, ContainerName(one.at("container")),
                                             ServiceKey(one.at("service")),
                                             ComponentName(one.at("component"))});
    }
    manifest_.profiles[target_].path = evidence_.report.profile;
    return {};
  }

 private:
  std::vector<Interdependency> Links(const Json& list) const {
    std::vector<Interdependency> links;
    for (const Json& one : list) {
      const std::string other = one.value("target", target_.text);
      links.push_back(
          {ServiceKey(one.at("service")), TargetName(other), ContainerName(one.at("container"))});
    }
    std::sort(links.begin(), links.end());
    return links;
  }

  Status AddService(const ServiceKey& key, const Json& json) {
    Service service;
    service.name = ServiceName(json.at("name"));
    service.type = json.at("type");
    service.package = StorePath(json.at("pkg"));
    service.system = SystemName(json.at("system"));
    service.deploy_state = json.at("deployState");
    service.state_undo = json.at("stateUndo");
    service.depends_on = Links(json.at("dependsOn"));
    service.activates_after = Links(json.at("activatesAfter"));
    service.connects_to = Links(json.at("connectsTo"));
    if (json.contains("deadlineMs")) service.deadline_ms = json.at("deadlineMs");
    if (json.contains("providesContainers")) {
      for (const auto& [container, ignored] : json.at("providesContainers").items()) {
        service.provides_containers[ContainerName(container)];
      }
    }
    const auto [there, is_new] = manifest_.services.emplace(key, service);
    if (is_new || there->second == service) return {};
    return Fail(Broken(target_, "another profile says something else of service " +
                                    service.name.text + " (" + key.text + ")"));
  }

  void AddMapping(const Json& one) {
    Mapping mapping{target_, ContainerName(one.at("container")), ServiceKey(one.at("service")),
                    std::nullopt, ""};
    if (one.contains("containerProvidedByService")) {
      mapping.provided_by = ServiceKey(one.at("containerProvidedByService"));
    }
    for (const ActiveMapping& active : evidence_.report.mappings) {
      if (active.service != mapping.service || active.container != mapping.container) continue;
      mapping.digest = active.digest;
    }
    manifest_.mappings.push_back(std::move(mapping));
  }

  const TargetName& target_;
  const TargetEvidence& evidence_;
  Manifest& manifest_;
};

Status Add(const TargetName& target, const TargetEvidence& evidence, Manifest& manifest) {
  try {
    return ProfileReader(target, evidence, manifest).Read();
  } catch (const Json::exception& e) {
    return Fail(Broken(target, e.what()));
  }
}

}  // namespace

Result<Manifest> ReconstructManifest(const std::map<TargetName, TargetEvidence>& evidence,
                                     const std::map<TargetName, Target>& targets) {
  Manifest manifest;
  manifest.targets = targets;
  for (const auto& [target, said] : evidence) {
    if (!targets.contains(target)) {
      return Fail(ErrorCode::kInvalid, "target " + target.text + " is not in the infrastructure",
                  "give the infrastructure model that it is part of");
    }
    if (said.report.profile.empty()) continue;
    ERIS_TRY(Add(target, said, manifest));
  }
  std::sort(manifest.mappings.begin(), manifest.mappings.end());
  std::sort(manifest.snapshot_mappings.begin(), manifest.snapshot_mappings.end());
  return manifest;
}

}  // namespace eris
