// What a profile says of its target.
#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "planner/models/internal/profile_packages.h"
#include "planner/models/profiles.h"
#include "schema/base/digest.h"

namespace eris {
namespace {

using Json = nlohmann::json;

class Writer {
 public:
  Writer(const Manifest& manifest, const TargetName& target, const DigestKey& key)
      : manifest_(manifest), target_(target), key_(key) {}

  Json Write() {
    Json json{{"version", 1},
              {"target", target_.text},
              {"packages", Json::array()},
              {"services", Json::object()},
              {"serviceMappings", Json::array()},
              {"snapshotMappings", Json::array()},
              {"containers", Json::object()}};
    AddTarget(json);
    for (const ProfilePackage& package : PackagesOf(manifest_, target_)) {
      json["packages"].push_back(package.path);
    }
    for (const Mapping& mapping : MappingsOf(manifest_, target_)) Add(mapping, json);
    for (const SnapshotMapping& mapping : SnapshotMappingsOf(manifest_, target_)) {
      json["snapshotMappings"].push_back({{"service", mapping.service.text},
                                          {"container", mapping.container.text},
                                          {"component", mapping.component.text}});
    }
    return json;
  }

 private:
  std::string Keyed(const std::string& text) const { return Hex(HmacSha256(key_.bytes, text)); }

  // What the infrastructure model says of the target itself. It is part of the desired state: a
  // change of it alone is a generation, which touches no service.
  void AddTarget(Json& json) const {
    const auto found = manifest_.targets.find(target_);
    if (found == manifest_.targets.end()) return;
    const Target& target = found->second;
    json["system"] = target.system.text;
    json["numOfCores"] = target.num_of_cores;
    json["targetProperty"] = target.target_property;
    json["clientInterface"] = target.client_interface;
    json["properties"] = KeyedProperties(target.properties);
  }

  void Add(const Mapping& mapping, Json& json) const {
    Json one{{"service", mapping.service.text},
             {"container", mapping.container.text},
             {"keyedDigest", Keyed(mapping.digest)}};
    if (mapping.provided_by) one["containerProvidedByService"] = mapping.provided_by->text;
    json["serviceMappings"].push_back(std::move(one));
    json["services"][mapping.service.text] = ServiceJson(manifest_.services.at(mapping.service));
    const auto& containers = manifest_.targets.at(target_).containers;
    const auto container = containers.find(mapping.container);
    if (!mapping.provided_by && container != containers.end()) {
      json["containers"][mapping.container.text] = KeyedProperties(container->second);
    }
  }

  Json ServiceJson(const Service& service) const {
    Json object{{"name", service.name.text},
                {"pkg", service.package.text},
                {"type", service.type},
                {"system", service.system.text},
                {"deployState", service.deploy_state},
                {"stateUndo", service.state_undo},
                {"dependsOn", Links(service.depends_on)},
                {"activatesAfter", Links(service.activates_after)},
                {"connectsTo", Links(service.connects_to)}};
    if (service.deadline_ms) object["deadlineMs"] = *service.deadline_ms;
    for (const auto& [container, properties] : service.provides_containers) {
      object["providesContainers"][container.text] = KeyedProperties(properties);
    }
    return object;
  }

  // `target` is left out where it is this one.
  Json Links(const std::vector<Interdependency>& links) const {
    Json list = Json::array();
    for (const Interdependency& link : links) {
      Json one{{"service", link.service.text}, {"container", link.container.text}};
      if (link.target != target_) one["target"] = link.target.text;
      list.push_back(std::move(one));
    }
    return list;
  }

  // Name -> keyed digest of the value, or the name of the secret.
  Json KeyedProperties(const Properties& properties) const {
    Json object = Json::object();
    for (const Property& property : properties) {
      if (property.kind == Property::Kind::kSecret) {
        object[property.name] = {{"_secret", property.text}};
      } else {
        object[property.name] = Keyed(property.json);
      }
    }
    return object;
  }

  const Manifest& manifest_;
  const TargetName& target_;
  const DigestKey& key_;
};

}  // namespace

std::string ProfileText(const Manifest& manifest, const TargetName& target, const DigestKey& key) {
  constexpr int kOneLine = -1;
  const std::string text = Writer(manifest, target, key)
                               .Write()
                               .dump(kOneLine, ' ', true, Json::error_handler_t::replace);
  // The text travels between a shell's single quotes; in JSON they occur within strings only.
  std::string quoted;
  for (const char c : text) {
    if (c == '\'') {
      quoted += "\\u0027";
    } else {
      quoted += c;
    }
  }
  return quoted;
}

}  // namespace eris
