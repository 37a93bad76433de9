// What comes up, and the state that it gets.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "planner/plan/internal/switch_parts.h"

namespace eris::plan_internal {
namespace {

using LeftSeats = std::map<Seat, ItemIndices>;

// Who must not be up before the state has arrived. A copy that knows of other copies is no writer
// of theirs: each gets its own.
template <typename Callback>
void ForEachWriter(const PlanContext& context, const StateWork& work, Callback callback) {
  if (work.receivers.empty()) return;
  const std::vector<DagNode>& homes = work.change->homes;
  const auto call_for = [&](const std::vector<DagNode>& writers) {
    for (const DagNode writer : writers) {
      if (!std::binary_search(homes.begin(), homes.end(), writer)) callback(writer);
    }
  };
  for (const DagNode home : homes) call_for(context.states.next_writers[home]);
  call_for(work.kept_writers);
}

bool IsRefill(const StateWork& work) { return work.purpose == StateWork::Purpose::kRefill; }

// Which copies of a state that moves its writers wait for. A copy that is missing when they begin
// would differ from the others for good.
enum class Copies : std::uint8_t { kReceivers, kAll };

// By mapping of the new manifest: new ones, and kept ones that are down meanwhile.
std::vector<bool> ComeUp(const PlanContext& context) {
  std::vector<bool> come_up(context.graphs.next.services.size(), false);
  for (const std::uint32_t node : context.graphs.difference.added) come_up[node] = true;
  for (const KeptMapping& kept : context.states.bounced) come_up[kept.next] = true;
  return come_up;
}

// Copies that are down meanwhile; those that are filled, and those that stay where they are.
std::vector<DagNode> CopiesThatComeUp(const StateWork& work, const std::vector<bool>& come_up) {
  std::vector<DagNode> copies;
  for (const DagNode home : work.change->homes) {
    if (come_up[home]) copies.push_back(home);
  }
  return copies;
}

// The order of coming up: that of the new manifest; and behind its mappings there is a node for
// each state that moves, after its receivers and before all who write it. One that is refilled
// comes before its receiver, and after who provides that one's container.
Dependencies BeforeUp(const PlanContext& context, Copies copies) {
  const MappingGraph& graph = context.graphs.next;
  const auto& works = context.states.works;
  const std::vector<bool> come_up = ComeUp(context);
  Dependencies before = graph.dependencies;
  before.resize(graph.services.size() + works.size());
  for (std::size_t i = 0; i < works.size(); ++i) {
    const auto gate = static_cast<DagNode>(graph.services.size() + i);
    if (IsRefill(works[i])) {
      const DagNode receiver = works[i].receivers.front();
      for (const DagNode dependency : graph.dependencies[receiver]) {
        if (Provides(context.input.next, dependency, receiver)) before[gate].push_back(dependency);
      }
      before[receiver].push_back(gate);
    } else {
      const bool waits_for_all = copies == Copies::kAll && !works[i].receivers.empty();
      before[gate] = waits_for_all ? CopiesThatComeUp(works[i], come_up) : works[i].receivers;
    }
    ForEachWriter(context, works[i], [&](DagNode writer) { before[writer].push_back(gate); });
  }
  return before;
}

struct UpOrder {
  std::vector<DagNode> nodes;
  Copies copies = Copies::kAll;
};

Result<UpOrder> FindUpOrder(const PlanContext& context) {
  const MappingGraph& graph = context.graphs.next;
  if (context.states.works.empty()) return UpOrder{graph.order};
  auto order = TopologicalOrder(BeforeUp(context, Copies::kAll));
  if (order) return UpOrder{std::move(*order)};
  // One of them needs a writer of the others.
  order = TopologicalOrder(BeforeUp(context, Copies::kReceivers));
  if (order) return UpOrder{std::move(*order), Copies::kReceivers};
  std::string names;
  for (const DagNode node : order.error().path) {
    if (node >= graph.services.size()) continue;
    names += fmt::format("{}{}", names.empty() ? "" : ", ", graph.services[node]->name.text);
  }
  return Fail(
      ErrorCode::kInvalid,
      fmt::format("the state of services that write each other's cannot move at once: {}", names),
      "move one of them first, or deploy with --no-migration");
}

class UpMaker {
 public:
  UpMaker(const PlanContext& context, const DownItems& down, const ArrivalItems& arrivals,
          ItemList& items)
      : context_(context),
        graph_(context.graphs.next),
        down_(down),
        arrivals_(arrivals),
        items_(items),
        stage_(context.input.options.switching == SwitchPolicy::kOverlap ? Stage::kDown
                                                                         : Stage::kUp),
        item_of_(graph_.services.size(), kNoItem),
        comes_up_(ComeUp(context)),
        bounced_from_(graph_.services.size(), kNoItem),
        restores_(context.states.works.size()) {
    for (const KeptMapping& kept : context.states.bounced) {
      bounced_from_[kept.next] = kept.base;
    }
    FindLeftSeats();
    FindWhatWritersWaitFor();
  }

