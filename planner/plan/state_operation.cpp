#include "planner/plan/state_operation.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <variant>

#include "planner/plan/internal/activity.h"
#include "planner/plan/internal/chosen_states.h"
#include "planner/plan/internal/graph_difference.h"
#include "planner/plan/internal/left_states.h"
#include "planner/plan/internal/plan_parts.h"
#include "planner/plan/internal/state_work.h"
#include "planner/plan/plan.h"
#include "planner/plan/snapshot_plan.h"
#include "schema/values/base_snapshot.h"

namespace eris {
namespace plan_internal {
namespace {

using Job = StateOperation::Job;
using Way = TransferStateItem::Way;

std::string PlaceText(const TargetName& target, const ContainerName& container) {
  return fmt::format("{} on {}", container.text, target.text);
}

// What one mapping is given.
struct Gift {
  DagNode node = 0;
  std::string snapshot;           // that the depot has; or
  std::vector<LeftState> copies;  // of an earlier generation, which must be equal
};

std::string IdIn(const std::string& reference) {
  return reference.substr(reference.rfind('/') + 1);
}

// Of the snapshots that there are of a service's state, the one that the mapping gets: what was
// taken at its place; else, wherever it has gone since, that of which there is but one.
class SourceChooser {
 public:
  explicit SourceChooser(const StateOperationInput& input) : input_(input) {}

  // Empty: there is none of this service.
  Result<std::string> SnapshotFor(const Mapping& mapping) const {
    const ServiceName& name = input_.manifest.services.at(mapping.service).name;
    std::vector<const StateOperation::Source*> found;
    for (const StateOperation::Source& source : input_.operation.sources) {
      if (source.service != name) continue;
      if (source.target == mapping.target && source.container == mapping.container) {
        return source.snapshot;
      }
      if (IsChosen(input_.state_from, name, source.target)) found.push_back(&source);
    }
    if (found.empty()) return std::string();
    for (const StateOperation::Source* other : found) {
      if (IdIn(other->snapshot) == IdIn(found.front()->snapshot)) continue;
      return Fail(ErrorCode::kInvalid,
                  fmt::format("there are several snapshots of {}, and none of {}", name.text,
                              PlaceText(mapping.target, mapping.container)),
                  "say whose it gets: --from-target");
    }
    return found.front()->snapshot;
  }

 private:
  const StateOperationInput& input_;
};

Result<std::vector<Gift>> Restores(const StateOperationInput& input,
                                   const std::vector<DagNode>& chosen) {
  for (const StateOperation::Source& source : input.operation.sources) {
    if (!IsBaseSnapshot(source.snapshot)) continue;
    return Fail(ErrorCode::kInvalid,
                source.snapshot + " is a base, and no whole snapshot: it is never restored alone",
                "see `eris snapshots list` for what can be restored");
  }
  const SourceChooser sources(input);
  std::vector<Gift> gifts;
  for (const DagNode node : chosen) {
    const Mapping& mapping = input.manifest.mappings[node];
    std::string snapshot;
    if (input.operation.sources.empty()) {
      const Service& service = input.manifest.services.at(mapping.service);
      snapshot = fmt::format("{}/{}/", mapping.container.text, ComponentOf(service.package).text);
    } else {
      ERIS_ASSIGN(snapshot, sources.SnapshotFor(mapping));
    }
    if (!snapshot.empty()) gifts.push_back({.node = node, .snapshot = snapshot, .copies = {}});
  }
  if (gifts.empty()) {
    return Fail(ErrorCode::kNotFound, "none of these snapshots is of a service that runs now",
                "see `eris query` for what runs, `eris snapshots export` for the snapshots");
  }
  return gifts;
}

Result<std::vector<Gift>> Migrations(const StateOperationInput& input,
                                     const std::vector<DagNode>& chosen) {
  std::vector<Gift> gifts;
  for (const DagNode node : chosen) {
    ERIS_ASSIGN(std::vector<LeftState> copies,
                CopiesFor(input.manifest, node, *input.earlier.front(), input.state_from));
    if (!copies.empty())
      gifts.push_back({.node = node, .snapshot = {}, .copies = std::move(copies)});
  }
  if (gifts.empty()) {
    return Fail(ErrorCode::kNotFound,
                fmt::format("nothing of generation {} is left anywhere else",
                            input.operation.generation.value),
                "name the generation whose state is meant: --from-generation");
  }
  return gifts;
}

// Snapshots on their way, while everything runs.
class BringMaker {
 public:
  BringMaker(const StateOperationInput& input, ItemList& items) : input_(input), items_(items) {}

