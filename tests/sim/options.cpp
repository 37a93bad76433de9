#include "tests/sim/options.h"

#include <algorithm>

namespace eris::sim {

const std::vector<std::string_view>& FamilyNames() {
  static const std::vector<std::string_view> kNames = {"mixed",   "upgrades", "profiles",
                                                       "targets", "planner",  "state"};
  return kNames;
}

std::optional<Family> ParseFamily(std::string_view name) {
  const auto found = std::find(FamilyNames().begin(), FamilyNames().end(), name);
  if (found == FamilyNames().end()) return std::nullopt;
  return static_cast<Family>(found - FamilyNames().begin());
}

Family FamilyOf(Family family, std::uint64_t seed) {
  if (family != Family::kMixed) return family;
  return static_cast<Family>(1 + seed % (FamilyNames().size() - 1));
}

}  // namespace eris::sim
