// Whether JSON has the shape of a deployment model: which members there have to be, and of which
// type. What they mean is judged by check_manifest.h.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string_view>

#include "planner/models/finding.h"
#include "schema/base/error.h"

namespace eris {

// Parses the text; members that are there twice become findings. kInvalid: it is no JSON, or nested
// so deep that whoever walks through it by recursion would overflow.
Result<nlohmann::json> ParseManifestJson(std::string_view text, Findings& findings);

// Every member that is missing or of a wrong type. None: it can be read without further questions.
Findings CheckShape(const nlohmann::json& json);

}  // namespace eris
