// Work items: the closed set of things that the planner asks workers to do, and what they answer.
// An item is small: it carries store paths, never bulk data.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "schema/values/depot.h"
#include "schema/values/ids.h"
#include "schema/values/manifest.h"

namespace eris {

// What is needed to run one activity of one mapping.
struct Activity {
  ServiceName service_name;  // for people
  ServiceKey service;
  ContainerName container;
  std::string digest;  // of the mapping
  std::string module;  // module name, or an absolute store path that brings the module
  StorePath package;
  ComponentName component;
  Properties properties;  // of the container; secrets as references
  bool operator==(const Activity&) const = default;
};

// Realise a batch of derivations of one system.
struct BuildItem {
  struct Derivation {
    StorePath derivation;
    StorePath output;
    bool operator==(const Derivation&) const = default;
  };
  SystemName system;
  std::vector<Derivation> derivations;
  bool operator==(const BuildItem&) const = default;
};

// Root these paths and have their closures here. The roots last until the transaction ends.
struct TransferItem {
  ProfileName profile;
  std::vector<StorePath> paths;
  bool operator==(const TransferItem&) const = default;
};

// A component's state on its way between snapshot stores: that of a target, and that of the depot.
struct TransferStateItem {
  enum class Way : std::uint8_t {
    kToDepot,    // from the store of this target
    kFromDepot,  // into the store of this target
    kWithin,     // of the store of this target, under another name
  };
  ProfileName profile;
  Way way = Way::kToDepot;
  ServiceName service_name;  // for people
  // Under which the receiver stores it, as the newest generation.
  ContainerName container;
  ComponentName component;
  TargetName from;  // for people: whose state it is; empty = the newest that the depot has

  // What is transferred: CONTAINER/COMPONENT/ID, as the sender calls it. Without ID: the newest
  // that the depot has. Empty: there was nothing to take, nothing happens.
  std::string snapshot;
  // In a plan: the items whose reports name the snapshot (several: all must name the same content).
  // Empty in an item that travels.
  std::vector<ItemIndex> taken_by;
  bool operator==(const TransferStateItem&) const = default;
};

// The lease of a whole target.
struct AcquireLease {
  ProfileName profile;
  std::int64_t lease_ms = 0;  // an unconfirmed lease expires after this
  bool operator==(const AcquireLease&) const = default;
};
struct ConfirmLease {
  bool operator==(const ConfirmLease&) const = default;
};
// "An upgrade is coming: reach quiescence or refuse", to each component, in this order.
struct LockComponents {
  std::vector<Activity> components;
  bool operator==(const LockComponents&) const = default;
};
struct LockItem {
  std::variant<AcquireLease, ConfirmLease, LockComponents> what;
  bool operator==(const LockItem&) const = default;
};

struct ReleaseLease {
  bool operator==(const ReleaseLease&) const = default;
};
struct UnlockComponents {
  std::vector<Activity> components;
  bool operator==(const UnlockComponents&) const = default;
};
struct UnlockItem {
  std::variant<ReleaseLease, UnlockComponents> what;
  bool operator==(const UnlockItem&) const = default;
};

struct ActivateItem {
  Activity activity;
  bool operator==(const ActivateItem&) const = default;
};
struct DeactivateItem {
  Activity activity;
  bool operator==(const DeactivateItem&) const = default;
};
struct SnapshotItem {
  Activity activity;
  bool operator==(const SnapshotItem&) const = default;
};
struct RestoreItem {
  Activity activity;
  std::string snapshot;  // relative reference CONTAINER/COMPONENT/ID; empty: nothing is restored
  std::vector<ItemIndex> taken_by;  // as in TransferStateItem
  bool operator==(const RestoreItem&) const = default;
};
struct DeleteStateItem {
  Activity activity;
  bool operator==(const DeleteStateItem&) const = default;
};

// Make the target's profile point to `path`; an empty path removes the profile.
struct SetProfileItem {
  ProfileName profile;
  StorePath path;
  bool operator==(const SetProfileItem&) const = default;
};

struct CollectItem {
  enum class Scope : std::uint8_t { kGarbage, kGarbageAndOldGenerations };
  Scope scope = Scope::kGarbage;
  bool operator==(const CollectItem&) const = default;
};

struct QueryItem {
  enum class What : std::uint8_t {
    kRunning,   // profile and active mappings: TargetReport
    kManifest,  // the same, and what the profile says of itself
    kOffer,     // what the target has for services, whatever is deployed: OfferReport
  };
  ProfileName profile;
  What what = What::kRunning;
  bool operator==(const QueryItem&) const = default;
};

using ItemBody = std::variant<BuildItem, TransferItem, LockItem, UnlockItem, ActivateItem,
                              DeactivateItem, SnapshotItem, RestoreItem, DeleteStateItem,
                              SetProfileItem, CollectItem, QueryItem, TransferStateItem>;

// The vocabulary's word for the verb: "build", "transfer", "lock" …
std::string_view VerbOf(const ItemBody& body);

// An item as it travels. `body_hash` covers the encoded body: a known id with another hash is
// refused.
struct WorkItem {
  ItemId id;
  Epoch epoch;                   // of the planner that published it
  TransactionId low_water;       // everything of this target below it is settled for ever
  std::int64_t deadline_ms = 0;  // for the work itself, enforced by the worker
  std::uint64_t body_hash = 0;
  ItemBody body;
  DepotAccess depot;        // how to have the objects that the body names; not hashed
  bool takes_over = false;  // the worker serves the item's journal from now on; not hashed
  EventSequence event;      // newest of the journal when it was published
  bool operator==(const WorkItem&) const = default;
};

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

// The recorded result of one attempt.
struct Outcome {
  Verdict verdict = Verdict::kUnknown;
  std::string message;   // one line; empty on success
  std::string log_tail;  // the last lines of the activity's output, secrets masked, <= 8 KiB
  std::int64_t took_ms = 0;
  std::variant<std::monostate, TargetReport, BuildReport, SnapshotReport, CollectReport,
               OfferReport>
      report;
  bool operator==(const Outcome&) const = default;
};

struct ItemOutcome {
  ItemId id;
  Outcome outcome;
  bool operator==(const ItemOutcome&) const = default;
};

}  // namespace eris
