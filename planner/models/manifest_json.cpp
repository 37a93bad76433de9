#include "planner/models/manifest_json.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "planner/models/internal/manifest_shape.h"
#include "planner/models/internal/property_json.h"

namespace eris {
namespace {

using Json = nlohmann::json;

// --- writing
// --------------------------------------------------------------------------------------

Json ToJson(const std::vector<Interdependency>& interdependencies) {
  Json list = Json::array();
  for (const Interdependency& one : interdependencies) {
    list.push_back({{"service", one.service.text},
                    {"target", one.target.text},
                    {"container", one.container.text}});
  }
  return list;
}

Json ToJson(const std::map<ContainerName, Properties>& containers) {
  Json object = Json::object();
  for (const auto& [name, properties] : containers) {
    object[name.text] = PropertiesToJson(properties);
  }
  return object;
}

Json ToJson(const Service& service) {
  Json object{{"name", service.name.text},
              {"pkg", service.package.text},
              {"derivation", service.derivation.text},
              {"system", service.system.text},
              {"type", service.type},
              {"deployState", service.deploy_state},
              {"stateUndo", service.state_undo},
              {"dependsOn", ToJson(service.depends_on)},
              {"activatesAfter", ToJson(service.activates_after)},
              {"connectsTo", ToJson(service.connects_to)},
              {"providesContainers", ToJson(service.provides_containers)}};
  if (service.deadline_ms) object["deadlineMs"] = *service.deadline_ms;
  return object;
}

Json ToJson(const Target& target) {
  return {{"system", target.system.text},
          {"numOfCores", target.num_of_cores},
          {"targetProperty", target.target_property},
          {"clientInterface", target.client_interface},
          {"properties", PropertiesToJson(target.properties)},
          {"containers", ToJson(target.containers)}};
}

Json ToJson(const Mapping& mapping) {
  Json object{{"service", mapping.service.text},
              {"container", mapping.container.text},
              {"target", mapping.target.text},
              {"digest", mapping.digest}};
  if (mapping.provided_by) object["containerProvidedByService"] = mapping.provided_by->text;
  return object;
}

Json ToJson(const SnapshotMapping& mapping) {
  return {{"service", mapping.service.text},
          {"container", mapping.container.text},
          {"target", mapping.target.text},
          {"component", mapping.component.text}};
}

// --- reading
// --------------------------------------------------------------------------------------

std::string TextOr(const Json& object, const char* member, std::string_view otherwise) {
  const auto found = object.find(member);
  return found == object.end() ? std::string(otherwise) : found->get<std::string>();
}

bool FlagOf(const Json& object, const char* member) {
  const auto found = object.find(member);
  return found != object.end() && found->get<bool>();
}

const Json& ListOf(const Json& object, const char* member) {
  static const Json kEmpty = Json::array();
  const auto found = object.find(member);
  return found == object.end() ? kEmpty : *found;
}

// The library's type error when it is none: anything else can be iterated over, too.
const Json& AsObject(const Json& value) {
  (void)value.get_ref<const Json::object_t&>();
  return value;
}

const Json& ObjectOf(const Json& object, const char* member) {
  static const Json kEmpty = Json::object();
  const auto found = object.find(member);
  return found == object.end() ? kEmpty : AsObject(*found);
}

std::vector<Interdependency> ReadInterdependencies(const Json& list) {
  std::vector<Interdependency> result;
  for (const Json& one : list) {
    result.push_back({ServiceKey(one.at("service")), TargetName(one.at("target")),
                      ContainerName(one.at("container"))});
  }
  std::sort(result.begin(), result.end());
  return result;
}

class Reader {
 public:
  Manifest Read(const Json& json) {
    for (const auto& [name, target] : AsObject(json.at("infrastructure")).items()) {
      manifest_.targets.emplace(TargetName(name), ReadTarget(name, AsObject(target)));
    }
    for (const auto& [key, service] : ObjectOf(json, "services").items()) {
      manifest_.services.emplace(ServiceKey(key), ReadService(key, AsObject(service)));
    }
    ReadMappings(json);
    ReadProfiles(json);
    return std::move(manifest_);
  }

  const Findings& findings() const { return findings_; }

 private:
  std::map<ContainerName, Properties> ReadContainers(const Json& object, const std::string& path) {
    std::map<ContainerName, Properties> containers;
    for (const auto& [name, properties] : object.items()) {
      AsObject(properties);
      containers.emplace(ContainerName(name),
                         ReadProperties(properties, Where(path + "." + name), findings_));
    }
    return containers;
  }

  // 0 for what is no such number: CheckManifest says so.
  static std::uint32_t CoresOf(const Json& value) {
    constexpr std::int64_t kMaxCores = 1 << 16;
    const bool fits = value.is_number_integer() && value >= 1 && value <= kMaxCores;
    return fits ? value.get<std::uint32_t>() : 0;
  }

  static Finding Where(std::string path) { return {"deployment", std::move(path), {}, {}, {}}; }