  // By node: what brings its gift.
  std::map<DagNode, ItemIndex> Make(const std::vector<Gift>& gifts) && {
    std::map<DagNode, ItemIndex> arrivals;
    for (const Gift& gift : gifts) {
      last_ = arrivals[gift.node] = gift.copies.empty() ? Fetch(gift) : Bring(gift);
    }
    return arrivals;
  }

 private:
  TransferStateItem BodyFor(const Manifest& manifest, const Mapping& mapping, Way way) const {
    const Service& service = manifest.services.at(mapping.service);
    return {.profile = input_.profile,
            .way = way,
            .service_name = service.name,
            .container = mapping.container,
            .component = ComponentOf(service.package),
            .from = {},
            .snapshot = {},
            .taken_by = {}};
  }

  ItemIndex Add(const TargetName& target, ItemBody body, ItemIndices after,
                std::optional<std::int64_t> deadline = std::nullopt) {
    if (input_.operation.pace == StateOperation::Pace::kOneByOne && last_) after.push_back(*last_);
    return items_.Add(Stage::kPackages, {.phase = PlanPhase::kPrepare,
                                         .queue = TargetQueue(target),
                                         .body = std::move(body),
                                         .inverse = std::nullopt,
                                         .after = std::move(after),
                                         .deadline_ms = deadline});
  }

  // `state` is CONTAINER/COMPONENT, as the sender calls it: its older snapshots come first.
  ItemIndex AddTransfer(const TargetName& target, TransferStateItem body,
                        const std::string& state) {
    ItemIndices after = body.taken_by;
    if (input_.operation.older) {
      TransferStateItem older = body;
      older.snapshot = state + "/*";
      older.taken_by = {};
      after.push_back(Add(target, std::move(older), after));
    }
    return Add(target, std::move(body), std::move(after));
  }

  ItemIndex Fetch(const Gift& gift) {
    const Mapping& mapping = input_.manifest.mappings[gift.node];
    TransferStateItem body = BodyFor(input_.manifest, mapping, Way::kFromDepot);
    body.snapshot = gift.snapshot;
    const std::string state = gift.snapshot.substr(0, gift.snapshot.rfind('/'));
    return AddTransfer(mapping.target, std::move(body), state);
  }

  // Nobody writes what was left: it is closed.
  ItemIndex Snapshot(const LeftState& copy) {
    const Mapping& mapping = copy.mapping();
    const StatePlace place{mapping.target, mapping.container, copy.component()};
    const auto known = snapshots_.find(place);
    if (known != snapshots_.end()) return known->second;
    const auto deadline = copy.manifest->services.at(mapping.service).deadline_ms;
    const ItemIndex taken =
        Add(mapping.target, SnapshotItem{ActivityOf(*copy.manifest, mapping)}, {}, deadline);
    return snapshots_[place] = taken;
  }

  ItemIndex Bring(const Gift& gift) {
    const Mapping& mapping = input_.manifest.mappings[gift.node];
    ItemIndices taken;
    for (const LeftState& copy : gift.copies) taken.push_back(Snapshot(copy));
    std::sort(taken.begin(), taken.end());
    const LeftState* source = &gift.copies.front();
    Way way = Way::kFromDepot;
    for (const LeftState& copy : gift.copies) {
      if (copy.mapping().target != mapping.target) continue;
      source = &copy;
      way = Way::kWithin;
    }
    const std::string state = source->mapping().container.text + "/" + source->component().text;
    if (way == Way::kFromDepot) {
      TransferStateItem sent = BodyFor(*source->manifest, source->mapping(), Way::kToDepot);
      sent.from = source->mapping().target;
      sent.taken_by = taken;
      taken = {AddTransfer(source->mapping().target, std::move(sent), state)};
    }
    TransferStateItem body = BodyFor(input_.manifest, mapping, way);
    body.from = source->mapping().target;
    body.taken_by = std::move(taken);
    return AddTransfer(mapping.target, std::move(body), state);
  }

