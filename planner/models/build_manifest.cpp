#include "planner/models/build_manifest.h"

#include <algorithm>

#include "planner/models/check_model.h"
#include "planner/models/identity.h"
#include "schema/base/check.h"

namespace eris {
namespace {

class Builder {
 public:
  Builder(const RawModel& model, const InstanceGraph& graph)
      : model_(model), graph_(graph), identities_(Identify(model, graph)) {
    for (const auto& [name, raw] : model.targets) manifest_.targets.emplace(name, raw.target);
  }

  Manifest Build() {
    for (std::size_t index = 0; index < graph_.instances.size(); ++index) {
      manifest_.services.emplace(identities_[index].key, ServiceOf(graph_.instances[index]));
      AddMappings(index);
    }
    for (const auto& [target, installed] : model_.packages) {
      for (const RawPackage& package : installed.packages) Install(package, target);
    }
    std::sort(manifest_.mappings.begin(), manifest_.mappings.end());
    manifest_.mappings.erase(std::unique(manifest_.mappings.begin(), manifest_.mappings.end()),
                             manifest_.mappings.end());
    std::sort(manifest_.snapshot_mappings.begin(), manifest_.snapshot_mappings.end());
    return std::move(manifest_);
  }

 private:
  static std::vector<InstanceIdentity> Identify(const RawModel& model, const InstanceGraph& graph) {
    const InstanceOrder order = OrderInstances(graph);
    ERIS_CHECK(order.cycles.empty(), "a checked model has no cycle");
    return IdentifyInstances(model, graph, order.order);
  }

  // A package on a target is a service of type "package" that bears the name of its store path.
  void Install(const RawPackage& package, const TargetName& target) {
    Service service;
    service.name = ServiceName(ComponentOf(package.path).text);
    service.type = "package";
    service.package = package.path;
    service.derivation = package.derivation;
    service.system = model_.targets.at(target).target.system;
    const InstanceIdentity identity = IdentifyPackage(service.name, package.path, target);
    manifest_.mappings.push_back(
        {target, ContainerName("package"), identity.key, {}, identity.digests.front()});
    manifest_.services.try_emplace(identity.key, std::move(service));
  }

  std::vector<Interdependency> Bound(const std::vector<InstanceLink>& links) const {
    std::vector<Interdependency> bound;
    bound.reserve(links.size());
    for (const InstanceLink& link : links) {
      bound.push_back({identities_[link.instance].key, link.place.target, link.place.container});
    }
    std::sort(bound.begin(), bound.end());
    return bound;
  }

  Service ServiceOf(const Instance& instance) const {
    const RawService& raw = *instance.raw;
    const RawPackage& package = raw.packages.at(instance.system);
    constexpr std::int64_t kMilliseconds = 1000;
    Service service;
    service.name = instance.service;
    service.type = raw.type;
    service.package = package.path;
    service.derivation = package.derivation;
    service.system = instance.system;
    service.depends_on = Bound(instance.depends_on);
    service.activates_after = Bound(instance.activates_after);
    service.connects_to = Bound(instance.connects_to);
    service.provides_containers = raw.provides_containers;
    service.deploy_state = raw.deploy_state && raw.type != "package";
    service.state_undo = raw.state_undo;
    if (raw.deadline_s) service.deadline_ms = *raw.deadline_s * kMilliseconds;
    return service;
  }

  void AddMappings(std::size_t index) {
    const Instance& instance = graph_.instances[index];
    const InstanceIdentity& identity = identities_[index];
    const RawPackage& package = instance.raw->packages.at(instance.system);
    const bool keeps_state = instance.raw->deploy_state && instance.raw->type != "package";
    for (std::size_t i = 0; i < instance.places.size(); ++i) {
      const RawPlace& place = instance.places[i];
      Mapping mapping{place.target, place.container, identity.key, {}, identity.digests[i]};
      if (const auto provider = graph_.ProviderOf({index, place})) {
        mapping.provided_by = identities_[provider->instance].key;
      }
      manifest_.mappings.push_back(std::move(mapping));
      if (!keeps_state) continue;
      manifest_.snapshot_mappings.push_back(
          {place.target, place.container, identity.key, ComponentOf(package.path)});
    }
  }

  const RawModel& model_;
  const InstanceGraph& graph_;
  const std::vector<InstanceIdentity> identities_;
  Manifest manifest_;
};

}  // namespace

Manifest BuildManifest(const RawModel& model, const InstanceGraph& graph) {
  return Builder(model, graph).Build();
}

}  // namespace eris
