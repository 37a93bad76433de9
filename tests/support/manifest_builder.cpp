#include "tests/support/manifest_builder.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "schema/base/check.h"
#include "schema/base/digest.h"

namespace eris::testing {
namespace {

constexpr const char* kSystem = "x86_64-linux";

std::string Digest(const std::string& text) { return Hex(Sha256(text)); }

StorePath MakePath(const std::string& text, const std::string& name) {
  return StorePath("/nix/store/" + Digest(text).substr(0, 32) + "-" + name);
}

std::string Text(const Properties& properties) {
  std::string text;
  for (const Property& property : properties) text += property.name + "=" + property.text + "\n";
  return text;
}

Properties MakeProperties(const std::map<std::string, std::string>& values) {
  Properties properties;
  for (const auto& [name, value] : values) {
    properties.push_back({name, Property::Kind::kText, value, "\"" + value + "\""});
  }
  return properties;
}

class ManifestMaker {
 public:
  explicit ManifestMaker(const PropertySpec& properties) {
    for (const auto& [target, containers] : properties) {
      for (const auto& [container, values] : containers) {
        TargetOf(target).containers[ContainerName(container)] = MakeProperties(values);
      }
    }
  }

  void Add(const ServiceSpec& spec) {
    Service service{.name = ServiceName(spec.name),
                    .type = spec.type,
                    .package = {},
                    .derivation = {},
                    .system = SystemName(kSystem),
                    .depends_on = Bind(spec.depends_on),
                    .activates_after = Bind(spec.activates_after),
                    .connects_to = {},
                    .provides_containers = {},
                    .deploy_state = spec.deploy_state,
                    .state_undo = spec.state_undo,
                    .deadline_ms = std::nullopt};
    for (const std::string& container : spec.provides) {
      service.provides_containers[ContainerName(container)] =
          MakeProperties({{"providedBy", spec.name}});
    }
    for (const PlaceSpec& place : spec.places) {
      TargetOf(place.target);
      if (const Mapping* provider = ProviderOf(place)) {
        service.activates_after.push_back(
            {provider->service, provider->target, provider->container});
      }
    }
    Sort(service.activates_after);
    const std::string identity = Identity(spec, service);
    service.package = MakePath(identity, spec.name);
    service.derivation = MakePath(identity, spec.name + ".drv");
    const ServiceKey key(Digest(identity));
    for (const PlaceSpec& place : spec.places) AddMapping(spec, service, key, place);
    for (const std::string& container : spec.provides) {
      for (const PlaceSpec& place : spec.places) {
        providers_[{place.target, container}] = {
            TargetName(place.target), ContainerName(place.container), key, {}, {}};
      }
    }
    ERIS_CHECK(manifest_.services.emplace(key, std::move(service)).second, "a service of its own");
    connects_to_[key] = spec.connects_to;
  }

  Manifest Finish() && {
    std::sort(manifest_.mappings.begin(), manifest_.mappings.end());
    std::sort(manifest_.snapshot_mappings.begin(), manifest_.snapshot_mappings.end());
    for (const auto& [key, names] : connects_to_) {
      manifest_.services.at(key).connects_to = Bind(names);
    }
    std::map<TargetName, std::string> texts;
    for (const Mapping& mapping : manifest_.mappings) {
      texts[mapping.target] += mapping.container.text + mapping.service.text + mapping.digest;
    }
    for (const auto& [target, text] : texts) {
      const std::string name = "profile-" + target.text;
      manifest_.profiles[target] = {MakePath(text, name + ".drv"), MakePath(text, name),
                                    Digest(text)};
    }
    return std::move(manifest_);
  }

 private:
  template <typename Value>
  static void Sort(std::vector<Value>& list) {
    std::sort(list.begin(), list.end());
    list.erase(std::unique(list.begin(), list.end()), list.end());
  }

  Target& TargetOf(const std::string& name) {
    Target& target = manifest_.targets[TargetName(name)];
    target.system = SystemName(kSystem);
    return target;
  }

  const Mapping* ProviderOf(const PlaceSpec& place) const {
    const auto provider = providers_.find({place.target, place.container});
    return provider == providers_.end() ? nullptr : &provider->second;
  }

  std::vector<Interdependency> Bind(const std::vector<std::string>& names) const {
    std::vector<Interdependency> bound;
    for (const std::string& name : names) {
      const auto places = places_.find(name);
      ERIS_CHECK(places != places_.end(), "services are listed dependencies first");
      bound.insert(bound.end(), places->second.begin(), places->second.end());
    }
    Sort(bound);
    return bound;
  }

  static std::string Identity(const ServiceSpec& spec, const Service& service) {
    std::string text = spec.name + "\n" + spec.version + "\n" + spec.type + "\n";
    for (const auto* list : {&service.depends_on, &service.activates_after}) {
      for (const Interdependency& entry : *list) {
        text += entry.service.text + entry.target.text + "/" + entry.container.text + "\n";
      }
    }
    return text;
  }

  void AddMapping(const ServiceSpec& spec, const Service& service, const ServiceKey& key,
                  const PlaceSpec& place) {
    const TargetName target(place.target);
    const ContainerName container(place.container);
    const Mapping* provider = ProviderOf(place);
    std::string text = provider == nullptr ? Text(manifest_.targets[target].containers[container])
                                           : provider->service.text;
    for (const auto* list : {&service.depends_on, &service.activates_after}) {
      for (const Interdependency& entry : *list) text += digests_.at(entry);
    }
    const std::string digest = Digest(text);
    digests_[{key, target, container}] = digest;
    places_[spec.name].push_back({key, target, container});
    manifest_.mappings.push_back(
        {target, container, key,
         provider == nullptr ? std::nullopt : std::optional(provider->service), digest});
    if (spec.deploy_state) {
      manifest_.snapshot_mappings.push_back({target, container, key, ComponentOf(service.package)});
    }
  }

  Manifest manifest_;
  std::map<std::string, std::vector<Interdependency>> places_;
  std::map<Interdependency, std::string> digests_;
  std::map<ServiceKey, std::vector<std::string>> connects_to_;
  std::map<std::pair<std::string, std::string>, Mapping> providers_;  // by target, container
};

}  // namespace

Manifest MakeManifest(const std::vector<ServiceSpec>& services, const PropertySpec& properties) {
  ManifestMaker maker(properties);
  for (const ServiceSpec& service : services) maker.Add(service);
  return std::move(maker).Finish();
}

}  // namespace eris::testing
