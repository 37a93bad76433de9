#include "planner/models/raw_model.h"

#include <nlohmann/json.hpp>

#include "planner/models/internal/property_json.h"

namespace eris {
namespace {

using Json = nlohmann::json;

std::string TextOr(const Json& value) { return value.is_string() ? value.get<std::string>() : ""; }

Findings ReadFindings(const Json& list) {
  Findings findings;
  for (const Json& item : list) {
    findings.push_back({item.at("model"), item.at("path"), TextOr(item.at("position")),
                        item.at("message"), item.at("fix")});
  }
  return findings;
}

std::vector<RawPlace> ReadPlaces(const Json& list) {
  std::vector<RawPlace> places;
  for (const Json& item : list) {
    places.push_back({TargetName(item.at("target")), ContainerName(TextOr(item.at("container")))});
  }
  return places;
}

std::vector<RawInterdependency> ReadRawInterdependencies(const Json& list) {
  std::vector<RawInterdependency> result;
  for (const Json& item : list) {
    RawInterdependency& one = result.emplace_back();
    one.parameter = item.at("parameter");
    one.service = ServiceName(item.at("service"));
    one.position = TextOr(item.at("position"));
    if (!item.at("targets").is_null()) one.bound_to = ReadPlaces(item.at("targets"));
  }
  return result;
}

RawPackage ReadPackage(const Json& value) {
  if (value.contains("error")) return {{}, {}, value.at("error"), value.at("fix")};
  return {StorePath(value.at("path")), StorePath(value.at("derivation")), {}, {}};
}

// The containers of a target or of a providing service. What cannot be a property becomes a
// finding.
std::map<ContainerName, Properties> ReadContainers(const Json& object, const Finding& where,
                                                   Findings& findings) {
  std::map<ContainerName, Properties> containers;
  if (!object.is_object()) return containers;
  for (const auto& [name, properties] : object.items()) {
    Finding here = where;
    here.path += "." + name;
    containers.emplace(ContainerName(name), ReadProperties(properties, here, findings));
  }
  return containers;
}

RawService ReadService(const std::string& name, const Json& value, Findings& findings) {
  RawService service;
  service.type = value.at("type");
  service.position = TextOr(value.at("position"));
  service.deploy_state =
      value.at("deployState").is_boolean() && value.at("deployState").get<bool>();
  service.state_undo = value.at("stateUndo").is_boolean() && value.at("stateUndo").get<bool>();
  if (value.at("deadline").is_number_integer()) service.deadline_s = value.at("deadline");
  service.places = ReadPlaces(value.at("targets"));
  service.depends_on = ReadRawInterdependencies(value.at("dependsOn"));
  service.connects_to = ReadRawInterdependencies(value.at("connectsTo"));
  service.activates_after = ReadRawInterdependencies(value.at("activatesAfter"));
  service.provides_containers = ReadContainers(
      value.at("providesContainers"),
      {"services", name + ".providesContainers", service.position, {}, {}}, findings);
  for (const auto& [system, package] : value.at("packages").items()) {
    service.packages.emplace(SystemName(system), ReadPackage(package));
  }
  return service;
}

RawTarget ReadTarget(const std::string& name, const Json& value, Findings& findings) {
  RawTarget raw;
  raw.position = TextOr(value.at("position"));
  raw.target.system = SystemName(TextOr(value.at("system")));
  const Json& cores = value.at("numOfCores");
  constexpr std::int64_t kMaxCores = 1 << 16;
  if (cores.is_number_integer() && cores >= 1 && cores <= kMaxCores) {
    raw.target.num_of_cores = cores;
  }
  raw.target.target_property = TextOr(value.at("targetProperty"));
  raw.target.client_interface = TextOr(value.at("clientInterface"));
  const Finding where{"infrastructure", name + ".properties", raw.position, {}, {}};
  raw.target.properties = ReadProperties(value.at("properties"), where, findings);
  raw.target.containers =
      ReadContainers(value.at("containers"),
                     {"infrastructure", name + ".containers", raw.position, {}, {}}, findings);
  return raw;
}

RawModel Read(const Json& json) {
  RawModel model;
  model.findings = ReadFindings(json.at("errors"));
  for (const auto& [name, value] : json.at("services").items()) {
    model.services.emplace(ServiceName(name), ReadService(name, value, model.findings));
  }
  for (const auto& [name, value] : json.at("infrastructure").items()) {
    model.targets.emplace(TargetName(name), ReadTarget(name, value, model.findings));
  }
  for (const auto& [name, position] : json.at("distribution").items()) {
    model.distributed.emplace(ServiceName(name), TextOr(position));
  }
  for (const auto& [name, value] : json.at("packages").items()) {
    RawTargetPackages& installed = model.packages[TargetName(name)];
    installed.position = TextOr(value.at("position"));
    for (const Json& package : value.at("packages")) {
      installed.packages.push_back(ReadPackage(package));
    }
  }
  return model;
}

}  // namespace

Result<RawModel> ReadRawModel(std::string_view json) {
  try {
    return Read(Json::parse(json));
  } catch (const nlohmann::json::exception& e) {
    return Fail(ErrorCode::kInternal,
                std::string("the evaluation printed something unexpected: ") + e.what(),
                "report this with your models");
  }
}

}  // namespace eris
