// Reads files of assignments as Dysnomia has them (container files, etc/dysnomia/process/*,
// dysnomia-support/*) without a shell, so that nothing in them is ever executed:
//
//   # comment
//   type="process"            "…" with \" \\ \$ \` as in a shell, may go on over several lines
//   port=8080                 plain word
//   motd='as it is'           '…'
//   hosts=("a" "b" c)         array: its words joined by blanks
//   export user=root          "export" is ignored
//
// Where a shell would substitute ($name, ${…}, $(…), `…`) the file is refused instead of guessed
// at.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "schema/base/error.h"

namespace eris::dysnomia {

using Assignments = std::map<std::string, std::string>;

// The last assignment of a name counts. kInvalid: "line N: …".
Result<Assignments> ParseAssignments(std::string_view text);

// Splits a command line of such a file into words: blanks separate, quotes as above.
Result<std::vector<std::string>> SplitWords(std::string_view text);

}  // namespace eris::dysnomia