  Target ReadTarget(const std::string& name, const Json& json) {
    Target target;
    target.system = SystemName(TextOr(json, "system", ""));
    if (json.contains("numOfCores")) target.num_of_cores = CoresOf(json.at("numOfCores"));
    target.target_property = TextOr(json, "targetProperty", target.target_property);
    target.client_interface = TextOr(json, "clientInterface", "");
    const std::string path = "infrastructure." + name;
    target.properties =
        ReadProperties(ObjectOf(json, "properties"), Where(path + ".properties"), findings_);
    target.containers = ReadContainers(ObjectOf(json, "containers"), path + ".containers");
    return target;
  }

  Service ReadService(const std::string& key, const Json& json) {
    Service service;
    service.name = ServiceName(json.at("name"));
    service.type = json.at("type");
    service.package = StorePath(json.at("pkg"));
    service.derivation = StorePath(TextOr(json, "derivation", ""));
    service.system = SystemName(TextOr(json, "system", ""));
    service.depends_on = ReadInterdependencies(ListOf(json, "dependsOn"));
    service.activates_after = ReadInterdependencies(ListOf(json, "activatesAfter"));
    service.connects_to = ReadInterdependencies(ListOf(json, "connectsTo"));
    service.provides_containers = ReadContainers(ObjectOf(json, "providesContainers"),
                                                 "services." + key + ".providesContainers");
    service.deploy_state = FlagOf(json, "deployState");
    service.state_undo = FlagOf(json, "stateUndo");
    if (json.contains("deadlineMs")) service.deadline_ms = json.at("deadlineMs");
    return service;
  }

  void ReadMappings(const Json& json) {
    for (const Json& one : ListOf(json, "serviceMappings")) {
      Mapping& mapping = manifest_.mappings.emplace_back();
      mapping.target = TargetName(one.at("target"));
      mapping.container = ContainerName(one.at("container"));
      mapping.service = ServiceKey(one.at("service"));
      mapping.digest = TextOr(one, "digest", "");
      const std::string provider = TextOr(one, "containerProvidedByService", "");
      if (!provider.empty()) mapping.provided_by = ServiceKey(provider);
    }
    for (const Json& one : ListOf(json, "snapshotMappings")) {
      manifest_.snapshot_mappings.push_back(
          {TargetName(one.at("target")), ContainerName(one.at("container")),
           ServiceKey(one.at("service")), ComponentName(one.at("component"))});
    }
    std::sort(manifest_.mappings.begin(), manifest_.mappings.end());
    std::sort(manifest_.snapshot_mappings.begin(), manifest_.snapshot_mappings.end());
  }

  void ReadProfiles(const Json& json) {
    const Json& origins = ObjectOf(json, "profileOrigins");
    for (const auto& [name, path] : ObjectOf(json, "profiles").items()) {
      const Json& origin = ObjectOf(origins, name.c_str());
      manifest_.profiles.emplace(TargetName(name),
                                 TargetProfile{StorePath(TextOr(origin, "derivation", "")),
                                               StorePath(path), TextOr(origin, "digest", "")});
    }
  }

  Manifest manifest_;
  Findings findings_;
};

}  // namespace

std::string TargetsToJson(const std::map<TargetName, Target>& targets) {
  Json json = Json::object();
  for (const auto& [name, target] : targets) json[name.text] = ToJson(target);
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::string ManifestToJson(const Manifest& manifest) {
  Json json{{"profiles", Json::object()},        {"profileOrigins", Json::object()},
            {"services", Json::object()},        {"serviceMappings", Json::array()},
            {"snapshotMappings", Json::array()}, {"infrastructure", Json::object()}};
  for (const auto& [target, profile] : manifest.profiles) {
    json["profiles"][target.text] = profile.path.text;
    json["profileOrigins"][target.text] = {{"derivation", profile.derivation.text},
                                           {"digest", profile.digest}};
  }
  for (const auto& [key, service] : manifest.services) json["services"][key.text] = ToJson(service);
  for (const Mapping& mapping : manifest.mappings)
    json["serviceMappings"].push_back(ToJson(mapping));
  for (const SnapshotMapping& mapping : manifest.snapshot_mappings) {
    json["snapshotMappings"].push_back(ToJson(mapping));
  }
  for (const auto& [name, target] : manifest.targets) {
    json["infrastructure"][name.text] = ToJson(target);
  }
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

Result<ManifestReading> ReadManifestJson(std::string_view text) {
  ManifestReading reading;
  ERIS_ASSIGN(const Json json, ParseManifestJson(text, reading.findings));
  const Findings shape = CheckShape(json);
  reading.findings.insert(reading.findings.end(), shape.begin(), shape.end());
  if (!reading.findings.empty()) return reading;
  try {
    Reader reader;
    reading.manifest = reader.Read(json);
    reading.findings = reader.findings();
    return reading;
  } catch (const nlohmann::json::exception& e) {
    return Fail(ErrorCode::kInternal, std::string("reading a manifest: ") + e.what());
  }
}

Result<Manifest> ManifestFromJson(std::string_view json) {
  ERIS_ASSIGN(ManifestReading reading, ReadManifestJson(json));
  if (reading.findings.empty()) return std::move(reading.manifest);
  const Finding& first = reading.findings.front();
  return Fail(ErrorCode::kInvalid, ToString(first), first.fix);
}

}  // namespace eris
