#include "tests/sim/planted_bug.h"

#include <optional>

namespace eris {
namespace {

// A global, because the cores have no way to be told: they must not differ from the product's.
std::optional<Bug>& Planted() {
  static std::optional<Bug> planted;
  return planted;
}

}  // namespace

#ifdef ERIS_PLANTED_BUGS
bool IsPlanted(Bug bug) { return Planted() == bug; }
#endif

namespace sim {

PlantedBug::PlantedBug(Plant plant) { Planted() = BugOf(plant); }
PlantedBug::~PlantedBug() { Planted().reset(); }

}  // namespace sim
}  // namespace eris
