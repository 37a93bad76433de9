#include "schema/values/plan.h"

#include <string_view>

namespace eris {
namespace {

constexpr std::string_view kTargetPrefix = "target.";
constexpr std::string_view kBuilderPrefix = "builder.";
constexpr std::string_view kPlannerPrefix = "planner.";

}  // namespace

std::string_view ToString(PlanPhase phase) {
  switch (phase) {
    case PlanPhase::kPrepare:
      return "prepare";
    case PlanPhase::kLease:
      return "lease";
    case PlanPhase::kLock:
      return "lock";
    case PlanPhase::kConfirm:
      return "confirm";
    case PlanPhase::kSwitch:
      return "switch";
    case PlanPhase::kCommit:
      return "commit";
    case PlanPhase::kUnlock:
      return "unlock";
    case PlanPhase::kAfterCommit:
      return "after commit";
  }
  return "prepare";
}

std::string QueueName::ToString() const {
  switch (kind) {
    case Kind::kTarget:
      return std::string(kTargetPrefix) + name;
    case Kind::kBuilder:
      return std::string(kBuilderPrefix) + name;
    case Kind::kPlanner:
      return std::string(kPlannerPrefix) + name;
  }
  return name;
}

std::optional<QueueName> ParseQueueName(std::string_view text) {
  for (const auto& [prefix, kind] : {std::pair{kTargetPrefix, QueueName::Kind::kTarget},
                                     std::pair{kBuilderPrefix, QueueName::Kind::kBuilder},
                                     std::pair{kPlannerPrefix, QueueName::Kind::kPlanner}}) {
    if (text.starts_with(prefix) && text.size() > prefix.size()) {
      return QueueName{.kind = kind, .name = std::string(text.substr(prefix.size()))};
    }
  }
  return std::nullopt;
}

}  // namespace eris
