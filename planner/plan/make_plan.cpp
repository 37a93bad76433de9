#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <string>
#include <utility>

#include "planner/plan/internal/plan_parts.h"
#include "planner/plan/plan.h"
#include "schema/base/check.h"

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

QueueName TargetQueue(const TargetName& target) {
  return {.kind = QueueName::Kind::kTarget, .name = target.text};
}

namespace {

std::string PlaceText(const StatePlace& place) {
  return fmt::format("{} on {}", place.container.text, place.target.text);
}

Status CheckState(const Difference& difference, StatePolicy policy) {
  if (policy == StatePolicy::kLeave || difference.state_moves.empty()) return {};
  const StateMove& move = difference.state_moves.front();
  std::string message =
      fmt::format("the state of {} ({}) would {}", move.service.text, PlaceText(move.from.front()),
                  move.to.empty() ? "be left behind" : "move to " + PlaceText(move.to.front()));
  if (difference.state_moves.size() > 1) {
    message += fmt::format(", and that of {} more", difference.state_moves.size() - 1);
  }
  return Fail(ErrorCode::kInvalid, std::move(message),
              "deploy with --no-migration to leave state where it is");
}

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

PlanSummary Summarize(const PlanContext& context) {
  const Difference& difference = context.graphs.difference;
  PlanSummary summary{.activate = static_cast<std::uint32_t>(difference.added.size()),
                      .deactivate = static_cast<std::uint32_t>(difference.obsolete.size()),
                      .bounced = 0,
                      .kept = static_cast<std::uint32_t>(difference.kept.size()),
                      .down = {}};
  for (const std::uint32_t node : difference.obsolete) {
    summary.down.push_back(context.graphs.base.services[node]->name);
  }
  std::sort(summary.down.begin(), summary.down.end());
  summary.down.erase(std::unique(summary.down.begin(), summary.down.end()), summary.down.end());
  return summary;
}

std::vector<TargetName> Participants(const Manifest& base, const Manifest& next) {
  const auto then = ParticipantsOf(base);
  const auto now = ParticipantsOf(next);
  std::vector<TargetName> all;
  std::set_union(then.begin(), then.end(), now.begin(), now.end(), std::back_inserter(all));
  return all;
}

std::vector<PlanItem> MakeItems(const PlanContext& context) {
  ItemList items;
  AddBuildsAndTransfers(context, items);
  AddLeases(context, items);
  AddLocks(context, items);
  AddConfirmations(context, items);
  AddSwitch(context, items);
  AddProfiles(context, items);
  AddUnlocksAndReleases(context, items);
  return std::move(items).Take();
}

}  // namespace
}  // namespace plan_internal

PlanOptions PlanOptionsOf(const DeployOptions& options) {
  return {.state = options.migration == Migration::kForbidden ? StatePolicy::kLeave
                                                              : StatePolicy::kMigrate,
          .switching = options.order == SwitchOrder::kOverlap ? SwitchPolicy::kOverlap
                                                              : SwitchPolicy::kSeparate,
          .build = options.build_place};
}

Result<Plan> MakePlan(const PlanInput& input) {
  using namespace plan_internal;
  const Manifest nothing;
  const Manifest& base = input.base == nullptr ? nothing : *input.base;
  ERIS_ASSIGN(const GraphDifference graphs, DiffWithGraphs(input.base, input.next));
  const PlanContext context{input, base, graphs, Participants(base, input.next)};
  Plan plan{.profile = input.profile,
            .base = input.base_generation,
            .items = {},
            .summary = Summarize(context)};
  if (graphs.difference.empty()) return plan;
  ERIS_TRY(CheckProfiles(input.next));
  ERIS_TRY(CheckState(graphs.difference, input.options.state));
  plan.items = MakeItems(context);
  return plan;
}

}  // namespace eris
