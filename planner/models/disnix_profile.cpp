#include "planner/models/disnix_profile.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <pugixml.hpp>
#include <set>
#include <utility>

#include "planner/models/check_manifest.h"
#include "planner/models/internal/digest_fields.h"
#include "planner/models/internal/property_json.h"
#include "planner/models/internal/service_order.h"

namespace eris {
namespace {

using Json = nlohmann::json;

constexpr int kMostNesting = 16;  // of the value of a property

Json NumberOf(const char* text) {
  constexpr bool kMayThrow = false;
  Json number = Json::parse(text, nullptr, kMayThrow);
  return number.is_number() ? std::move(number) : Json(text);
}

// A value as Disnix writes it: its kind is an attribute. Recursion is bounded by kMostNesting.
Json ValueOf(const pugi::xml_node& node, int nesting = 0) {
  const std::string kind = node.attribute("type").value();
  const char* text = node.child_value();
  if (kind == "int" || kind == "float") return NumberOf(text);
  if (kind == "bool") return Json(std::string_view(text) == "true");
  if (nesting == kMostNesting || (kind != "list" && kind != "attrs")) return Json(text);
  Json value = kind == "list" ? Json::array() : Json::object();
  for (const pugi::xml_node& one : node.children(kind == "list" ? "elem" : "property")) {
    if (kind == "list") {
      value.push_back(ValueOf(one, nesting + 1));
    } else {
      value[one.attribute("name").value()] = ValueOf(one, nesting + 1);
    }
  }
  return value;
}

// One target's profile, into a manifest with Disnix' own keys.
class DisnixReader {
 public:
  DisnixReader(const TargetName& target, ManifestReading& reading)
      : target_(target), reading_(reading), manifest_(reading.manifest) {}

  Status Read(const DisnixEvidence& evidence) {
    pugi::xml_document document;
    const pugi::xml_parse_result parsed =
        document.load_buffer(evidence.text.data(), evidence.text.size(),
                             pugi::parse_default | pugi::parse_ws_pcdata_single);
    if (!parsed) {
      return Broken(std::string(parsed.description()) + " at byte " +
                    std::to_string(parsed.offset));
    }
    const pugi::xml_node root = document.child("profilemanifest");
    if (!root) return Broken("it is no profile manifest");
    const std::string version = root.attribute("version").value();
    if (version != "2") return Broken("its version is '" + version + "', not '2'");
    for (const pugi::xml_node& one : root.child("services").children("service")) {
      ERIS_TRY(AddService(one));
    }
    for (const pugi::xml_node& one : root.child("serviceMappings").children("mapping")) {
      ERIS_TRY(AddMapping(one));
    }
    for (const pugi::xml_node& one : root.child("snapshotMappings").children("mapping")) {
      ERIS_TRY(AddSnapshotMapping(one));
    }
    manifest_.profiles[target_].path = evidence.profile;
    return {};
  }

 private:
  tl::unexpected<Error> Broken(const std::string& what) const {
    return Fail(
        ErrorCode::kInvalid, "what Disnix says on " + target_.text + " cannot be read: " + what,
        "look at profilemanifest.xml in its profile there; deploy it with Disnix once more");
  }

  // Of a member that has to be there; empty otherwise.
  Result<std::string> TextOf(const pugi::xml_node& node, const char* member) const {
    std::string text = node.child_value(member);
    if (text.empty()) return Broken(std::string(node.name()) + " without " + member);
    return text;
  }

  // A mapping of a service to a container; on this target where it names none.
  Result<Interdependency> PlaceIn(const pugi::xml_node& node) const {
    ERIS_ASSIGN(const std::string service, TextOf(node, "service"));
    ERIS_ASSIGN(const std::string container, TextOf(node, "container"));
    const std::string other = node.child_value("target");
    return Interdependency{ServiceKey(service), other.empty() ? target_ : TargetName(other),
                           ContainerName(container)};
  }

  Status AddLinks(const pugi::xml_node& list, std::vector<Interdependency>& links) const {
    for (const pugi::xml_node& one : list.children("mapping")) {
      ERIS_ASSIGN(Interdependency link, PlaceIn(one));
      links.push_back(std::move(link));
    }
    std::sort(links.begin(), links.end());
    links.erase(std::unique(links.begin(), links.end()), links.end());
    return {};
  }

