// The complete desired state of one profile: what the models say, evaluated. Pure values; made by
// planner/models (or read back from JSON or Cap'n Proto), used by diff and plan.
//
// Invariants, established by whoever makes a manifest and assumed by its users:
//   1. every key, target and container that a mapping or an interdependency names exists,
//   2. depends_on and activates_after are acyclic,
//   3. vectors of mappings are sorted by (target, container, service) and free of duplicates.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "schema/values/ids.h"

namespace eris {

// One property of a container or a target.
struct Property {
  enum class Kind : std::uint8_t {
    kText,        // `text` is handed to activities as an environment variable
    kSecret,      // `text` is the name of a secret, resolved by the worker only
    kStructured,  // an attribute set: never handed to activities
  };
  std::string name;
  Kind kind = Kind::kText;
  std::string text;  // environment form: true is "1", false "", a list is joined by blanks
  std::string json;  // as the model gave it
  bool operator==(const Property&) const = default;
};
using Properties = std::vector<Property>;  // sorted by name

// One bound instance of an interdependency.
struct Interdependency {
  ServiceKey service;
  TargetName target;
  ContainerName container;
  auto operator<=>(const Interdependency&) const = default;
};

struct Service {
  ServiceName name;
  std::string type;      // module name, also the default container; "package" = install only
  StorePath package;     // output path
  StorePath derivation;  // its .drv
  SystemName system;     // that the package is built for

  // Sorted, one entry per bound instance.
  std::vector<Interdependency> depends_on;       // parameters, order, identity
  std::vector<Interdependency> activates_after;  // order, identity
  std::vector<Interdependency> connects_to;      // parameters only; cycles allowed

  std::map<ContainerName, Properties> provides_containers;
  bool deploy_state = false;  // its state moves with it
  bool state_undo = false;    // a rollback of an upgrade in place brings its state back
  std::optional<std::int64_t> deadline_ms;  // of each of its activities; absent = the default
  bool operator==(const Service&) const = default;
};

// One service on one target in one container. Identity = (service, target, container, digest).
struct Mapping {
  TargetName target;
  ContainerName container;
  ServiceKey service;
  // The service that provides the container, on this target: ordered before this mapping as if it
  // stood in activates_after.
  std::optional<ServiceKey> provided_by;
  std::string
      digest;  // hex SHA-256 of properties, interdependencies' digests and provider's digest
  auto operator<=>(const Mapping&) const = default;
};

// A mapping whose state is kept and moved.
struct SnapshotMapping {
  TargetName target;
  ContainerName container;
  ServiceKey service;
  ComponentName component;
  auto operator<=>(const SnapshotMapping&) const = default;
};

struct Target {
  SystemName system;
  std::uint32_t num_of_cores = 1;
  std::string target_property = "hostname";
  std::string client_interface;  // accepted, unused
  Properties properties;
  std::map<ContainerName, Properties> containers;
  bool operator==(const Target&) const = default;
};

// The store path that a target's profile points to.
struct TargetProfile {
  StorePath derivation;
  StorePath path;
  std::string digest;  // hex SHA-256 of the text that the profile was made from
  bool operator==(const TargetProfile&) const = default;
};

struct Manifest {
  std::map<ServiceKey, Service> services;
  std::vector<Mapping> mappings;
  std::vector<SnapshotMapping> snapshot_mappings;
  std::map<TargetName, Target> targets;
  std::map<TargetName, TargetProfile> profiles;
  bool operator==(const Manifest&) const = default;
};

// How Dysnomia labels the state of a package: the name of its store path without the hash. Empty
// where `package` is no store path.
ComponentName ComponentOf(const StorePath& package);

// Whether a property of that name should be kept as a secret, not in a model.
bool LooksLikePassword(std::string_view property);

}  // namespace eris
