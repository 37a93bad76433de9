// What changes between two manifests: which mappings go, come and stay, whose profile changes, and
// whose state would have to move. Decides nothing about order: that is plan.h.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "schema/base/error.h"
#include "schema/values/ids.h"
#include "schema/values/manifest.h"

namespace eris {

// A mapping that is in both manifests, by its index in each.
struct KeptMapping {
  std::uint32_t base = 0;
  std::uint32_t next = 0;
  bool operator==(const KeptMapping&) const = default;
};

struct ProfileChange {
  TargetName target;
  StorePath from;  // empty = there was none
  StorePath to;    // empty = it is removed
  bool operator==(const ProfileChange&) const = default;
};

// A state that the switch must take care of. Identity: the service's name, plus the container where
// it was in several at once and is still in one of them. All lists are ascending indices of
// mappings.
struct StateChange {
  ServiceName service;
  std::optional<ContainerName> container;
  std::vector<std::uint32_t> holders;    // of the base: all that hold it
  std::vector<std::uint32_t> homes;      // of the next manifest: all that will hold it
  std::vector<std::uint32_t> receivers;  // of `homes`: whose place has no copy of it
  std::vector<std::uint32_t> left;       // of `holders`: whose place no home has
  std::vector<std::uint32_t> undone;     // of `holders`: upgraded in place, with stateUndo
  // Of the base, no holders: what a transaction that was given up may have left (in_doubt.h).
  std::vector<std::uint32_t> strays;
  bool operator==(const StateChange&) const = default;
};

// Mappings of services of type "package" have no activities and are in none of the lists.
struct Difference {
  std::vector<std::uint32_t> obsolete;  // indices of the base's mappings, ascending
  std::vector<std::uint32_t> added;     // indices of the next manifest's mappings, ascending
  std::vector<KeptMapping> kept;
  std::vector<TargetName> targets_added;  // take part now, did not before; sorted
  std::vector<TargetName> targets_removed;
  std::vector<ProfileChange> profiles;  // sorted by target
  std::vector<StateChange> states;      // sorted by service and container

  bool empty() const { return obsolete.empty() && added.empty() && profiles.empty(); }
  bool operator==(const Difference&) const = default;
};

// `base` may be null: an install. A mapping is kept when its identity (service, container, target,
// digest) is in both manifests and everything it is ordered after is kept too. kInvalid when a
// manifest contradicts itself (an interdependency on nothing, a cycle).
Result<Difference> DiffManifests(const Manifest* base, const Manifest& next);

// The targets that take part in what `manifest` says: those with a mapping or a profile. Sorted.
std::vector<TargetName> ParticipantsOf(const Manifest& manifest);

// The desired state after `eris undeploy`: nothing, on the same targets.
Manifest UndeployedManifest(const Manifest& base);

}  // namespace eris
