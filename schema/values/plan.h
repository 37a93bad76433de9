// A plan: the DAG of work items that moves a profile from one generation to the next, with the
// inverse of each. Pure data: made by planner/plan, hashed, journaled, executed by the transaction.
//
// Invariants: items are in a topological order (every edge points to a smaller index); stages and
// phases never decrease along the list, and no two phases share a stage; equal inputs give
// byte-identical plans.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "schema/values/ids.h"
#include "schema/values/manifest.h"
#include "schema/values/work_item.h"

namespace eris {

// In the order of a transaction. kUnlock and kAfterCommit lie behind the point of no return.
enum class PlanPhase : std::uint8_t {
  kPrepare,      // build, transfer: nothing that users see
  kLease,        // one lease per target
  kLock,         // components, dependents first
  kConfirm,      // of each lease, after "switching" is journaled
  kSwitch,       // deactivate, snapshot, transfer, activate, restore
  kCommit,       // setProfile
  kUnlock,       // components, then leases
  kAfterCommit,  // deleteState, retention
};
std::string_view ToString(PlanPhase phase);

// Where an item is queued.
struct QueueName {
  // kPlanner: done by the planner itself.
  enum class Kind : std::uint8_t { kTarget, kBuilder, kPlanner };
  Kind kind = Kind::kTarget;
  std::string name;  // target name, Nix system of a builder, part of the planner
  auto operator<=>(const QueueName&) const = default;

  // "target.NAME", "builder.SYSTEM" or "planner.PART", as the protocol and people see it.
  std::string ToString() const;
};
// Of the planner, who keeps the depot.
inline constexpr std::string_view kDepotPart = "depot";
std::optional<QueueName> ParseQueueName(std::string_view text);

struct PlanItem {
  PlanPhase phase = PlanPhase::kPrepare;

  // A barrier without edges: every item of a lower stage must have succeeded before. On the way
  // back it only waits: every inverse of a higher stage must have been settled, whatever came of
  // it, while `after` reversed asks for success (docs/decisions/0001-stages-and-edges.md).
  std::uint32_t stage = 0;

  QueueName queue;
  ItemBody body;
  std::optional<ItemBody> inverse;  // absent: nothing to undo
  std::vector<ItemIndex> after;     // items that must have succeeded before; sorted, all smaller
  std::optional<std::int64_t> deadline_ms;  // absent = the default of its verb
  bool operator==(const PlanItem&) const = default;
};

// What the plan does to mappings, counted: the line that `deploy` prints before it starts.
struct PlanSummary {
  std::uint32_t activate = 0;
  std::uint32_t deactivate = 0;
  std::uint32_t bounced = 0;  // kept, but down during the switch
  std::uint32_t kept = 0;
  std::vector<ServiceName> down;   // sorted: whose users notice
  std::vector<std::string> state;  // one line about each state that moves, or stays behind
  // Sorted: targets that are not connected and keep what they have (--target-offline=skip).
  std::vector<TargetName> left_out;
  // Sorted: targets where a transaction that was given up may have left something else than the
  // base says. Goes back there what does is the base, whatever was there.
  std::vector<TargetName> in_doubt;
  bool operator==(const PlanSummary&) const = default;
};

struct Plan {
  ProfileName profile;
  GenerationNumber base;  // 0 = none
  std::vector<PlanItem> items;
  PlanSummary summary;

  // Nothing to do: no lock, no generation.
  bool empty() const { return items.empty(); }
  bool operator==(const Plan&) const = default;
};

}  // namespace eris
