// Completions of the command line for shells. Pure.
#pragma once

#include <cstdint>
#include <string>

#include "planner/cli/command_shape.h"

namespace eris::cli {

enum class Shell : std::uint8_t { kBash, kZsh, kFish };

// A script for the shell to source. Values of options are completed as files, where they have no
// fixed choices.
std::string CompletionText(Shell shell, const CommandShape& root);

}  // namespace eris::cli
