#include "planner/plan/internal/state_work.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <limits>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <utility>

#include "planner/plan/in_doubt.h"
#include "planner/plan/internal/activity.h"
#include "schema/values/base_snapshot.h"

namespace eris::plan_internal {
namespace {

constexpr DagNode kNoNode = std::numeric_limits<DagNode>::max();

std::string PlaceText(const Mapping& mapping) {
  return fmt::format("{} on {}", mapping.container.text, mapping.target.text);
}

class StatePlanner {
 public:
  StatePlanner(const PlanInput& input, const Manifest& base, const GraphDifference& graphs)
      : input_(input), base_(base), graphs_(graphs), stays_(ParticipantsOf(input.next)) {}

  Result<StatePlan> Make() {
    ERIS_TRY(CheckChoices());
    for (const StateChange& change : graphs_.difference.states) {
      if (input_.options.state == StatePolicy::kMigrate) {
        ERIS_TRY(AddMove(change));
        AddFinalSnapshots(change);
        AddStray(change);
      }
      // Nothing moves for it, and the way back needs it whatever moves.
      AddUndone(change);
      AddDeletions(change);
    }
    if (input_.options.pre_copy == PreCopy::kBases) FindBases();
    FindBegun();
    if (!plan_.works.empty()) FindBounced();
    return std::move(plan_);
  }

  StatePlan Refill() {
    for (const StateChange& change : graphs_.difference.states) {
      plan_.works.push_back({.purpose = StateWork::Purpose::kRefill,
                             .change = &change,
                             .sources = change.receivers,
                             .receivers = change.receivers,
                             .kept_writers = {}});
    }
    FindBounced();
    return std::move(plan_);
  }

 private:
  const Mapping& Old(DagNode node) const { return base_.mappings[node]; }
  const Mapping& New(DagNode node) const { return input_.next.mappings[node]; }

  static bool Means(const StateChoice& choice, const StateChange& change) {
    return choice.service.empty() || choice.service == change.service;
  }

  // A choice that names a service means something, or was a mistake.
  Status CheckChoices() const {
    for (const StateChoice& choice : input_.options.state_from) {
      if (choice.service.empty()) continue;
      const auto& states = graphs_.difference.states;
      const bool moves = std::any_of(states.begin(), states.end(), [&](const StateChange& change) {
        return change.service == choice.service && !change.receivers.empty();
      });
      if (moves) continue;
      return Fail(ErrorCode::kInvalid,
                  fmt::format("the state of {} does not move, so its source cannot be chosen",
                              choice.service.text),
                  "leave out its --state-from");
    }
    return {};
  }

  // All of its old targets have no place in the new manifest.
  bool LeavesItsTargets(const StateChange& change) const {
    return std::none_of(change.holders.begin(), change.holders.end(), [&](DagNode node) {
      return std::binary_search(stays_.begin(), stays_.end(), Old(node).target);
    });
  }

  // Choices that name the service come before those that do not.
  const StateChoice* ChoiceFor(const StateChange& change) const {
    const StateChoice* general = nullptr;
    for (const StateChoice& choice : input_.options.state_from) {
      if (!Means(choice, change)) continue;
      if (!choice.service.empty()) return &choice;
      const bool fits =
          choice.target.empty()
              ? LeavesItsTargets(change)
              : std::any_of(change.holders.begin(), change.holders.end(),
                            [&](DagNode node) { return Old(node).target == choice.target; });
      if (fits) general = &choice;
    }
    return general;
  }

  Status AddMove(const StateChange& change) {
    if (change.receivers.empty()) return {};
    StateWork work{.purpose = StateWork::Purpose::kMove,
                   .change = &change,
                   .sources = change.holders,
                   .receivers = change.receivers,
                   .kept_writers = {}};
    if (const StateChoice* choice = ChoiceFor(change)) {
      std::erase_if(work.sources, [&](DagNode node) { return Old(node).target != choice->target; });
      if (work.sources.empty() && !choice->target.empty()) {
        return Fail(ErrorCode::kInvalid,
                    fmt::format("--state-from: {} has no state on {}", change.service.text,
                                choice->target.text),
                    fmt::format("it has some in {}", PlaceText(Old(change.holders.front()))));
      }
    }
    std::string from = "its last snapshot";
    if (!work.sources.empty()) from = PlaceText(Old(work.sources.front()));
    for (std::size_t i = 1; i < work.sources.size(); ++i) {
      from += fmt::format("{} {}", i + 1 == work.sources.size() ? " =" : ",",
                          PlaceText(Old(work.sources[i])));
    }
    for (const DagNode receiver : work.receivers) {
      plan_.lines.push_back(fmt::format("the state of {} moves from {} to {}", change.service.text,
                                        from, PlaceText(New(receiver))));
    }
    plan_.works.push_back(std::move(work));
    return {};
  }

