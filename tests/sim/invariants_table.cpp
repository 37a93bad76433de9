#include "tests/sim/invariants_table.h"

#include <string_view>
#include <utility>

#include "tests/sim/checkers/all.h"

namespace eris::sim {
namespace {

// Where the table is: its first byte, and one after its last.
Result<std::pair<std::size_t, std::size_t>> PlaceOf(const std::string& document) {
  const std::size_t begins = document.find(kTableBegins);
  const std::size_t ends = document.find(kTableEnds);
  if (begins == std::string::npos || ends == std::string::npos || ends < begins) {
    return Fail(ErrorCode::kNotFound, "the document has no place for the table of planted bugs");
  }
  return std::pair(begins + std::string_view(kTableBegins).size(), ends);
}

}  // namespace

std::string InvariantsTable(const Findings& findings) {
  std::string table =
      "| invariant | checker | planted bugs that it has seen, and after how many seeds |\n"
      "|---|---|---|\n";
  for (const CheckerKind& kind : AllCheckers()) {
    std::string bugs;
    for (const auto& [plant, seen] : findings) {
      const auto first = seen.find(std::string(kind.name));
      if (first == seen.end()) continue;
      if (!bugs.empty()) bugs += ", ";
      bugs += "`" + plant + "` " + std::to_string(first->second);
    }
    table +=
        "| " + std::string(kind.promise) + " | `" + std::string(kind.name) + "` | " + bugs + " |\n";
  }
  return table;
}

Result<std::string> TableOf(const std::string& document) {
  ERIS_ASSIGN(const auto place, PlaceOf(document));
  return document.substr(place.first, place.second - place.first);
}

Result<std::string> WithTable(const std::string& document, const std::string& table) {
  ERIS_ASSIGN(const auto place, PlaceOf(document));
  return document.substr(0, place.first) + table + document.substr(place.second);
}

}  // namespace eris::sim
