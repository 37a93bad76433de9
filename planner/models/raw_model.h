// What Nix says about the models: names, places, properties and packages, before identity and
// validation. Read from JSON by ReadRawModel, judged by CheckModel, turned into a Manifest by
// BuildManifest.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "planner/models/finding.h"
#include "schema/base/error.h"
#include "schema/values/ids.h"
#include "schema/values/manifest.h"

namespace eris {

// One target and container that a service is mapped to, or an interdependency is bound to.
struct RawPlace {
  TargetName target;
  ContainerName container;
  auto operator<=>(const RawPlace&) const = default;
};

struct RawInterdependency {
  std::string parameter;
  ServiceName service;
  std::string position;
  std::optional<std::vector<RawPlace>> bound_to;  // absent = all places of the service
};

struct RawPackage {
  StorePath path;
  StorePath derivation;  // empty for a plain store path
  std::string error;     // not a package at all: what is wrong, and the fix
  std::string fix;
};

struct RawService {
  std::string type;
  std::string position;
  bool deploy_state = false;
  bool state_undo = false;
  std::optional<std::int64_t> deadline_s;
  std::vector<RawPlace> places;
  std::vector<RawInterdependency> depends_on;
  std::vector<RawInterdependency> connects_to;
  std::vector<RawInterdependency> activates_after;
  std::map<ContainerName, Properties> provides_containers;
  std::map<SystemName, RawPackage> packages;  // per system of its places
};

struct RawTarget {
  std::string position;
  Target target;
};

// What the packages model has for one target.
struct RawTargetPackages {
  std::string position;
  std::vector<RawPackage> packages;
};

struct RawModel {
  std::map<ServiceName, RawService> services;
  std::map<TargetName, RawTarget> targets;
  std::map<ServiceName, std::string> distributed;  // keys of the distribution model, with position
  std::map<TargetName, RawTargetPackages> packages;
  Findings findings;  // of the shape of the models, and of properties that cannot be used
};

// Fails only when `json` is not what the Nix expressions print.
Result<RawModel> ReadRawModel(std::string_view json);

}  // namespace eris
