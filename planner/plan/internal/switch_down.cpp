// What goes down, and the snapshots that are taken of it.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "planner/plan/in_doubt.h"
#include "planner/plan/internal/switch_parts.h"

namespace eris::plan_internal {
namespace {

// The order of going down. Behind the mappings of the base there is a node for each snapshot.
class DownOrder {
 public:
  explicit DownOrder(const PlanContext& context)
      : context_(context),
        dependents_(Reversed(context.graphs.base.dependencies)),
        strays_(FindStrays(context)) {
    for (const StateWork& work : context.states.works) {
      sources_.insert(sources_.end(), work.sources.begin(), work.sources.end());
    }
    std::sort(sources_.begin(), sources_.end());
    sources_.erase(std::unique(sources_.begin(), sources_.end()), sources_.end());
  }

  Status FindLayers() {
    if (sources_.empty() && strays_.empty()) {
      const auto& order = context_.graphs.base.order;
      layers_ = LayersOf(dependents_, {order.rbegin(), order.rend()});
      return {};
    }
    // As much as there is an order for: the last is what must be.
    constexpr std::array<Wishes, 3> kTries = {{{true, true}, {false, true}, {false, false}}};
    std::optional<DependencyCycle> cycle;
    for (const Wishes& wishes : kTries) {
      wishes_ = wishes;
      const Dependencies before = Before();
      auto order = TopologicalOrder(before);
      if (order) {
        layers_ = LayersOf(before, *order);
        return {};
      }
      cycle = std::move(order.error());
    }
    return Fail(CycleError(*cycle));
  }

  const std::vector<std::uint32_t>& layers() const { return layers_; }  // of mappings and sources
  const std::vector<DagNode>& dependents(DagNode node) const { return dependents_[node]; }
  const std::vector<DagNode>& sources() const { return sources_; }
  std::uint32_t LayerOfSnapshot(std::size_t source) const {
    return layers_[dependents_.size() + source];
  }
  // Who goes down before, beside the dependents.
  std::vector<DagNode> OthersBefore(DagNode node) const {
    std::vector<DagNode> others;
    if (wishes_.writers_first && std::binary_search(sources_.begin(), sources_.end(), node)) {
      others = context_.states.base_writers[node];
    }
    const auto stray = strays_.find(node);
    if (wishes_.strays_last && stray != strays_.end()) {
      others.insert(others.end(), stray->second.begin(), stray->second.end());
    }
    return others;
  }

 private:
  struct Wishes {
    bool writers_first = false;  // so that none writes into the void; unless they form a cycle
    // Behind who has its seat by the generation: on the way back a stray is seen to be down before
    // that one comes up.
    bool strays_last = false;
  };
  using Strays = std::map<DagNode, std::vector<DagNode>>;  // and who has their seats

  static Strays FindStrays(const PlanContext& context) {
    Strays strays;
    const auto& mappings = context.base.mappings;
    for (DagNode node = 0; node < mappings.size(); ++node) {
      if (IsStray(mappings[node].digest)) strays[node];
    }
    if (strays.empty()) return strays;
    std::map<Seat, std::vector<DagNode>> holders;
    for (DagNode node = 0; node < mappings.size(); ++node) {
      if (strays.contains(node)) continue;
      ForEachSeat(mappings[node], *context.graphs.base.services[node],
                  [&](const Seat& seat) { holders[seat].push_back(node); });
    }
    for (auto& [node, others] : strays) {
      std::vector<DagNode>& before = others;
      ForEachSeat(mappings[node], *context.graphs.base.services[node], [&](const Seat& seat) {
        const auto found = holders.find(seat);
        if (found == holders.end()) return;
        before.insert(before.end(), found->second.begin(), found->second.end());
      });
    }
    return strays;
  }