  void Make(const UpOrder& order) && {
    for (const DagNode node : order.nodes) {
      if (node < graph_.services.size()) {
        if (comes_up_[node]) Activate(node);
        continue;
      }
      const std::size_t work = node - graph_.services.size();
      if (IsRefill(context_.states.works[work])) {
        Refill(work);
      } else {
        RestoreAll(work, order.copies);
      }
    }
  }

 private:
  // A seat is free when who had it is down, read and unlocked.
  void FindLeftSeats() {
    for (const std::uint32_t node : context_.graphs.difference.obsolete) {
      ForEachSeat(context_.base.mappings[node], *context_.graphs.base.services[node],
                  [&](const Seat& seat) {
                    ItemIndices& left = left_seats_[seat];
                    left.push_back({down_.deactivate[node]});
                    left.push_back({down_.unlock[node]});
                    if (down_.snapshot[node] == kNoItem) return;
                    left.push_back({down_.snapshot[node]});
                    read_at_.emplace(seat, ItemIndex{down_.snapshot[node]});
                  });
    }
  }

  // For writers and what they write: snapshots first, and (by the last of its restores) arrivals.
  void FindWhatWritersWaitFor() {
    gates_.resize(graph_.services.size());
    snapshots_.resize(graph_.services.size());
    const auto& works = context_.states.works;
    for (std::size_t i = 0; i < works.size(); ++i) {
      for (const DagNode receiver : works[i].receivers) {
        if (IsRefill(works[i])) gates_[receiver].push_back(i);
      }
      ForEachWriter(context_, works[i], [&](DagNode writer) { gates_[writer].push_back(i); });
    }
    for (const KeptMapping& kept : context_.states.bounced) {
      AddSnapshot(kept.base, kept.next);
      for (const DagNode written : WrittenInBase(kept.base)) AddSnapshot(written, kept.next);
    }
    FindWritersOfUpgraded();
  }

  void AddSnapshot(DagNode source, DagNode node) {
    if (down_.snapshot[source] != kNoItem) snapshots_[node].push_back({down_.snapshot[source]});
  }

  // New writers of a state that was read where it stays.
  void FindWritersOfUpgraded() {
    for (const StateWork& work : context_.states.works) {
      for (const DagNode home : work.change->homes) {
        const Mapping& mapping = context_.input.next.mappings[home];
        const auto read = read_at_.find(
            Seat(mapping.target, mapping.container, ComponentOf(graph_.services[home]->package)));
        if (read == read_at_.end()) continue;
        for (const DagNode writer : context_.states.next_writers[home]) {
          snapshots_[writer].push_back(read->second);
        }
      }
    }
  }

  const std::vector<DagNode>& WrittenInBase(DagNode node) {
    if (written_in_base_.empty()) written_in_base_ = Reversed(context_.states.base_writers);
    return written_in_base_[node];
  }

