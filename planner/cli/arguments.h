// The command line's grammar: arguments in, a Call out. Pure; the only header before CLI11.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <variant>

#include "planner/cli/call.h"
#include "planner/cli/call_defaults.h"
#include "schema/base/error.h"

namespace eris::cli {

// --help or --version: print this and end with success.
struct Answer {
  std::string text;
};

// `arguments` with the program's name in front; `defaults` of what they do not say. kInvalid: what
// is wrong, and where help is.
Result<std::variant<Call, Answer>> ParseArguments(std::span<const char* const> arguments,
                                                  const CallDefaults& defaults = {});

// A number names a transaction, anything else the submission that made it.
TransactionRef ParseTransactionRef(std::string_view text);
std::string ToString(const TransactionRef& ref);

}  // namespace eris::cli