  // What must be down before each; a container's providers wait for the snapshots of what is in it.
  Dependencies Before() const {
    Dependencies before = dependents_;
    before.resize(dependents_.size() + sources_.size());
    for (DagNode node = 0; node < dependents_.size(); ++node) {
      const std::vector<DagNode> others = OthersBefore(node);
      before[node].insert(before[node].end(), others.begin(), others.end());
    }
    for (std::size_t i = 0; i < sources_.size(); ++i) {
      const DagNode source = sources_[i];
      const auto snapshot = static_cast<DagNode>(dependents_.size() + i);
      before[snapshot] = context_.states.base_writers[source];
      before[snapshot].push_back(source);
      for (const DagNode dependency : context_.graphs.base.dependencies[source]) {
        if (Provides(context_.base, dependency, source)) before[dependency].push_back(snapshot);
      }
    }
    return before;
  }

  Error CycleError(const DependencyCycle& cycle) const {
    std::string names;
    for (const DagNode node : cycle.path) {
      if (node >= dependents_.size()) continue;
      names += fmt::format("{}{}", names.empty() ? "" : ", ",
                           context_.graphs.base.services[node]->name.text);
    }
    return {.code = ErrorCode::kInvalid,
            .message =
                "there is no instant in which a state can be read while nothing writes it: "
                "the provider of its container needs a service that writes it (" +
                names + ")",
            .fix = context_.input.options.state == StatePolicy::kLeave
                       ? "take the connectsTo out, or set stateUndo = false"
                       : "take the connectsTo out, or deploy with --no-migration"};
  }

  const PlanContext& context_;
  const Dependencies dependents_;  // of each mapping of the base
  const Strays strays_;
  std::vector<DagNode> sources_;  // ascending
  std::vector<std::uint32_t> layers_;
  Wishes wishes_;
};

class DownMaker {
 public:
  DownMaker(const PlanContext& context, const DownOrder& order, const BaseItems& bases,
            ItemList& items)
      : context_(context), order_(order), bases_(bases), items_(items), undone_(Undone()) {
    const std::size_t size = context.graphs.base.services.size();
    down_ = {ItemOfMapping(size, kNoItem), ItemOfMapping(size, kNoItem),
             ItemOfMapping(size, kNoItem)};
  }

  DownItems Make() && {
    const Batches batches =
        MakeBatches(context_.base, order_.layers(), context_.graphs.difference.obsolete);
    const std::vector<DagNode> bounced = BouncedByLayer();
    const std::vector<std::size_t> snapshots = SnapshotsByLayer();
    auto batch = batches.list.begin();
    auto kept = bounced.begin();
    auto snapshot = snapshots.begin();
    for (std::uint32_t layer = 0;
         batch != batches.list.end() || kept != bounced.end() || snapshot != snapshots.end();
         ++layer) {
      for (; batch != batches.list.end() && batch->layer == layer; ++batch) AddBatch(*batch);
      for (; kept != bounced.end() && order_.layers()[*kept] == layer; ++kept) Deactivate(*kept);
      for (; snapshot != snapshots.end() && order_.LayerOfSnapshot(*snapshot) == layer;
           ++snapshot) {
        Snapshot(order_.sources()[*snapshot]);
      }
    }
    return std::move(down_);
  }

 private:
  std::vector<DagNode> BouncedByLayer() const {
    std::vector<DagNode> nodes;
    for (const KeptMapping& kept : context_.states.bounced) nodes.push_back(kept.base);
    std::stable_sort(nodes.begin(), nodes.end(),
                     [&](DagNode a, DagNode b) { return order_.layers()[a] < order_.layers()[b]; });
    return nodes;
  }

  std::vector<std::size_t> SnapshotsByLayer() const {
    std::vector<std::size_t> positions;
    for (std::size_t i = 0; i < order_.sources().size(); ++i) positions.push_back(i);
    std::stable_sort(positions.begin(), positions.end(), [&](std::size_t a, std::size_t b) {
      return order_.LayerOfSnapshot(a) < order_.LayerOfSnapshot(b);
    });
    return positions;
  }

