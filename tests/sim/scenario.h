// What a run deploys, by family: which targets there are, what is submitted and when, what will not
// start. Small, so that thousands of runs are cheap.
#pragma once

#include <map>
#include <set>
#include <vector>

#include "schema/values/ids.h"
#include "schema/values/manifest.h"
#include "tests/sim/client.h"
#include "tests/sim/databases.h"
#include "tests/sim/options.h"
#include "tests/sim/timeline.h"

namespace eris::sim {

struct Scenario {
  std::vector<TargetName> targets;
  SystemName system;
  std::vector<Client::Order> orders;
  std::set<StorePath> broken;  // packages whose activation fails
  std::map<ServiceName, DatabaseSpec> databases;
  std::map<StorePath, std::set<StorePath>> closures;  // of the profiles
};

// With `bases` databases offer increments, and most deployments ask for them.
Scenario MakeScenario(Timeline& timeline, Family family, const Cuts& cuts, PreCopy bases);

}  // namespace eris::sim
