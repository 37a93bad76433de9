#include "planner/plan/snapshot_plan.h"

#include <algorithm>
#include <cstdint>
#include <set>
#include <utility>
#include <vector>

#include "planner/plan/internal/activity.h"
#include "planner/plan/internal/mapping_graph.h"

namespace eris {
namespace {

using plan_internal::ActivityOf;
using plan_internal::MakeMappingGraph;
using plan_internal::MappingGraph;

bool Means(const std::string& wanted, const std::string& found) {
  return wanted.empty() || wanted == found;
}

class Chooser {
 public:
  explicit Chooser(const SnapshotPlanInput& input)
      : input_(input),
        states_(input.manifest.snapshot_mappings.begin(), input.manifest.snapshot_mappings.end()) {}

  bool IsMeant(const Mapping& mapping, const Activity& activity) const {
    const Activity& which = input_.which;
    const bool is_named = !which.service_name.text.empty();
    const bool is_deployed = states_.contains({.target = mapping.target,
                                               .container = mapping.container,
                                               .service = mapping.service,
                                               .component = activity.component});
    const bool is_here = input_.targets.empty() ||
                         std::find(input_.targets.begin(), input_.targets.end(), mapping.target) !=
                             input_.targets.end();
    return (is_named || is_deployed) && is_here &&
           Means(which.service_name.text, activity.service_name.text) &&
           Means(which.container.text, activity.container.text) &&
           Means(which.component.text, activity.component.text);
  }

 private:
  const SnapshotPlanInput& input_;
  std::set<SnapshotMapping> states_;
};

struct Chosen {
  std::uint32_t layer = 0;  // how many snapshots must come before, one after the other
  DagNode node = 0;
};

std::vector<Chosen> Choose(const SnapshotPlanInput& input, const MappingGraph& graph) {
  const Chooser chooser(input);
  std::vector<std::uint32_t> layers(graph.services.size(), 0);
  std::vector<Chosen> chosen;
  for (auto node = graph.order.rbegin(); node != graph.order.rend(); ++node) {
    const Mapping& mapping = input.manifest.mappings[*node];
    const bool is_meant =
        graph.HasActivities(*node) && chooser.IsMeant(mapping, ActivityOf(input.manifest, mapping));
    if (is_meant) chosen.push_back({layers[*node], *node});
    for (const DagNode before : graph.dependencies[*node]) {
      layers[before] = std::max(layers[before], layers[*node] + (is_meant ? 1 : 0));
    }
  }
  std::sort(chosen.begin(), chosen.end(), [](const Chosen& a, const Chosen& b) {
    return std::pair(a.layer, a.node) < std::pair(b.layer, b.node);
  });
  return chosen;
}

PlanItem ItemAt(const Mapping& mapping, std::uint32_t stage, ItemBody body) {
  return {.phase = PlanPhase::kAfterCommit,
          .stage = stage,
          .queue = {.kind = QueueName::Kind::kTarget, .name = mapping.target.text},
          .body = std::move(body),
          .inverse = std::nullopt,
          .after = {},
          .deadline_ms = std::nullopt};
}

}  // namespace

Result<Plan> PlanSnapshots(const SnapshotPlanInput& input) {
  ERIS_ASSIGN(const MappingGraph graph, MakeMappingGraph(input.manifest));
  const std::vector<Chosen> chosen = Choose(input, graph);
  if (chosen.empty()) {
    return Fail(ErrorCode::kNotFound, "no service with state is meant",
                "services have state with deployState = true; others are named with --service");
  }
  Plan plan{.profile = input.profile, .base = input.base_generation, .items = {}, .summary = {}};
  for (const Chosen& one : chosen) {
    const Mapping& mapping = input.manifest.mappings[one.node];
    PlanItem item = ItemAt(mapping, one.layer, SnapshotItem{ActivityOf(input.manifest, mapping)});
    item.deadline_ms = input.manifest.services.at(mapping.service).deadline_ms;
    plan.items.push_back(std::move(item));
  }
  const std::uint32_t last = chosen.back().layer + 1;
  for (std::uint32_t i = 0; i < chosen.size(); ++i) {
    const Mapping& mapping = input.manifest.mappings[chosen[i].node];
    const Activity activity = ActivityOf(input.manifest, mapping);
    PlanItem item = ItemAt(mapping, last,
                           TransferStateItem{.profile = input.profile,
                                             .way = TransferStateItem::Way::kToDepot,
                                             .service_name = activity.service_name,
                                             .container = activity.container,
                                             .component = activity.component,
                                             .from = mapping.target,
                                             .snapshot = {},
                                             .taken_by = {{i}}});
    item.after = {{i}};
    plan.items.push_back(std::move(item));
  }
  return plan;
}

}  // namespace eris
