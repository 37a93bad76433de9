// The way back (invariant P4): a pure function of the plan and of which steps may have taken
// effect. When to go back, attempts, silent targets and what is "stuck" are the transaction's
// business.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "schema/values/ids.h"
#include "schema/values/plan.h"

namespace eris {

// Of one item of the plan on its way forward.
enum class StepEffect : std::uint8_t {
  kNone,      // certainly none: never published, or its outcome excludes an effect
  kPossible,  // it may have taken effect: published without a proof of the contrary, or succeeded
};

// By item index; as long as the plan.
using StepEffects = std::vector<StepEffect>;

// One inverse to run: plan.items[item.value].inverse, which is present.
struct InverseStep {
  ItemIndex item;
  std::uint32_t stage = 0;       // of the item; inverses run in decreasing stages
  std::vector<ItemIndex> after;  // inverses that must have succeeded before; sorted, all greater
  bool operator==(const InverseStep&) const = default;
};

// All inverses that must run, in a topological order of the way back: by decreasing item index, but
// for last dumps (4).
//   1. Every item with an inverse whose effect is possible appears, no other.
//   2. `after` holds the plan's edges turned round, between the items that appear.
//   3. An inverse of a lower stage waits until those of all higher stages are settled (done,
//   refused,
//      held back or given up), not for their success (docs/decisions/0001-stages-and-edges.md).
//   4. An inverse that is a snapshot is a last dump of what is left behind at a new place: it keeps
//   nobody waiting. It runs where the locks are undone, and nothing comes after it.
// Items behind the point of no return have no inverse. O(V + E).
std::vector<InverseStep> RollbackOf(const Plan& plan, const StepEffects& effects);

// Whether the item's inverse is such a last dump: best effort.
bool IsLastDump(const PlanItem& item);

// What can not run any more once the inverses of `failed` were refused: all that is ordered after
// them, directly or not, without them. Everything else goes on. In the order of `rollback`.
std::vector<ItemIndex> HeldBackBy(std::span<const InverseStep> rollback,
                                  std::span<const ItemIndex> failed);

}  // namespace eris
