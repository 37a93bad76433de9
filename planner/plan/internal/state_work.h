// What a plan does about states (docs/decisions/0003-moving-state.md): which copies are read, which
// are filled, who may write them and therefore is down meanwhile, and which old copies go.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "planner/plan/internal/graph_difference.h"
#include "planner/plan/plan.h"

namespace eris::plan_internal {

// One state. Sources are nodes of the base, receivers nodes of the next manifest.
struct StateWork {
  enum class Purpose : std::uint8_t {
    kMove,    // receivers get what the sources hold: the same, if there are several
    kKeep,    // it is left behind: a last snapshot of each source
    kUndone,  // upgraded in place: each source's snapshot is restored on the way back
    kStray,   // left by a transaction that was given up: dumped, and left where it is
    kRefill,  // its only receiver, its only source too, is kept, and filled while it is down
  };
  Purpose purpose = Purpose::kMove;
  const StateChange* change = nullptr;  // of the difference; never null
  std::vector<DagNode> sources;         // ascending; empty: the newest that the depot has moves
  std::vector<DagNode> receivers;       // ascending; empty unless it moves
  std::vector<DagNode> kept_writers;    // of `next`: mappings that wrote a source and are kept
};

struct StatePlan {
  std::vector<StateWork> works;
  std::vector<DagNode> bases;        // of sources: a base is taken beforehand; ascending
  std::vector<KeptMapping> bounced;  // kept, and down meanwhile; ascending
  Dependencies base_writers;         // of each node of the base; empty without works
  Dependencies next_writers;         // of each node of the next manifest
  std::vector<DagNode> begun;        // of `next`: nothing comes to it; its state begins there
  std::vector<DagNode> deleted;      // of the base: whose state is deleted after the commit
  std::vector<std::string> lines;    // for PlanSummary::state
};

// kInvalid when what moves can not be told, and says what to choose.
Result<StatePlan> PlanStates(const PlanInput& input, const Manifest& base,
                             const GraphDifference& graphs);

// Where nothing changes: the one receiver of each of the difference's states is refilled.
StatePlan PlanRefills(const PlanInput& input, const Manifest& base, const GraphDifference& graphs);

}  // namespace eris::plan_internal
