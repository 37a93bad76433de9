// The part of docs/INVARIANTS.md that is generated: which checker holds which promise, and which
// planted bugs it has found.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "schema/base/error.h"

namespace eris::sim {

// By planted bug and checker: the first seed, counted from 1, with which that one has seen it.
using Findings = std::map<std::string, std::map<std::string, std::uint64_t>>;

// The table, in the order of the checkers; between these lines of the document.
inline constexpr const char* kTableBegins = "<!-- planted bugs: begin -->\n";
inline constexpr const char* kTableEnds = "<!-- planted bugs: end -->\n";
std::string InvariantsTable(const Findings& findings);

// The table of a document; kNotFound without its two lines.
Result<std::string> TableOf(const std::string& document);
Result<std::string> WithTable(const std::string& document, const std::string& table);

}  // namespace eris::sim