  Status AddService(const pugi::xml_node& node) {
    const std::string key = node.attribute("name").value();
    if (key.empty()) return Broken("a service without a key");
    Service service;
    ERIS_ASSIGN(service.name.text, TextOf(node, "name"));
    ERIS_ASSIGN(service.type, TextOf(node, "type"));
    ERIS_ASSIGN(service.package.text, TextOf(node, "pkg"));
    ERIS_TRY(AddLinks(node.child("dependsOn"), service.depends_on));
    ERIS_TRY(AddLinks(node.child("connectsTo"), service.connects_to));
    for (const pugi::xml_node& one : node.child("providesContainers").children("container")) {
      const std::string container = one.attribute("name").value();
      const Finding where{
          "disnix", service.name.text + ".providesContainers." + container, {}, {}, {}};
      Json properties = Json::object();
      for (const pugi::xml_node& property : one.children("property")) {
        properties[property.attribute("name").value()] = ValueOf(property);
      }
      service.provides_containers[ContainerName(container)] =
          ReadProperties(properties, where, reading_.findings);
    }
    const auto [there, is_new] = manifest_.services.emplace(ServiceKey(key), service);
    if (is_new || there->second == service) return {};
    return Broken("another profile says something else of service " + service.name.text);
  }

  Status AddMapping(const pugi::xml_node& node) {
    ERIS_ASSIGN(const Interdependency place, PlaceIn(node));
    Mapping mapping{place.target, place.container, place.service, std::nullopt, ""};
    const std::string provider = node.child_value("containerProvidedByService");
    if (!provider.empty()) mapping.provided_by = ServiceKey(provider);
    manifest_.mappings.push_back(std::move(mapping));
    return {};
  }

  Status AddSnapshotMapping(const pugi::xml_node& node) {
    ERIS_ASSIGN(const Interdependency place, PlaceIn(node));
    ERIS_ASSIGN(const std::string component, TextOf(node, "component"));
    manifest_.snapshot_mappings.push_back(
        {place.target, place.container, place.service, ComponentName(component)});
    return {};
  }

  const TargetName& target_;
  ManifestReading& reading_;
  Manifest& manifest_;
};

// From Disnix' keys to those of Eris. Precondition: CheckManifest found nothing.
class KeyTranslation {
 public:
  explicit KeyTranslation(const Manifest& found) : found_(found) {
    for (const Mapping& mapping : found.mappings) {
      if (!mapping.provided_by) continue;
      providers_.insert({mapping.service, *mapping.provided_by, mapping.target});
    }
    for (const ServiceKey& key : OrderServices(found).order) {
      const Service& service = found.services.at(key);
      keys_[key] =
          MakeServiceKey(service.name, service.type, service.package, Ordered(key, service));
    }
  }

  Manifest Translate() const {
    Manifest manifest = found_;
    manifest.services.clear();
    for (const auto& [key, found] : found_.services) {
      Service service = found;
      service.depends_on = Ordered(key, found);
      service.connects_to = Translated(found.connects_to);
      manifest.services.emplace(keys_.at(key), std::move(service));
    }
    for (Mapping& mapping : manifest.mappings) {
      Service& service = manifest.services.at(keys_.at(mapping.service));
      service.system = manifest.targets.at(mapping.target).system;
      mapping.service = keys_.at(mapping.service);
      if (mapping.provided_by) mapping.provided_by = keys_.at(*mapping.provided_by);
    }
    for (SnapshotMapping& mapping : manifest.snapshot_mappings) {
      mapping.service = keys_.at(mapping.service);
      manifest.services.at(mapping.service).deploy_state = true;
    }
    std::sort(manifest.mappings.begin(), manifest.mappings.end());
    std::sort(manifest.snapshot_mappings.begin(), manifest.snapshot_mappings.end());
    return manifest;
  }

 private:
  std::vector<Interdependency> Translated(std::vector<Interdependency> links) const {
    for (Interdependency& link : links) link.service = keys_.at(link.service);
    std::sort(links.begin(), links.end());
    return links;
  }

  std::vector<Interdependency> Ordered(const ServiceKey& key, const Service& service) const {
    std::vector<Interdependency> links = service.depends_on;
    std::erase_if(links, [&](const Interdependency& link) {
      return providers_.contains({key, link.service, link.target});
    });
    return Translated(std::move(links));
  }

  struct OwnProvider {
    ServiceKey service;
    ServiceKey provider;
    TargetName target;
    auto operator<=>(const OwnProvider&) const = default;
  };
  const Manifest& found_;
  std::set<OwnProvider> providers_;
  std::map<ServiceKey, ServiceKey> keys_;
};

}  // namespace

Result<ManifestReading> ReadDisnixProfiles(const std::map<TargetName, DisnixEvidence>& evidence,
                                           const std::map<TargetName, Target>& targets) {
  ManifestReading reading;
  reading.manifest.targets = targets;
  for (const auto& [target, said] : evidence) {
    ERIS_TRY(DisnixReader(target, reading).Read(said));
  }
  std::sort(reading.manifest.mappings.begin(), reading.manifest.mappings.end());
  const Findings found = CheckManifest(reading.manifest);
  reading.findings.insert(reading.findings.end(), found.begin(), found.end());
  if (!reading.findings.empty()) return reading;
  reading.manifest = KeyTranslation(reading.manifest).Translate();
  reading.findings = CheckManifest(reading.manifest);  // two keys may have stood for one service
  if (!reading.findings.empty()) return reading;
  AddMissingDigests(reading.manifest);
  return reading;
}

}  // namespace eris
