// What a run deploys: an install, an upgrade, an upgrade whose activation fails, and a last step
// that differs from seed to seed. Small, so that thousands of runs are cheap.
#pragma once

#include <set>
#include <vector>

#include "schema/values/ids.h"
#include "schema/values/manifest.h"
#include "tests/sim/client.h"
#include "tests/sim/timeline.h"

namespace eris::sim {

struct Scenario {
  std::vector<TargetName> targets;
  SystemName system;
  std::vector<Client::Order> orders;
  std::set<StorePath> broken;  // packages whose activation fails
};

Scenario MakeScenario(Timeline& timeline);

}  // namespace eris::sim
