// What the grammar says of commands and options, as manual pages. Pure.
#pragma once

#include <string>
#include <string_view>

#include "planner/cli/command_shape.h"

namespace eris::cli {

// eris(1), with each command and option, as roff of man(7).
std::string ManualPage(const CommandShape& root);

// The options of one command, and of the commands below it, as the section `Options` of its page in
// docs/manual/commands (Markdown). Empty when there is no such command.
std::string OptionsSection(const CommandShape& root, std::string_view command);

}  // namespace eris::cli
