// The activities of a component and the words by which modules know them. Decides nothing about how
// an activity is run.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace eris::dysnomia {

// All are idempotent by Dysnomia's contract. kStatus is an extension of Eris: modules that do not
// declare it are never asked.
enum class ActivityKind : std::uint8_t {
  kActivate,
  kDeactivate,
  kLock,
  kUnlock,
  kSnapshot,
  kRestore,
  kDeleteState,  // "collect-garbage" to a module
  kStatus,
  kShell,
  kBase,  // of a module that offers increments: what kSnapshot adds to, taken while it runs
};

// What tells kSnapshot the ID of the base that it adds to, in the module's environment.
inline constexpr std::string_view kBaseVariable = "DYSNOMIA_SNAPSHOT_BASE";

// The word given to a module as its first argument.
std::string_view ModuleWord(ActivityKind kind);
// Accepts the modules' words and "delete-state", as Disnix calls it.
std::optional<ActivityKind> ParseActivityKind(std::string_view word);

std::span<const ActivityKind> AllActivityKinds();

// A set of activities: what a module implements.
class ActivitySet {
 public:
  constexpr ActivitySet() = default;
  constexpr void Add(ActivityKind kind) { bits_ |= Bit(kind); }
  constexpr bool Contains(ActivityKind kind) const { return (bits_ & Bit(kind)) != 0; }
  bool operator==(const ActivitySet&) const = default;

 private:
  static constexpr std::uint32_t Bit(ActivityKind kind) {
    return std::uint32_t{1} << static_cast<unsigned>(kind);
  }
  std::uint32_t bits_ = 0;
};

// Of those that Dysnomia knows, and kStatus.
constexpr ActivitySet AllActivitiesBut(ActivityKind missing) {
  ActivitySet set;
  for (auto i = unsigned{0}; i <= static_cast<unsigned>(ActivityKind::kShell); ++i) {
    const auto kind = static_cast<ActivityKind>(i);
    if (kind != missing) set.Add(kind);
  }
  return set;
}

}  // namespace eris::dysnomia
