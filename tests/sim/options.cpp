#include "tests/sim/options.h"

#include <algorithm>

namespace eris::sim {

const std::vector<std::string_view>& PlantNames() {
  static const std::vector<std::string_view> names = {
      "none",      "lose-ledger-tail", "lose-journal-tail", "lose-spool-tail", "send-before-append",
      "run-again", "report-early",     "skip-unlock"};
  return names;
}

std::optional<Plant> ParsePlant(std::string_view name) {
  const auto found = std::find(PlantNames().begin(), PlantNames().end(), name);
  if (found == PlantNames().end()) return std::nullopt;
  return static_cast<Plant>(found - PlantNames().begin());
}

}  // namespace eris::sim
