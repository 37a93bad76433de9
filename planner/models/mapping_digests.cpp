// Digests for the mappings of a manifest that was not evaluated here.
#include <algorithm>
#include <map>
#include <tuple>

#include "planner/models/check_manifest.h"
#include "planner/models/internal/digest_fields.h"
#include "planner/models/internal/service_order.h"

namespace eris {
namespace {

class Digester {
 public:
  explicit Digester(Manifest& manifest) : manifest_(manifest) {
    for (Mapping& mapping : manifest.mappings) by_service_[mapping.service].push_back(&mapping);
  }

  void Digest(const ServiceKey& key) {
    const auto mappings = by_service_.find(key);
    if (mappings == by_service_.end()) return;
    const std::string before = DigestBefore(manifest_.services.at(key));
    for (Mapping* mapping : mappings->second) {
      if (mapping->digest.empty()) mapping->digest = DigestOf(*mapping, before);
    }
  }

 private:
  std::string DigestBefore(const Service& service) const {
    std::vector<std::string> digests;
    for (const auto* links : {&service.depends_on, &service.activates_after}) {
      for (const Interdependency& link : *links) {
        const auto& mappings = by_service_.at(link.service);
        const auto mapping =
            std::find_if(mappings.begin(), mappings.end(), [&](const Mapping* one) {
              return one->target == link.target && one->container == link.container;
            });
        digests.push_back((*mapping)->digest);
      }
    }
    std::sort(digests.begin(), digests.end());
    DigestFields fields;
    for (const std::string& digest : digests) fields.Add(digest);
    return fields.Finish();
  }

  std::string DigestOf(const Mapping& mapping, const std::string& before) const {
    DigestFields fields;
    fields.Add("mapping").Add(mapping.service.text);
    fields.Add(mapping.target.text).Add(mapping.container.text).Add(before);
    const Properties* properties = nullptr;
    if (mapping.provided_by) {
      const auto& mappings = by_service_.at(*mapping.provided_by);
      const auto provider = std::find_if(mappings.begin(), mappings.end(), [&](const Mapping* one) {
        return one->target == mapping.target;
      });
      fields.Add((*provider)->digest);
      const Service& service = manifest_.services.at(*mapping.provided_by);
      properties = &service.provides_containers.at(mapping.container);
    } else {
      fields.Add("");
      const auto& containers = manifest_.targets.at(mapping.target).containers;
      const auto container = containers.find(mapping.container);
      if (container != containers.end()) properties = &container->second;
    }
    return fields.Add(properties == nullptr ? Properties() : *properties).Finish();
  }

  Manifest& manifest_;
  std::map<ServiceKey, std::vector<Mapping*>> by_service_;
};

}  // namespace

void AddMissingDigests(Manifest& manifest) {
  Digester digester(manifest);
  for (const ServiceKey& key : OrderServices(manifest).order) digester.Digest(key);
}

}  // namespace eris
