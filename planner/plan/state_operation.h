// The plans of work on states outside of deployments (docs/decisions/0012): what runs is given what
// a snapshot holds (restore), or what an earlier generation left elsewhere (migrate); what was left
// is deleted; a backup is taken. Pure and deterministic, as plan.h.
//
// What is to be restored is brought while everything runs. Then whoever writes it goes down, as for
// a deployment; each copy is read before it is replaced, and the way back restores that.
#pragma once

#include <string_view>
#include <vector>

#include "schema/base/error.h"
#include "schema/values/ids.h"
#include "schema/values/manifest.h"
#include "schema/values/plan.h"
#include "schema/values/submission.h"

namespace eris {

// Borrowed for the call.
struct StateOperationInput {
  const ProfileName& profile;
  GenerationNumber base_generation;
  const Manifest& manifest;  // of that generation
  const StateOperation& operation;
  // Which copies are taken where there are several.
  const std::vector<StateChoice>& state_from;
  // kMigrate: of `operation.generation`. kDelete: of all generations that are known, newest first.
  std::vector<const Manifest*> earlier = {};
};

// kNotFound: nothing is meant, or there is nothing to do; kInvalid: it cannot be done, and why.
Result<Plan> PlanStateOperation(const StateOperationInput& input);

// Where a state is: its component there.
struct StatePlace {
  TargetName target;
  ContainerName container;
  ComponentName component;
  auto operator<=>(const StatePlace&) const = default;
};

// The places that the plan restores a state at; sorted.
std::vector<StatePlace> RestoredPlaces(const Plan& plan);

}  // namespace eris
