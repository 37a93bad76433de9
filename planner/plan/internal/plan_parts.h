// The parts that a plan is put together from, in the order of its stages. Each appends the items of
// its phases; none knows of the others' items except by what it returns.
#pragma once

#include <cstdint>
#include <map>
#include <utility>
#include <vector>

#include "planner/plan/internal/graph_difference.h"
#include "planner/plan/internal/state_work.h"
#include "planner/plan/plan.h"

namespace eris::plan_internal {

// docs/decisions/0001-stages-and-edges.md
enum class Stage : std::uint32_t {
  kPackages,
  kProfiles,
  kLease,
  kLock,
  kConfirm,
  kDown,
  kUp,
  kCommit,
  kUnlock,
  kAfter,
};

// Borrowed by all parts for the time of one call of MakePlan. Without a base, `base` is empty.
struct PlanContext {
  const PlanInput& input;
  const Manifest& base;
  const GraphDifference& graphs;
  const StatePlan& states;
  std::vector<TargetName> participants;  // of either manifest, but those left out; sorted
  // kWhatGoesDown: of what is kept only what is bounced.
  enum class Locks : std::uint8_t { kEverything, kWhatGoesDown } locks = Locks::kEverything;
};

using ItemIndices = std::vector<ItemIndex>;

// The items so far. Edges point backwards by construction.
class ItemList {
 public:
  // Edges may be unsorted and repeated.
  ItemIndex Add(Stage stage, PlanItem item);
  // Where the next one goes.
  ItemIndex Next() const { return {static_cast<std::uint32_t>(items_.size())}; }
  // Leases know by then what follows them.
  std::vector<PlanItem> Take() &&;

 private:
  std::vector<PlanItem> items_;
};

bool IsLeftOut(const PlanInput& input, const TargetName& target);
QueueName TargetQueue(const TargetName& target);

void AddBuildsAndTransfers(const PlanContext& context, ItemList& items);

// By mapping of the base: the item that takes a base of its state.
using BaseItems = std::map<DagNode, ItemIndex>;
// While everything runs; and on their way to where the increments will go.
BaseItems AddBases(const PlanContext& context, ItemList& items);

void AddLeases(const PlanContext& context, ItemList& items);
// Everything active, dependents before what they depend on.
void AddLocks(const PlanContext& context, ItemList& items);
void AddConfirmations(const PlanContext& context, ItemList& items);

// Deactivations, the unlocking of what is down, activations, and the state between them. kInvalid
// when interdependencies leave no instant in which a state can be read or filled.
Status AddSwitch(const PlanContext& context, const BaseItems& bases, ItemList& items);
// The switch alone of copies that are replaced where they are (StateWork::Purpose::kRefill);
// `arrivals` bring what they are given, by node, and are among `items` already.
Status AddRefills(const PlanContext& context, const std::map<DagNode, ItemIndex>& arrivals,
                  ItemList& items);

void AddProfiles(const PlanContext& context, ItemList& items);
// Everything that is active afterwards, dependencies first, then the leases.
void AddUnlocksAndReleases(const PlanContext& context, ItemList& items);
// Of old state, where that is wanted.
void AddDeletions(const PlanContext& context, ItemList& items);

}  // namespace eris::plan_internal
