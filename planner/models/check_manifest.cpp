#include "planner/models/check_manifest.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <string>
#include <tuple>
#include <utility>

#include "planner/models/internal/service_order.h"
#include "schema/base/text.h"

namespace eris {
namespace {

using Place = std::tuple<ServiceKey, TargetName, ContainerName>;

class ManifestJudge {
 public:
  explicit ManifestJudge(const Manifest& manifest) : manifest_(manifest) {
    for (const Mapping& mapping : manifest.mappings) {
      places_.emplace(mapping.service, mapping.target, mapping.container);
    }
  }

  Findings Check() {
    for (const auto& [name, target] : manifest_.targets) CheckTarget(name, target);
    for (const auto& [key, service] : manifest_.services) CheckService(key, service);
    CheckMappings();
    CheckSnapshotMappings();
    for (const auto& [target, profile] : manifest_.profiles) {
      if (HasTarget(target)) continue;
      Report("profiles." + target.text, fmt::format("the target '{}' is unknown", target.text),
             "add it to `infrastructure`, or take the profile out");
    }
    CheckCycles();
    std::sort(findings_.begin(), findings_.end());
    findings_.erase(std::unique(findings_.begin(), findings_.end()), findings_.end());
    return std::move(findings_);
  }

 private:
  void Report(std::string path, std::string message, std::string fix) {
    findings_.push_back({"deployment", std::move(path), {}, std::move(message), std::move(fix)});
  }

  bool HasTarget(const TargetName& name) const { return manifest_.targets.contains(name); }

  void CheckName(const std::string& path, const std::string& name) {
    constexpr std::size_t kMaxName = 200;
    if (IsSafeFileName(name) && name.size() <= kMaxName) return;
    Report(path, "the name cannot be used as the name of a file",
           "use a name of at most 200 bytes without '/'");
  }

  void CheckTarget(const TargetName& name, const Target& target) {
    const std::string path = "infrastructure." + name.text;
    CheckName(path, name.text);
    if (target.num_of_cores < 1) {
      Report(path + ".numOfCores", "numOfCores is not a number from 1 to 65536",
             "write \"numOfCores\": 1");
    }
    const auto address =
        std::find_if(target.properties.begin(), target.properties.end(),
                     [&](const Property& one) { return one.name == target.target_property; });
    if (address == target.properties.end()) {
      Report(
          path + ".properties",
          fmt::format("there is no property '{}' that tells the address", target.target_property),
          "add it, or name another one as targetProperty");
      return;
    }
    const auto [entry, is_new] = addresses_.try_emplace(address->text, name);
    if (is_new) return;
    Report(path + ".properties." + target.target_property,
           fmt::format("the targets '{}' and '{}' have the same address '{}'", entry->second.text,
                       name.text, address->text),
           "give each target an address of its own");
  }

  void CheckService(const ServiceKey& key, const Service& service) {
    const std::string path = "services." + key.text;
    CheckName(path, key.text);
    CheckName(path + ".name", service.name.text);
    CheckName(path + ".type", service.type);
    if (ComponentOf(service.package).empty()) {
      Report(path + ".pkg",
             fmt::format("'{}' is not a path of the Nix store", service.package.text),
             "let pkg be the output path of a derivation");
    }
    CheckLinks(path + ".dependsOn", service.depends_on);
    CheckLinks(path + ".activatesAfter", service.activates_after);
    CheckLinks(path + ".connectsTo", service.connects_to);
  }

  void CheckLinks(const std::string& path, const std::vector<Interdependency>& links) {
    for (const Interdependency& link : links) {
      const auto service = manifest_.services.find(link.service);
      if (service == manifest_.services.end()) {
        Report(path, fmt::format("the service '{}' is unknown", link.service.text),
               "add it to `services`, or take the interdependency out");
      } else if (service->second.type == "package") {
        Report(
            path,
            fmt::format("'{}' is of type \"package\", never activated", service->second.name.text),
            "take the interdependency out");
      } else if (!places_.contains({link.service, link.target, link.container})) {
        Report(path,
               fmt::format("'{}' is not mapped to target '{}', container '{}'",
                           service->second.name.text, link.target.text, link.container.text),
               "map it there in `serviceMappings`, or name a place that it is mapped to");
      }
    }
  }

  void CheckMappings() {
    std::set<std::tuple<TargetName, ContainerName, ComponentName>> components;
    std::set<Place> seen;
    for (const Mapping& mapping : manifest_.mappings) {
      const std::string path = "serviceMappings." + mapping.service.text;
      CheckName(path + ".container", mapping.container.text);
      if (!HasTarget(mapping.target)) {
        Report(path, fmt::format("the target '{}' is unknown", mapping.target.text),
               "add it to `infrastructure`, or take the mapping out");
      }
      const auto service = manifest_.services.find(mapping.service);
      if (service == manifest_.services.end()) {
        Report(path, fmt::format("the service '{}' is unknown", mapping.service.text),
               "add it to `services`, or take the mapping out");
        continue;
      }
      CheckProvider(path, mapping);
      const std::string place =
          fmt::format("target '{}', container '{}'", mapping.target.text, mapping.container.text);
      if (!seen.emplace(mapping.service, mapping.target, mapping.container).second) {
        Report(path, "the service is mapped twice to " + place, "take one of the mappings out");
        continue;
      }
      const ComponentName component = ComponentOf(service->second.package);
      const bool is_package = service->second.type == "package";
      if (!is_package && !components.emplace(mapping.target, mapping.container, component).second) {
        Report(path, fmt::format("two packages are called '{}' in {}", component.text, place),
               "give the packages different names, or map them apart");
      }
    }
  }

  void CheckProvider(const std::string& path, const Mapping& mapping) {
    if (!mapping.provided_by) return;
    const auto provider = manifest_.services.find(*mapping.provided_by);
    const bool provides = provider != manifest_.services.end() &&
                          provider->second.provides_containers.contains(mapping.container);
    const auto place = places_.lower_bound({*mapping.provided_by, mapping.target, {}});
    const bool is_there = place != places_.end() &&
                          std::get<ServiceKey>(*place) == *mapping.provided_by &&
                          std::get<TargetName>(*place) == mapping.target;
    if (provides && is_there) return;
    Report(path + ".containerProvidedByService",
           fmt::format("'{}' does not provide the container '{}' on target '{}'",
                       mapping.provided_by->text, mapping.container.text, mapping.target.text),
           "name a service that is mapped there and has the container in providesContainers");
  }

  void CheckSnapshotMappings() {
    for (const SnapshotMapping& mapping : manifest_.snapshot_mappings) {
      if (places_.contains({mapping.service, mapping.target, mapping.container})) continue;
      Report("snapshotMappings." + mapping.service.text,
             fmt::format("the service is not mapped to target '{}', container '{}'",
                         mapping.target.text, mapping.container.text),
             "add the mapping to `serviceMappings`, or take this one out");
    }
  }

  void CheckCycles() {
    for (const std::vector<ServiceKey>& cycle : OrderServices(manifest_).cycles) {
      std::string path;
      for (const ServiceKey& key : cycle) path += manifest_.services.at(key).name.text + " → ";
      Report("services." + cycle.front().text,
             "the order of activation is a cycle: " + path +
                 manifest_.services.at(cycle.front()).name.text,
             "turn one dependsOn of the cycle into connectsTo, which imposes no order");
    }
  }

  const Manifest& manifest_;
  std::set<Place> places_;
  std::map<std::string, TargetName> addresses_;
  Findings findings_;
};

}  // namespace

Findings CheckManifest(const Manifest& manifest) { return ManifestJudge(manifest).Check(); }

}  // namespace eris
