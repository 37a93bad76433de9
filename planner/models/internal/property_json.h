// Properties between JSON and their value type: what a value becomes in the environment of an
// activity, and what is a reference to a secret. For the sources of this folder that read or print
// JSON.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "planner/models/finding.h"
#include "schema/values/manifest.h"

namespace eris {

// The members of an object as properties. What cannot be one is left out and added to `findings`,
// with the model, path and position of `where`.
Properties ReadProperties(const nlohmann::json& object, const Finding& where, Findings& findings);

nlohmann::json PropertiesToJson(const Properties& properties);

}  // namespace eris
