#include "dysnomia/activity.h"

#include <array>

namespace eris::dysnomia {
namespace {

constexpr std::array kAll{
    ActivityKind::kActivate,    ActivityKind::kDeactivate, ActivityKind::kLock,
    ActivityKind::kUnlock,      ActivityKind::kSnapshot,   ActivityKind::kRestore,
    ActivityKind::kDeleteState, ActivityKind::kStatus,     ActivityKind::kShell,
    ActivityKind::kBase,
};

}  // namespace

std::string_view ModuleWord(ActivityKind kind) {
  switch (kind) {
    case ActivityKind::kActivate:
      return "activate";
    case ActivityKind::kDeactivate:
      return "deactivate";
    case ActivityKind::kLock:
      return "lock";
    case ActivityKind::kUnlock:
      return "unlock";
    case ActivityKind::kSnapshot:
      return "snapshot";
    case ActivityKind::kRestore:
      return "restore";
    case ActivityKind::kDeleteState:
      return "collect-garbage";
    case ActivityKind::kStatus:
      return "status";
    case ActivityKind::kShell:
      return "shell";
    case ActivityKind::kBase:
      return "base";
  }
  return "";
}

std::optional<ActivityKind> ParseActivityKind(std::string_view word) {
  for (const ActivityKind kind : kAll) {
    if (word == ModuleWord(kind)) return kind;
  }
  if (word == "delete-state") return ActivityKind::kDeleteState;
  return std::nullopt;
}

std::span<const ActivityKind> AllActivityKinds() { return kAll; }

}  // namespace eris::dysnomia
