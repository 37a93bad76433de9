// The bug that the cores of this process have, while one run lasts.
#pragma once

#include "tests/sim/plants.h"

namespace eris::sim {

// In a build without ERIS_PLANTED_BUGS it has no effect on the cores.
class PlantedBug {
 public:
  explicit PlantedBug(Plant plant);
  ~PlantedBug();
  PlantedBug(const PlantedBug&) = delete;
  PlantedBug& operator=(const PlantedBug&) = delete;
};

}  // namespace eris::sim
