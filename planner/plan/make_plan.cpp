#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <set>
#include <string>
#include <utility>
#include <variant>

#include "planner/plan/in_doubt.h"
#include "planner/plan/internal/activity.h"
#include "planner/plan/internal/plan_parts.h"
#include "planner/plan/plan.h"
#include "planner/plan/plan_text.h"
#include "schema/base/check.h"
#include "schema/base/planted.h"

namespace eris {
namespace plan_internal {

ItemIndex ItemList::Add(Stage stage, PlanItem item) {
  const ItemIndex index = Next();
  item.stage = static_cast<std::uint32_t>(stage);
  std::sort(item.after.begin(), item.after.end());
  item.after.erase(std::unique(item.after.begin(), item.after.end()), item.after.end());
  ERIS_CHECK(item.after.empty() || item.after.back() < index, "edges point backwards");
  ERIS_CHECK(items_.empty() || items_.back().stage <= item.stage, "stages never decrease");
  items_.push_back(std::move(item));
  return index;
}

std::vector<PlanItem> ItemList::Take() && {
  std::map<QueueName, std::uint32_t> switched;
  for (const PlanItem& item : items_) {
    const bool switches = std::holds_alternative<ActivateItem>(item.body) ||
                          std::holds_alternative<DeactivateItem>(item.body);
    if (switches) ++switched[item.queue];
  }
  for (PlanItem& item : items_) {
    auto* lock = std::get_if<LockItem>(&item.body);
    auto* lease = lock == nullptr ? nullptr : std::get_if<AcquireLease>(&lock->what);
    const auto found = lease == nullptr ? switched.end() : switched.find(item.queue);
    if (found != switched.end()) lease->switch_items = found->second;
  }
  return std::move(items_);
}

bool IsLeftOut(const PlanInput& input, const TargetName& target) {
  return std::binary_search(input.left_out.begin(), input.left_out.end(), target);
}

QueueName TargetQueue(const TargetName& target) {
  return {.kind = QueueName::Kind::kTarget, .name = target.text};
}

namespace {

Status CheckProfiles(const Manifest& next) {
  constexpr const char* kFix = "make the manifest anew from its models";
  for (const Mapping& mapping : next.mappings) {
    if (next.profiles.contains(mapping.target)) continue;
    return Fail(ErrorCode::kInvalid,
                fmt::format("manifest: target {} has services and no profile", mapping.target.text),
                kFix);
  }
  for (const auto& [target, profile] : next.profiles) {
    if (!profile.path.empty() && next.targets.contains(target)) continue;
    return Fail(ErrorCode::kInvalid,
                fmt::format("manifest: the profile of target {} has no {}", target.text,
                            profile.path.empty() ? "store path" : "target"),
                kFix);
  }
  return {};
}

std::vector<TargetName> TargetsInDoubt(const Manifest& base) {
  std::set<TargetName> targets;
  for (const Mapping& mapping : base.mappings) {
    if (IsInDoubt(mapping.digest)) targets.insert(mapping.target);
  }
  for (const auto& [target, profile] : base.profiles) {
    if (IsInDoubt(profile.digest)) targets.insert(target);
  }
  return {targets.begin(), targets.end()};
}

PlanSummary Summarize(const PlanContext& context) {
  const Difference& difference = context.graphs.difference;
  PlanSummary summary{.activate = static_cast<std::uint32_t>(difference.added.size()),
                      .deactivate = static_cast<std::uint32_t>(difference.obsolete.size()),
                      .bounced = static_cast<std::uint32_t>(context.states.bounced.size()),
                      .kept = static_cast<std::uint32_t>(difference.kept.size()),
                      .down = {},
                      .state = context.states.lines,
                      .left_out = context.input.left_out,
                      .in_doubt = TargetsInDoubt(context.base)};
  for (const std::uint32_t node : difference.obsolete) {
    summary.down.push_back(context.graphs.base.services[node]->name);
  }
  for (const KeptMapping& kept : context.states.bounced) {
    summary.down.push_back(context.graphs.base.services[kept.base]->name);
  }
  std::sort(summary.down.begin(), summary.down.end());
  summary.down.erase(std::unique(summary.down.begin(), summary.down.end()), summary.down.end());
  return summary;
}

std::vector<TargetName> Participants(const Manifest& base, const PlanInput& input) {
  const auto then = ParticipantsOf(base);
  const auto now = ParticipantsOf(input.next);
  std::vector<TargetName> all;
  std::set_union(then.begin(), then.end(), now.begin(), now.end(), std::back_inserter(all));
  std::erase_if(all, [&](const TargetName& target) { return IsLeftOut(input, target); });
  return all;
}

// To the workers, of all that is active. They are sorted by target.
void AddNotes(const PlanContext& context, ItemList& items) {
  constexpr std::size_t kMostInOne = 64;
  const Manifest& next = context.input.next;
  std::vector<PlanItem> notes;
  for (const Mapping& mapping : next.mappings) {
    if (next.services.at(mapping.service).type == "package") continue;
    const QueueName queue = TargetQueue(mapping.target);
    const bool has_room = !notes.empty() && notes.back().queue == queue &&
                          std::get<AdoptItem>(notes.back().body).components.size() < kMostInOne;
    if (!has_room) {
      notes.push_back({.phase = PlanPhase::kSwitch,
                       .queue = queue,
                       .body = AdoptItem{},
                       .inverse = AdoptItem{AdoptItem::Way::kGiveUp, {}},
                       .after = {},
                       .deadline_ms = std::nullopt});
    }
    const Activity activity = ActivityOf(next, mapping);
    std::get<AdoptItem>(notes.back().body).components.push_back(activity);
    std::get<AdoptItem>(*notes.back().inverse).components.push_back(activity);
  }
  for (PlanItem& note : notes) items.Add(Stage::kUp, std::move(note));
}

// Moving a state can need a target that nothing changes at.
Status CheckLeftOut(const PlanInput& input, const std::vector<PlanItem>& items) {
  for (const PlanItem& item : items) {
    if (item.queue.kind != QueueName::Kind::kTarget) continue;
    if (!IsLeftOut(input, TargetName(item.queue.name))) continue;
    return Fail(ErrorCode::kUnavailable,
                fmt::format("target {} cannot be left out: this deployment would {} there",
                            item.queue.name, DescribeItem(item.body)),
                "connect the target, or leave state where it is: --no-migration");
  }
  return {};
}

Result<std::vector<PlanItem>> MakeItems(const PlanContext& context) {
  ItemList items;
  AddBuildsAndTransfers(context, items);
  const BaseItems bases = AddBases(context, items);
  AddLeases(context, items);
  AddLocks(context, items);
  AddConfirmations(context, items);
  ERIS_TRY(AddSwitch(context, bases, items));
  if (IsPlanted(Bug::kDeleteEarly)) AddDeletions(context, items);
  AddProfiles(context, items);
  AddUnlocksAndReleases(context, items);
  if (!IsPlanted(Bug::kDeleteEarly)) AddDeletions(context, items);
  std::vector<PlanItem> made = std::move(items).Take();
  ERIS_TRY(CheckLeftOut(context.input, made));
  return made;
}

}  // namespace
}  // namespace plan_internal

PlanOptions PlanOptionsOf(const DeployOptions& options) {
  return {.state = options.migration == Migration::kForbidden ? StatePolicy::kLeave
                                                              : StatePolicy::kMigrate,
          .switching = options.order == SwitchOrder::kOverlap ? SwitchPolicy::kOverlap
                                                              : SwitchPolicy::kSeparate,
          .build = options.build_place,
          .old_state = options.old_state,
          .final_snapshots = options.final_snapshots,
          .pre_copy = options.pre_copy,
          .state_from = options.state_from};
}

MappingPlace MappingPlaceOf(const Mapping& mapping) {
  return {mapping.target, mapping.container, mapping.service};
}

Result<Plan> MakePlan(const PlanInput& input) {
  using namespace plan_internal;
  const Manifest nothing;
  const Manifest& base = input.base == nullptr ? nothing : *input.base;
  ERIS_ASSIGN(const GraphDifference graphs,
              DiffWithGraphs(input.base, input.next, input.left_out, input.down));
  ERIS_ASSIGN(const StatePlan states, PlanStates(input, base, graphs));
  const PlanContext context{input, base, graphs, states, Participants(base, input)};
  Plan plan{.profile = input.profile,
            .base = input.base_generation,
            .items = {},
            .summary = Summarize(context)};
  if (graphs.difference.empty()) return plan;
  ERIS_TRY(CheckProfiles(input.next));
  ERIS_ASSIGN(plan.items, MakeItems(context));
  return plan;
}

Plan MakeAdoption(const PlanInput& input, AdoptManifest::Origin origin) {
  using namespace plan_internal;
  const Manifest nothing;
  GraphDifference graphs;
  const bool is_foreign = origin == AdoptManifest::Origin::kForeign;
  for (const auto& [target, profile] : input.next.profiles) {
    if (is_foreign) graphs.difference.profiles.push_back({target, {}, profile.path});
  }
  const StatePlan states;
  const PlanContext context{input, nothing, graphs, states, ParticipantsOf(input.next)};
  ItemList items;
  AddLeases(context, items);
  AddConfirmations(context, items);
  if (is_foreign) AddNotes(context, items);
  AddProfiles(context, items);
  AddUnlocksAndReleases(context, items);
  Plan plan{.profile = input.profile,
            .base = input.base_generation,
            .items = std::move(items).Take(),
            .summary = {}};
  plan.summary.kept = static_cast<std::uint32_t>(input.next.mappings.size());
  return plan;
}

}  // namespace eris