  const StateOperationInput& input_;
  ItemList& items_;
  std::map<StatePlace, ItemIndex> snapshots_;  // of what was left
  std::optional<ItemIndex> last_;              // that brought the gift before
};

// A state for each: of copies of one service each gets its own.
std::vector<StateChange> ChangesFor(const Manifest& manifest, const std::vector<Gift>& gifts) {
  std::map<ServiceName, std::vector<std::uint32_t>> homes;
  for (std::uint32_t node = 0; node < manifest.mappings.size(); ++node) {
    homes[manifest.services.at(manifest.mappings[node].service).name].push_back(node);
  }
  std::vector<StateChange> changes;
  for (const Gift& gift : gifts) {
    const Mapping& mapping = manifest.mappings[gift.node];
    const ServiceName& name = manifest.services.at(mapping.service).name;
    changes.push_back({.service = name,
                       .container = mapping.container,
                       .holders = homes[name],
                       .homes = homes[name],
                       .receivers = {gift.node},
                       .left = {},
                       .undone = {}});
  }
  return changes;
}

std::string LineFor(const StateOperationInput& input, const Gift& gift) {
  const Mapping& mapping = input.manifest.mappings[gift.node];
  const std::string& service = input.manifest.services.at(mapping.service).name.text;
  const std::string place = PlaceText(mapping.target, mapping.container);
  if (gift.copies.empty()) {
    const bool is_newest = gift.snapshot.ends_with('/');
    return fmt::format("the state of {} in {} becomes {}", service, place,
                       is_newest ? "its last snapshot" : gift.snapshot);
  }
  std::string from;
  for (const LeftState& copy : gift.copies) {
    from +=
        (from.empty() ? "" : " = ") + PlaceText(copy.mapping().target, copy.mapping().container);
  }
  return fmt::format("the state of {} in {} becomes what it was in {}", service, place, from);
}

std::vector<TargetName> TargetsOf(const Manifest& manifest, const StatePlan& states) {
  std::set<TargetName> targets;
  for (const KeptMapping& kept : states.bounced) {
    targets.insert(manifest.mappings[kept.base].target);
  }
  return {targets.begin(), targets.end()};
}

PlanSummary SummaryOf(const StateOperationInput& input, const GraphDifference& graphs,
                      const StatePlan& states, const std::vector<Gift>& gifts) {
  PlanSummary summary;
  summary.bounced = static_cast<std::uint32_t>(states.bounced.size());
  summary.kept = static_cast<std::uint32_t>(graphs.difference.kept.size());
  std::set<ServiceName> down;
  for (const KeptMapping& kept : states.bounced) down.insert(graphs.base.services[kept.base]->name);
  summary.down = {down.begin(), down.end()};
  for (const Gift& gift : gifts) summary.state.push_back(LineFor(input, gift));
  return summary;
}

// Of the stores that something came to, when all is done.
void AddCleaning(const StateOperationInput& input, const std::vector<Gift>& gifts,
                 ItemList& items) {
  if (input.operation.keep == 0) return;
  for (const Gift& gift : gifts) {
    const Mapping& mapping = input.manifest.mappings[gift.node];
    items.Add(Stage::kAfter,
              {.phase = PlanPhase::kAfterCommit,
               .queue = TargetQueue(mapping.target),
               .body = CollectItem{.scope = CollectItem::Scope::kSnapshots,
                                   .container = mapping.container,
                                   .component = ComponentOf(
                                       input.manifest.services.at(mapping.service).package),
                                   .keep = input.operation.keep},
               .inverse = std::nullopt,
               .after = {},
               .deadline_ms = std::nullopt});
  }
}

Result<Plan> PlanGifts(const StateOperationInput& input) {
  ERIS_ASSIGN(GraphDifference graphs, DiffWithGraphs(&input.manifest, input.manifest, {}, {}));
  const std::vector<DagNode> chosen =
      StateChooser(input.manifest, input.operation.which).Chosen(graphs.next);
  if (chosen.empty()) return Fail(NoStateMeant());
  ERIS_ASSIGN(const std::vector<Gift> gifts, input.operation.job == Job::kMigrate
                                                 ? Migrations(input, chosen)
                                                 : Restores(input, chosen));
  Plan plan{.profile = input.profile, .base = input.base_generation, .items = {}, .summary = {}};
  ItemList items;
  const auto arrivals = BringMaker(input, items).Make(gifts);
  StatePlan states;
  if (input.operation.extent == StateOperation::Extent::kWhole) {
    graphs.difference.states = ChangesFor(input.manifest, gifts);
    const PlanInput as_plan{.profile = input.profile,
                            .base_generation = input.base_generation,
                            .base = &input.manifest,
                            .next = input.manifest};
    states = PlanRefills(as_plan, input.manifest, graphs);
    const PlanContext context{.input = as_plan,
                              .base = input.manifest,
                              .graphs = graphs,
                              .states = states,
                              .participants = TargetsOf(input.manifest, states),
                              .locks = PlanContext::Locks::kWhatGoesDown};
    AddLeases(context, items);
    AddLocks(context, items);
    AddConfirmations(context, items);
    ERIS_TRY(AddRefills(context, arrivals, items));
    AddUnlocksAndReleases(context, items);
  }
  AddCleaning(input, gifts, items);
  plan.summary = SummaryOf(input, graphs, states, gifts);
  plan.items = std::move(items).Take();
  return plan;
}

Result<Plan> PlanDeletion(const StateOperationInput& input) {
  const std::vector<LeftState> left =
      StatesLeft(input.manifest, input.earlier, input.operation.which);
  Plan plan{.profile = input.profile, .base = input.base_generation, .items = {}, .summary = {}};
  ItemList items;
  for (const LeftState& copy : left) {
    const Mapping& mapping = copy.mapping();
    const Service& service = copy.manifest->services.at(mapping.service);
    const std::string place = PlaceText(mapping.target, mapping.container);
    if (!IsContainerThere(input.manifest, mapping)) {
      plan.summary.state.push_back(
          fmt::format("the state of {} stays in {}: the provider of its container is gone",
                      service.name.text, place));
      continue;
    }
    plan.summary.state.push_back(
        fmt::format("the state of {} in {} is deleted", service.name.text, place));
    items.Add(Stage::kAfter, {.phase = PlanPhase::kAfterCommit,
                              .queue = TargetQueue(mapping.target),
                              .body = DeleteStateItem{ActivityOf(*copy.manifest, mapping)},
                              .inverse = std::nullopt,
                              .after = {},
                              .deadline_ms = service.deadline_ms});
  }
  plan.items = std::move(items).Take();
  if (plan.empty()) {
    std::string why = "no state was left behind";
    for (const std::string& line : plan.summary.state) why += "; " + line;
    return Fail(ErrorCode::kNotFound, std::move(why), "what runs keeps its state");
  }
  return plan;
}

}  // namespace
}  // namespace plan_internal

Result<Plan> PlanStateOperation(const StateOperationInput& input) {
  switch (input.operation.job) {
    case StateOperation::Job::kRestore:
    case StateOperation::Job::kMigrate:
      return plan_internal::PlanGifts(input);
    case StateOperation::Job::kDelete:
      return plan_internal::PlanDeletion(input);
    case StateOperation::Job::kSnapshot:
      break;
  }
  return PlanSnapshots({.profile = input.profile,
                        .base_generation = input.base_generation,
                        .manifest = input.manifest,
                        .operation = input.operation});
}

std::vector<StatePlace> RestoredPlaces(const Plan& plan) {
  std::vector<StatePlace> places;
  for (const PlanItem& item : plan.items) {
    const auto* restore = std::get_if<RestoreItem>(&item.body);
    if (restore == nullptr) continue;
    places.push_back(
        {TargetName(item.queue.name), restore->activity.container, restore->activity.component});
  }
  std::sort(places.begin(), places.end());
  return places;
}

}  // namespace eris
