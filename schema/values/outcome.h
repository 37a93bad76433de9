// What workers answer: how an attempt at an item ended, and what it has found out.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "schema/base/choice.h"
#include "schema/values/ids.h"
#include "schema/values/manifest.h"

namespace eris {

// One mapping as a target knows it to be active.
struct ActiveMapping {
  enum class State : std::uint8_t { kActive, kInactive, kIndeterminate };
  ServiceName service_name;
  ServiceKey service;
  ContainerName container;
  std::string digest;
  StorePath package;
  State state = State::kActive;
  auto operator<=>(const ActiveMapping&) const = default;
};

// What `query` (and a granted lease) says of a target.
struct TargetReport {
  StorePath profile;                    // where the profile points to; empty = none
  std::vector<ActiveMapping> mappings;  // sorted
  std::string manifest;  // of the profile; empty: not asked for, none, or too large for a report
  bool operator==(const TargetReport&) const = default;
};

struct BuildReport {
  std::vector<StorePath> built;
  std::vector<StorePath> failed;
  bool operator==(const BuildReport&) const = default;
};

struct SnapshotReport {
  std::string snapshot;  // relative reference; empty when there was nothing to snapshot
  std::uint64_t bytes = 0;
  bool operator==(const SnapshotReport&) const = default;
};

struct CollectReport {
  std::uint64_t freed_bytes = 0;
  bool operator==(const CollectReport&) const = default;
};

// What `query` says of the target itself. Values of properties that are secrets stay there: a
// property of that kind names them only.
struct OfferReport {
  SystemName system;
  std::uint32_t num_of_cores = 1;
  Properties properties;
  std::map<ContainerName, Properties> containers;
  bool operator==(const OfferReport&) const = default;
};

// How a shell, or a command, ended: as shells see it, 128 + signal when killed.
struct ShellReport {
  std::uint8_t exit_status = 0;
  bool operator==(const ShellReport&) const = default;
};

enum class Verdict : std::uint8_t {
  kSucceeded,
  kFailed,         // the module or Nix said no: never tried again by itself
  kUnavailable,    // nothing has happened; another attempt may succeed
  kUnknown,        // it may have taken effect
  kRefused,        // fenced, no lease, other body: settles nothing but the attempt itself
  kCancelled,      // ended by a higher grade or a cancel; it may have taken effect
  kUnimplemented,  // the module does not know the activity
};
std::string_view ToString(Verdict verdict);

class OutcomeReport : public std::variant<std::monostate, TargetReport, BuildReport, SnapshotReport,
                                          CollectReport, OfferReport, ShellReport> {
  ERIS_CHOICE(OutcomeReport)
};

// The recorded result of one attempt.
struct Outcome {
  Verdict verdict = Verdict::kUnknown;
  std::string message;   // one line; empty on success
  std::string log_tail;  // the last lines of the activity's output, secrets masked, <= 8 KiB
  std::int64_t took_ms = 0;
  OutcomeReport report;
  bool operator==(const Outcome&) const = default;
};

struct ItemOutcome {
  ItemId id;
  Outcome outcome;
  bool operator==(const ItemOutcome&) const = default;
};

}  // namespace eris
