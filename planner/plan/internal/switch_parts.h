// The switch in two halves, and what the second must know of the first: which item took which
// mapping down, read its state, brought its state to a new place.
#pragma once

#include <cstdint>
#include <map>
#include <tuple>
#include <utility>
#include <vector>

#include "planner/plan/internal/activity.h"
#include "planner/plan/internal/batches.h"
#include "planner/plan/internal/plan_parts.h"

namespace eris::plan_internal {

inline constexpr std::uint32_t kNoItem = Batches::kNone;
using ItemOfMapping = std::vector<std::uint32_t>;  // item index, or kNoItem

// What an old and a new mapping can not both be in: a component, or (component empty) the place of
// a container that both provide.
using Seat = std::tuple<TargetName, ContainerName, ComponentName>;

template <typename Callback>
void ForEachSeat(const Mapping& mapping, const Service& service, Callback callback) {
  callback(Seat(mapping.target, mapping.container, ComponentOf(service.package)));
  for (const auto& [container, properties] : service.provides_containers) {
    callback(Seat(mapping.target, container, ComponentName()));
  }
}

// By mapping of the base.
struct DownItems {
  ItemOfMapping deactivate;  // obsolete ones and bounced ones
  ItemOfMapping unlock;      // obsolete ones
  ItemOfMapping snapshot;    // sources
};

// By mapping of the next manifest: the item that brings its state there, or nothing.
using ArrivalItems = std::map<DagNode, ItemIndex>;

// Of one mapping of `manifest`; its inverse is the other activity with the same properties.
template <typename Body, typename Inverse>
PlanItem SwitchItem(const Manifest& manifest, DagNode node) {
  const Mapping& mapping = manifest.mappings[node];
  const Activity activity = ActivityOf(manifest, mapping);
  return {.phase = PlanPhase::kSwitch,
          .queue = TargetQueue(mapping.target),
          .body = Body{activity},
          .inverse = Inverse{activity},
          .after = {},
          .deadline_ms = manifest.services.at(mapping.service).deadline_ms};
}

Result<DownItems> AddDowns(const PlanContext& context, const BaseItems& bases, ItemList& items);
ArrivalItems AddStateTransfers(const PlanContext& context, const DownItems& down, ItemList& items);
Status AddUps(const PlanContext& context, const DownItems& down, const ArrivalItems& arrivals,
              ItemList& items);

}  // namespace eris::plan_internal