  void AddUndone(const StateChange& change) {
    if (change.undone.empty()) return;
    plan_.works.push_back({.purpose = StateWork::Purpose::kUndone,
                           .change = &change,
                           .sources = change.undone,
                           .receivers = {},
                           .kept_writers = {}});
  }

  // What users wrote there must survive that a state comes to this place.
  void AddStray(const StateChange& change) {
    if (change.strays.empty()) return;
    plan_.works.push_back({.purpose = StateWork::Purpose::kStray,
                           .change = &change,
                           .sources = change.strays,
                           .receivers = {},
                           .kept_writers = {}});
    for (const DagNode stray : change.strays) {
      plan_.lines.push_back(fmt::format("what was left of {} in {} is dumped there",
                                        change.service.text, PlaceText(Old(stray))));
    }
  }

  void AddFinalSnapshots(const StateChange& change) {
    if (change.receivers.empty() && !change.left.empty() &&
        input_.options.final_snapshots == FinalSnapshots::kTake) {
      plan_.works.push_back({.purpose = StateWork::Purpose::kKeep,
                             .change = &change,
                             .sources = change.left,
                             .receivers = {},
                             .kept_writers = {}});
    }
  }

  // Whether the container of an old mapping is there after the switch.
  bool HasContainer(const Mapping& old) {
    if (!old.provided_by) return true;
    if (!provided_) {
      provided_.emplace();
      for (const Mapping& mapping : input_.next.mappings) {
        const Service& service = input_.next.services.at(mapping.service);
        for (const auto& [container, properties] : service.provides_containers) {
          provided_->emplace(mapping.target, container);
        }
      }
    }
    return provided_->contains({old.target, old.container});
  }

  void AddDeletions(const StateChange& change) {
    for (const DagNode node : change.left) {
      const bool moved = input_.options.state == StatePolicy::kMigrate && !change.receivers.empty();
      std::string_view why;
      if (input_.options.old_state == OldState::kDelete) {
        if (HasContainer(Old(node))) {
          plan_.deleted.push_back(node);
          continue;
        }
        why = ": the provider of its container is gone";
      }
      plan_.lines.push_back(fmt::format("{} of {} stays in {}{}",
                                        moved ? "the old copy" : "the state", change.service.text,
                                        PlaceText(Old(node)), why));
    }
  }

  // Increments of several copies have names of their own even where the copies are equal, so these
  // are compared whole.
  void FindBases() {
    std::map<DagNode, std::string> whole;  // and why
    std::set<DagNode> bases;
    for (const StateWork& work : plan_.works) {
      if (work.purpose == StateWork::Purpose::kStray) continue;
      const bool are_compared =
          work.purpose == StateWork::Purpose::kMove && work.sources.size() > 1;
      for (const DagNode source : work.sources) {
        const std::string module = ActivityOf(base_, Old(source)).module;
        if (!OffersIncrements(module)) {
          whole[source] = base_.services.at(Old(source).service).type;
        } else if (are_compared) {
          whole[source] = "several copies";
        } else {
          bases.insert(source);
        }
      }
    }
    for (const DagNode source : bases) {
      if (!whole.contains(source)) plan_.bases.push_back(source);
    }
    std::set<std::string> names;
    for (const auto& [source, why] : whole) {
      names.insert(fmt::format("{} ({})", base_.services.at(Old(source).service).name.text, why));
    }
    if (names.empty()) return;
    std::string line = "without a base, all of it in the locked window:";
    for (const std::string& name : names) {
      line += (name == *names.begin() ? " " : ", ") + name;
    }
    plan_.lines.push_back(std::move(line));
  }

