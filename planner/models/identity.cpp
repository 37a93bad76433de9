#include "planner/models/identity.h"

#include <algorithm>

#include "planner/models/internal/digest_fields.h"
#include "schema/base/check.h"

namespace eris {
namespace {

std::vector<InstanceLink> OrderedLinks(const Instance& instance) {
  std::vector<InstanceLink> links = instance.depends_on;
  links.insert(links.end(), instance.activates_after.begin(), instance.activates_after.end());
  std::sort(links.begin(), links.end());
  links.erase(std::unique(links.begin(), links.end()), links.end());
  return links;
}

class Identifier {
 public:
  Identifier(const RawModel& model, const InstanceGraph& graph)
      : model_(model), graph_(graph), result_(graph.instances.size()) {}

  void Identify(std::size_t index) {
    const Instance& instance = graph_.instances[index];
    const std::vector<InstanceLink> links = OrderedLinks(instance);
    result_[index].key = KeyOf(instance, links);
    const std::string before = DigestOf(links);
    for (const RawPlace& place : instance.places) {
      result_[index].digests.push_back(DigestAt({index, place}, before));
    }
  }

  std::vector<InstanceIdentity> Take() { return std::move(result_); }

 private:
  ServiceKey KeyOf(const Instance& instance, const std::vector<InstanceLink>& links) const {
    const auto package = instance.raw->packages.find(instance.system);
    ERIS_CHECK(package != instance.raw->packages.end(), "every instance has a package");
    std::vector<Interdependency> ordered;
    ordered.reserve(links.size());
    for (const InstanceLink& link : links) {
      ordered.push_back({result_[link.instance].key, link.place.target, link.place.container});
    }
    return MakeServiceKey(instance.service, instance.raw->type, package->second.path, ordered);
  }

  // Of one mapping that is ordered before another.
  const std::string& DigestOf(const InstanceLink& link) const {
    const auto& places = graph_.instances[link.instance].places;
    const auto place = std::lower_bound(places.begin(), places.end(), link.place);
    return result_[link.instance].digests.at(static_cast<std::size_t>(place - places.begin()));
  }

  // Of everything ordered before an instance, wherever that runs.
  std::string DigestOf(const std::vector<InstanceLink>& links) const {
    std::vector<std::string> digests;
    digests.reserve(links.size());
    for (const InstanceLink& link : links) digests.push_back(DigestOf(link));
    std::sort(digests.begin(), digests.end());
    DigestFields fields;
    for (const std::string& digest : digests) fields.Add(digest);
    return fields.Finish();
  }

  std::string DigestAt(const InstanceLink& link, const std::string& before) const {
    DigestFields fields;
    fields.Add("mapping").Add(result_[link.instance].key.text);
    fields.Add(link.place.target.text).Add(link.place.container.text).Add(before);
    const auto provider = graph_.ProviderOf(link);
    fields.Add(provider ? DigestOf(*provider) : "");
    fields.Add(PropertiesAt(model_, graph_, link));
    return fields.Finish();
  }

  const RawModel& model_;
  const InstanceGraph& graph_;
  std::vector<InstanceIdentity> result_;
};

}  // namespace

InstanceIdentity IdentifyPackage(const ServiceName& name, const StorePath& package,
                                 const TargetName& target) {
  RawModel model;
  RawService& service = model.services[name];
  service.type = "package";
  service.places = {{target, ContainerName("package")}};
  service.packages[SystemName()] = {package, {}, {}, {}};
  model.targets[target];
  constexpr std::size_t kOnly = 0;
  return IdentifyInstances(model, MakeInstances(model), {kOnly}).front();
}

const Properties& PropertiesAt(const RawModel& model, const InstanceGraph& graph,
                               const InstanceLink& link) {
  static const Properties kNone;
  if (const auto provider = graph.ProviderOf(link)) {
    return graph.instances[provider->instance].raw->provides_containers.at(link.place.container);
  }
  const auto& containers = model.targets.at(link.place.target).target.containers;
  const auto found = containers.find(link.place.container);
  return found == containers.end() ? kNone : found->second;
}

std::vector<InstanceIdentity> IdentifyInstances(const RawModel& model, const InstanceGraph& graph,
                                                const std::vector<std::size_t>& order) {
  Identifier identifier(model, graph);
  for (const std::size_t index : order) identifier.Identify(index);
  return identifier.Take();
}

}  // namespace eris
