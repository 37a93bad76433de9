// Values as Nix expressions, for people to go on with as a model. Pure.
#pragma once

#include <string>
#include <string_view>

#include "schema/base/error.h"

namespace eris {

// JSON as the Nix expression of the same value, over several lines and with a line end. kInvalid:
// no JSON, or nested deeper than 64.
Result<std::string> NixFromJson(std::string_view json);

}  // namespace eris
