#include "planner/plan/internal/activity.h"

#include "planner/plan/in_doubt.h"

namespace eris::plan_internal {
namespace {

// Of a container that a service provides: the provider's, else the target's.
const Properties* ContainerProperties(const Manifest& manifest, const Mapping& mapping) {
  if (mapping.provided_by) {
    const Service& provider = manifest.services.at(*mapping.provided_by);
    const auto provided = provider.provides_containers.find(mapping.container);
    if (provided != provider.provides_containers.end()) return &provided->second;
  }
  const Target& target = manifest.targets.at(mapping.target);
  const auto container = target.containers.find(mapping.container);
  return container == target.containers.end() ? nullptr : &container->second;
}

}  // namespace

Activity ActivityOf(const Manifest& manifest, const Mapping& mapping) {
  const Service& service = manifest.services.at(mapping.service);
  Activity activity{.service_name = service.name,
                    .service = mapping.service,
                    .container = mapping.container,
                    .digest = WithoutMark(mapping.digest),
                    .module = mapping.provided_by
                                  ? manifest.services.at(*mapping.provided_by).package.text
                                  : service.type,
                    .package = service.package,
                    .component = ComponentOf(service.package),
                    .properties = {}};
  if (const Properties* properties = ContainerProperties(manifest, mapping)) {
    for (const Property& property : *properties) {
      if (property.kind != Property::Kind::kStructured) activity.properties.push_back(property);
    }
  }
  return activity;
}

}  // namespace eris::plan_internal
