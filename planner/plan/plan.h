// Makes the plan of a transaction: which items, in which order, and the inverse of each. Pure and
// deterministic: equal inputs give byte-identical plans, in time linear in mappings and
// interdependencies. It names closures, not what happens to be missing; which targets are connected
// and what becomes of those that are not is the transaction's business.
#pragma once

#include <cstdint>
#include <set>
#include <tuple>
#include <vector>

#include "schema/base/error.h"
#include "schema/values/ids.h"
#include "schema/values/manifest.h"
#include "schema/values/plan.h"
#include "schema/values/submission.h"

namespace eris {

// What becomes of state whose service moves or goes.
enum class StatePolicy : std::uint8_t {
  kMigrate,  // it moves with its service
  kLeave,    // --no-migration: it stays where it is
};

// Whether old and new mappings may be active at the same time.
enum class SwitchPolicy : std::uint8_t {
  kSeparate,  // everything that goes is down before anything comes up
  kOverlap,   // --overlap: only interdependencies and common components order them
};

struct PlanOptions {
  StatePolicy state = StatePolicy::kMigrate;
  SwitchPolicy switching = SwitchPolicy::kSeparate;
  BuildPlace build = BuildPlace::kBuilders;
  OldState old_state = OldState::kKeep;
  FinalSnapshots final_snapshots = FinalSnapshots::kTake;
  PreCopy pre_copy = PreCopy::kNone;
  std::vector<StateChoice> state_from;
  std::uint32_t build_batch = 64;       // derivations of one build item, at most; > 0
  std::int64_t lease_ms = 15 * 60'000;  // an unconfirmed lease expires after this
  bool operator==(const PlanOptions&) const = default;
};

// What a client's options mean for the plan: its preview and the planner must agree, or `--plan
// HASH` would never match.
PlanOptions PlanOptionsOf(const DeployOptions& options);

// Where a mapping is: its identity without the digest.
using MappingPlace = std::tuple<TargetName, ContainerName, ServiceKey>;
MappingPlace MappingPlaceOf(const Mapping& mapping);

// Borrowed for the call.
struct PlanInput {
  const ProfileName& profile;
  GenerationNumber base_generation;  // 0 = none
  const Manifest* base = nullptr;    // null = none: an install
  const Manifest& next;
  PlanOptions options = {};
  std::vector<TargetName> left_out = {};  // sorted; `next` is LeaveOut(…) of them (left_out.h)
  // Mappings of the base that do not run: they are activated as they are; what comes after them is
  // left alone.
  std::set<MappingPlace> down = {};
};

// The plan from `base` to `next`; empty when nothing changes. `next` carries the profiles of all
// targets with mappings. To undeploy, `next` is UndeployedManifest(base) (diff.h).
// kInvalid: a manifest contradicts itself, or what moves of a state cannot be told.
Result<Plan> MakePlan(const PlanInput& input);

// The plan that makes a generation of what runs already: leases, and no activity is run. What is
// foreign the workers take note of, and the profiles are set to what `next` says. `base` and the
// options but the lease's length do not matter. Empty when `next` has no targets. Precondition:
// `next` is consistent (DiffManifests).
Plan MakeAdoption(const PlanInput& input, AdoptManifest::Origin origin);

}  // namespace eris