  // Dependencies first.
  void Activate(DagNode node) {
    PlanItem item = SwitchItem<ActivateItem, DeactivateItem>(context_.input.next, node);
    const auto add = [&item](std::uint32_t before) {
      if (before != kNoItem) item.after.push_back({before});
    };
    for (const DagNode dependency : graph_.dependencies[node]) add(item_of_[dependency]);
    ForEachSeat(context_.input.next.mappings[node], *graph_.services[node], [&](const Seat& seat) {
      const auto left = left_seats_.find(seat);
      if (left == left_seats_.end()) return;
      item.after.insert(item.after.end(), left->second.begin(), left->second.end());
    });
    if (bounced_from_[node] != kNoItem) add(down_.deactivate[bounced_from_[node]]);
    item.after.insert(item.after.end(), snapshots_[node].begin(), snapshots_[node].end());
    for (const std::size_t work : gates_[node]) {
      if (restores_[work]) item.after.push_back(*restores_[work]);
    }
    const auto arrival = arrivals_.find(node);
    if (arrival != arrivals_.end()) item.after.push_back(arrival->second);
    item_of_[node] = items_.Add(stage_, std::move(item)).value;
  }

  PlanItem RestoreOf(DagNode node, ItemIndices after) const {
    const Mapping& mapping = context_.input.next.mappings[node];
    const ItemIndex arrival = arrivals_.at(node);
    after.push_back(arrival);
    return {.phase = PlanPhase::kSwitch,
            .queue = TargetQueue(mapping.target),
            .body = RestoreItem{.activity = ActivityOf(context_.input.next, mapping),
                                .snapshot = {},
                                .taken_by = {arrival}},
            .inverse = std::nullopt,
            .after = std::move(after),
            .deadline_ms = graph_.services[node]->deadline_ms};
  }

  // One after the other, so that the last one stands for all of them; and, as long as that is
  // possible, for all copies that stay.
  void RestoreAll(std::size_t work, Copies copies) {
    const StateWork& what = context_.states.works[work];
    ItemIndices before;
    if (copies == Copies::kAll) {
      for (const DagNode copy : CopiesThatComeUp(what, comes_up_)) {
        before.push_back({item_of_[copy]});
      }
    }
    for (const DagNode receiver : what.receivers) {
      PlanItem item = RestoreOf(receiver, {{item_of_[receiver]}});
      item.after.insert(item.after.end(), before.begin(), before.end());
      if (restores_[work]) item.after.push_back(*restores_[work]);
      restores_[work] = items_.Add(stage_, std::move(item));
      before.clear();
    }
  }

  // Between its snapshot and its activation, while the provider of its container is up.
  void Refill(std::size_t work) {
    const DagNode node = context_.states.works[work].receivers.front();
    ItemIndices after = snapshots_[node];
    for (const DagNode dependency : graph_.dependencies[node]) {
      const bool is_provider = Provides(context_.input.next, dependency, node);
      if (is_provider && item_of_[dependency] != kNoItem) after.push_back({item_of_[dependency]});
    }
    restores_[work] = items_.Add(stage_, RestoreOf(node, std::move(after)));
  }

  const PlanContext& context_;
  const MappingGraph& graph_;
  const DownItems& down_;
  const ArrivalItems& arrivals_;
  ItemList& items_;
  const Stage stage_;
  ItemOfMapping item_of_;
  std::vector<bool> comes_up_;
  ItemOfMapping bounced_from_;  // node of the base, or kNoItem
  LeftSeats left_seats_;
  std::map<Seat, ItemIndex> read_at_;               // the snapshots that were taken there
  std::vector<std::vector<std::size_t>> gates_;     // works whose restores come before
  std::vector<ItemIndices> snapshots_;              // that come before
  std::vector<std::optional<ItemIndex>> restores_;  // by work: the last one so far
  Dependencies written_in_base_;                    // once it is asked for
};

}  // namespace

Status AddUps(const PlanContext& context, const DownItems& down, const ArrivalItems& arrivals,
              ItemList& items) {
  ERIS_ASSIGN(const UpOrder order, FindUpOrder(context));
  UpMaker(context, down, arrivals, items).Make(order);
  return {};
}

}  // namespace eris::plan_internal
