#include "planner/plan/snapshot_plan.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "planner/plan/internal/activity.h"
#include "planner/plan/internal/chosen_states.h"
#include "planner/plan/internal/mapping_graph.h"

namespace eris {
namespace {

using plan_internal::ActivityOf;
using plan_internal::MakeMappingGraph;
using plan_internal::MappingGraph;
using plan_internal::StateChooser;

struct Chosen {
  std::uint32_t layer = 0;  // how many snapshots must come before, one after the other
  DagNode node = 0;
};

std::vector<Chosen> Choose(const SnapshotPlanInput& input, const MappingGraph& graph) {
  const StateChooser chooser(input.manifest, input.operation.which);
  std::vector<std::uint32_t> layers(graph.services.size(), 0);
  std::vector<Chosen> chosen;
  for (auto node = graph.order.rbegin(); node != graph.order.rend(); ++node) {
    const bool is_meant =
        graph.HasActivities(*node) && chooser.IsMeant(input.manifest.mappings[*node]);
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

class SnapshotPlanner {
 public:
  SnapshotPlanner(const SnapshotPlanInput& input, std::vector<Chosen> chosen)
      : input_(input), chosen_(std::move(chosen)) {}

  std::vector<PlanItem> Make() && {
    if (input_.operation.pace == StateOperation::Pace::kOneByOne) {
      for (const Chosen& one : chosen_) {
        const auto taken = Take(one, Next());
        Send(one, taken, Next());
        if (input_.operation.keep > 0) Clean(one, Next());
      }
      return std::move(items_);
    }
    std::vector<std::optional<ItemIndex>> taken;
    for (const Chosen& one : chosen_) taken.push_back(Take(one, one.layer));
    const std::uint32_t last = chosen_.back().layer + 1;
    for (std::size_t i = 0; i < chosen_.size(); ++i) Send(chosen_[i], taken[i], last);
    if (input_.operation.keep == 0) return std::move(items_);
    for (const Chosen& one : chosen_) Clean(one, last + 1);
    return std::move(items_);
  }

 private:
  const Mapping& At(const Chosen& one) const { return input_.manifest.mappings[one.node]; }
  Activity ActivityAt(const Chosen& one) const { return ActivityOf(input_.manifest, At(one)); }
  std::uint32_t Next() const { return items_.empty() ? 0 : items_.back().stage + 1; }

  PlanItem& Add(const Chosen& one, std::uint32_t stage, ItemBody body) {
    return items_.emplace_back(
        PlanItem{.phase = PlanPhase::kAfterCommit,
                 .stage = stage,
                 .queue = {.kind = QueueName::Kind::kTarget, .name = At(one).target.text},
                 .body = std::move(body),
                 .inverse = std::nullopt,
                 .after = {},
                 .deadline_ms = std::nullopt});
  }

  ItemIndex LastItem() const { return {static_cast<std::uint32_t>(items_.size() - 1)}; }

  std::optional<ItemIndex> Take(const Chosen& one, std::uint32_t stage) {
    if (input_.operation.extent == StateOperation::Extent::kTransferOnly) return std::nullopt;
    Add(one, stage, SnapshotItem{ActivityAt(one)}).deadline_ms =
        input_.manifest.services.at(At(one).service).deadline_ms;
    return LastItem();
  }

  // What was taken, or the newest that is there; older ones before it.
  void Send(const Chosen& one, std::optional<ItemIndex> taken, std::uint32_t stage) {
    TransferStateItem body = BodyFor(one);
    const std::string prefix = body.container.text + "/" + body.component.text + "/";
    std::vector<ItemIndex> after;
    if (taken) after.push_back(*taken);
    if (input_.operation.older) {
      TransferStateItem older = body;
      older.snapshot = prefix + "*";
      Add(one, stage, std::move(older)).after = after;
      after.push_back(LastItem());
    }
    if (taken) body.taken_by = {*taken};
    if (!taken) body.snapshot = prefix;
    Add(one, stage, std::move(body)).after = std::move(after);
  }

  TransferStateItem BodyFor(const Chosen& one) const {
    const Activity activity = ActivityAt(one);
    return {.profile = input_.profile,
            .way = TransferStateItem::Way::kToDepot,
            .service_name = activity.service_name,
            .container = activity.container,
            .component = activity.component,
            .from = At(one).target,
            .snapshot = {},
            .taken_by = {}};
  }

  void Clean(const Chosen& one, std::uint32_t stage) {
    const Activity activity = ActivityAt(one);
    Add(one, stage,
        CollectItem{.scope = CollectItem::Scope::kSnapshots,
                    .container = activity.container,
                    .component = activity.component,
                    .keep = input_.operation.keep});
  }

  const SnapshotPlanInput& input_;
  const std::vector<Chosen> chosen_;
  std::vector<PlanItem> items_;
};

}  // namespace

Result<Plan> PlanSnapshots(const SnapshotPlanInput& input) {
  ERIS_ASSIGN(const MappingGraph graph, MakeMappingGraph(input.manifest));
  std::vector<Chosen> chosen = Choose(input, graph);
  if (chosen.empty()) return Fail(plan_internal::NoStateMeant());
  return Plan{.profile = input.profile,
              .base = input.base_generation,
              .items = SnapshotPlanner(input, std::move(chosen)).Make(),
              .summary = {}};
}

}  // namespace eris
