#include "tests/property/plan/random_manifests.h"

#include <string>
#include <utility>
#include <vector>

#include "planner/plan/diff.h"
#include "tests/support/manifest_builder.h"

namespace eris::testing {
namespace {

struct Deployment {
  std::vector<ServiceSpec> services;  // dependencies first
  PropertySpec properties;
};

std::string NumberedName(char letter, std::size_t number) {
  return std::string(1, letter) + std::to_string(number);
}

class DeploymentMaker {
 public:
  explicit DeploymentMaker(RandomSource& random) : random_(random) {}

  Deployment Make() {
    Deployment made;
    const std::size_t count = 1 + Below(random_, 12);
    for (std::size_t i = 0; i < count; ++i) made.services.push_back(Service(made.services, i));
    for (ServiceSpec& service : made.services) {
      if (service.type == "package" || Below(random_, 4) > 0) continue;
      const ServiceSpec& other = made.services[Below(random_, count)];
      if (other.type != "package") service.connects_to.push_back(other.name);
    }
    return made;
  }

  // Versions, places, properties, arrivals and departures.
  Deployment Change(Deployment deployment) {
    for (std::size_t changes = Below(random_, 4); changes > 0; --changes) {
      const std::size_t which = Below(random_, deployment.services.size());
      ServiceSpec& service = deployment.services[which];
      switch (Below(random_, 6)) {
        case 0:
          service.version += "+";
          break;
        case 1:
          // Whoever is in a container of its own must find it where it goes.
          if (service.provides.empty()) service.places = {{Target()}};
          break;
        case 2:
          deployment.properties[Target()]["process"]["port"] = std::to_string(random_() % 9);
          break;
        case 3:
          deployment.services.push_back(Service(deployment.services, 20 + added_++));
          break;
        case 4:
          // One more replica, also of what is in a container of another service.
          if (service.provides.empty()) AddPlace(service);
          break;
        case 5:
          if (deployment.services.size() > 1 && IsUnused(deployment, which)) {
            deployment.services.erase(deployment.services.begin() +
                                      static_cast<std::ptrdiff_t>(which));
          }
          break;
      }
    }
    return deployment;
  }

 private:
  void AddPlace(ServiceSpec& service) {
    const std::string target = Target();
    for (const auto& place : service.places) {
      if (place.target == target) return;
    }
    service.places.push_back({target});
  }

  std::string Target() { return NumberedName('t', Below(random_, 4)); }

  ServiceSpec Service(const std::vector<ServiceSpec>& earlier, std::size_t number) {
    ServiceSpec service{.name = NumberedName('s', number)};
    for (std::size_t i = 0; i < 4; ++i) {
      if (Below(random_, 3) == 0) service.places.push_back({NumberedName('t', i)});
    }
    if (service.places.empty()) service.places.push_back({Target()});
    for (const ServiceSpec& other : earlier) {
      if (other.type == "package" || Below(random_, 3) > 0) continue;
      (Below(random_, 4) == 0 ? service.activates_after : service.depends_on).push_back(other.name);
      if (!other.provides.empty() && Below(random_, 2) == 0) {
        service.places = {{other.places.front().target, other.provides.front()}};
      }
    }
    service.deploy_state = Below(random_, 2) == 0;
    if (service.deploy_state && Below(random_, 2) == 0) service.type = "fileset";
    service.state_undo = Below(random_, 3) == 0;
    if (Below(random_, 5) == 0) service.provides = {NumberedName('c', number)};
    if (service.provides.empty() && Below(random_, 12) == 0) {
      service.type = "package";
      service.deploy_state = false;
    }
    return service;
  }

  static bool IsUnused(const Deployment& deployment, std::size_t which) {
    const ServiceSpec& service = deployment.services[which];
    for (const ServiceSpec& other : deployment.services) {
      for (const auto* list : {&other.depends_on, &other.activates_after, &other.connects_to}) {
        for (const std::string& name : *list) {
          if (name == service.name) return false;
        }
      }
    }
    return true;
  }

  RandomSource& random_;
  std::size_t added_ = 0;  // services, by changes
};

}  // namespace

ManifestPair RandomManifests(std::uint64_t seed) {
  RandomSource random(seed);
  DeploymentMaker maker(random);
  const Deployment base = maker.Make();
  ManifestPair pair;
  switch (Below(random, 8)) {
    case 0:
      break;  // an install
    case 1:
      pair.base = MakeManifest(base.services, base.properties);
      pair.next = UndeployedManifest(pair.base);
      return pair;
    default:
      pair.base = MakeManifest(base.services, base.properties);
  }
  const Deployment next = Below(random, 6) == 0 ? maker.Make() : maker.Change(base);
  pair.next = MakeManifest(next.services, next.properties);
  return pair;
}

}  // namespace eris::testing