  // New places of a state that nothing comes to. A container that comes with its provider goes with
  // it: what is in there stays in the provider's files.
  void FindBegun() {
    using OldHome = std::tuple<TargetName, ContainerName, ServiceName>;
    std::set<OldHome> old;
    for (const Mapping& mapping : base_.mappings) {
      const ServiceName& name = base_.services.at(mapping.service).name;
      if (IsStray(mapping.digest)) continue;
      old.emplace(mapping.target, mapping.container, name);
    }
    std::set<DagNode> received;
    for (const StateWork& work : plan_.works) {
      received.insert(work.receivers.begin(), work.receivers.end());
    }
    std::set<std::pair<ServiceKey, TargetName>> added;
    for (const DagNode node : graphs_.difference.added) {
      added.emplace(New(node).service, New(node).target);
    }
    for (const DagNode node : graphs_.difference.added) {
      const Mapping& mapping = New(node);
      const Service& service = input_.next.services.at(mapping.service);
      if (!service.deploy_state || service.type == "package") continue;
      if (received.contains(node)) continue;
      if (old.contains({mapping.target, mapping.container, service.name})) continue;
      if (mapping.provided_by && added.contains({*mapping.provided_by, mapping.target})) continue;
      plan_.begun.push_back(node);
    }
  }

  // Kept mappings that write the state by the new manifest, by their place in the base.
  std::vector<DagNode> KeptWriters(const StateWork& work,
                                   const std::vector<DagNode>& kept_from) const {
    std::vector<DagNode> writers;
    for (const DagNode home : work.change->homes) {
      for (const DagNode writer : plan_.next_writers[home]) {
        if (kept_from[writer] != kNoNode) writers.push_back(kept_from[writer]);
      }
    }
    std::sort(writers.begin(), writers.end());
    writers.erase(std::unique(writers.begin(), writers.end()), writers.end());
    return writers;
  }

  // A mapping that is kept writes what either manifest says: it is the same program.
  void AddWriters(DagNode source, const std::vector<DagNode>& more) {
    std::vector<DagNode>& writers = plan_.base_writers[source];
    std::vector<DagNode> all;
    std::set_union(writers.begin(), writers.end(), more.begin(), more.end(),
                   std::back_inserter(all));
    writers = std::move(all);
  }

  // Writers of what is read or filled are down, and whatever comes after them; a source too, for
  // those who write without being in a model.
  void FindBounced() {
    plan_.base_writers = Reversed(WrittenBy(base_, graphs_.base));
    plan_.next_writers = Reversed(WrittenBy(input_.next, graphs_.next));
    std::vector<DagNode> kept_as(graphs_.base.services.size(), kNoNode);  // by node of the base
    std::vector<DagNode> kept_from(graphs_.next.services.size(), kNoNode);
    for (const KeptMapping& kept : graphs_.difference.kept) {
      kept_as[kept.base] = kept.next;
      kept_from[kept.next] = kept.base;
    }
    std::vector<DagNode> todo;
    std::vector<bool> is_down(kept_as.size(), false);
    const auto take_down = [&](DagNode node) {
      if (node == kNoNode || kept_as[node] == kNoNode || is_down[node]) return;
      is_down[node] = true;
      todo.push_back(node);
    };
    for (StateWork& work : plan_.works) {
      const std::vector<DagNode> kept_writers = KeptWriters(work, kept_from);
      for (const DagNode writer : kept_writers) take_down(writer);
      for (const DagNode source : work.sources) {
        AddWriters(source, kept_writers);
        take_down(source);
        for (const DagNode writer : plan_.base_writers[source]) {
          take_down(writer);
          if (kept_as[writer] != kNoNode) work.kept_writers.push_back(kept_as[writer]);
        }
      }
    }
    const Dependencies dependents = Reversed(graphs_.base.dependencies);
    while (!todo.empty()) {
      const DagNode node = todo.back();
      todo.pop_back();
      for (const DagNode dependent : dependents[node]) take_down(dependent);
    }
    for (const KeptMapping& kept : graphs_.difference.kept) {
      if (is_down[kept.base]) plan_.bounced.push_back(kept);
    }
  }

  const PlanInput& input_;
  const Manifest& base_;
  const GraphDifference& graphs_;
  const std::vector<TargetName> stays_;  // targets that take part in the new manifest
  std::optional<std::set<std::pair<TargetName, ContainerName>>> provided_;  // by its services
  StatePlan plan_;
};

}  // namespace

Result<StatePlan> PlanStates(const PlanInput& input, const Manifest& base,
                             const GraphDifference& graphs) {
  return StatePlanner(input, base, graphs).Make();
}

StatePlan PlanRefills(const PlanInput& input, const Manifest& base, const GraphDifference& graphs) {
  return StatePlanner(input, base, graphs).Refill();
}

}  // namespace eris::plan_internal