  // What is down is unlocked at once; what comes up again stays locked until all is over.
  void AddBatch(const Batch& batch) {
    for (const DagNode node : batch.members) Deactivate(node);
    PlanItem item{.phase = PlanPhase::kSwitch,
                  .queue = TargetQueue(batch.target),
                  .body = UnlockItem{UnlockComponents{ActivitiesOf(context_.base, batch)}},
                  // Once its components are up again, the inverse of their lock unlocks them.
                  .inverse = std::nullopt,
                  .after = {},
                  .deadline_ms = DeadlineOf(context_.base, batch)};
    for (const DagNode node : batch.members) item.after.push_back({down_.deactivate[node]});
    const ItemIndex unlock = items_.Add(Stage::kDown, std::move(item));
    for (const DagNode node : batch.members) down_.unlock[node] = unlock.value;
  }

  // Dependents first; and who is in a container that this one provides is unlocked, and its state
  // is read, while it is up.
  void Deactivate(DagNode node) {
    PlanItem item = SwitchItem<DeactivateItem, ActivateItem>(context_.base, node);
    if (IsStray(context_.base.mappings[node].digest)) item.inverse = item.body;
    const auto add = [&item](std::uint32_t before) {
      if (before != kNoItem) item.after.push_back({before});
    };
    for (const DagNode dependent : order_.dependents(node)) {
      add(down_.deactivate[dependent]);
      if (!Provides(context_.base, node, dependent)) continue;
      add(down_.unlock[dependent]);
      add(down_.snapshot[dependent]);
    }
    for (const DagNode other : order_.OthersBefore(node)) add(down_.deactivate[other]);
    down_.deactivate[node] = items_.Add(Stage::kDown, std::move(item)).value;
  }

  // Of what is changed in place the way back restores what the snapshot took. Of any other it asks
  // at least: as a higher grade of this step, that keeps a snapshot that is still on its way from
  // being taken once everybody writes again.
  void Snapshot(DagNode source) {
    const Mapping& mapping = context_.base.mappings[source];
    const Activity activity = ActivityOf(context_.base, mapping);
    PlanItem item{.phase = PlanPhase::kSwitch,
                  .queue = TargetQueue(mapping.target),
                  .body = SnapshotOf(source, activity),
                  .inverse = QueryItem{context_.input.profile},
                  .after = {{down_.deactivate[source]}},
                  .deadline_ms = context_.base.services.at(mapping.service).deadline_ms};
    if (undone_[source]) item.inverse = RestoreItem{activity, {}, {items_.Next()}};
    for (const DagNode writer : context_.states.base_writers[source]) {
      if (down_.deactivate[writer] != kNoItem) item.after.push_back({down_.deactivate[writer]});
    }
    down_.snapshot[source] = items_.Add(Stage::kDown, std::move(item)).value;
  }

  SnapshotItem SnapshotOf(DagNode source, const Activity& activity) const {
    const auto base = bases_.find(source);
    if (base == bases_.end()) return {activity};
    return {.activity = activity, .part = SnapshotPart::kIncrement, .taken_by = {base->second}};
  }

  std::vector<bool> Undone() const {
    std::vector<bool> undone(context_.graphs.base.services.size(), false);
    for (const StateWork& work : context_.states.works) {
      const bool is_undone = work.purpose == StateWork::Purpose::kUndone ||
                             work.purpose == StateWork::Purpose::kRefill;
      if (!is_undone) continue;
      for (const DagNode source : work.sources) undone[source] = true;
    }
    return undone;
  }

  const PlanContext& context_;
  const DownOrder& order_;
  const BaseItems& bases_;
  ItemList& items_;
  DownItems down_;
  const std::vector<bool> undone_;  // by mapping of the base
};

}  // namespace

Result<DownItems> AddDowns(const PlanContext& context, const BaseItems& bases, ItemList& items) {
  DownOrder order(context);
  ERIS_TRY(order.FindLayers());
  return DownMaker(context, order, bases, items).Make();
}

}  // namespace eris::plan_internal
