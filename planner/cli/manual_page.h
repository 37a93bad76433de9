// The manual page eris(1), with each command and option. Pure.
#pragma once

#include <string>

#include "planner/cli/command_shape.h"

namespace eris::cli {

// As roff of man(7).
std::string ManualPage(const CommandShape& root);

}  // namespace eris::cli
