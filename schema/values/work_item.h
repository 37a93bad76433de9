// Work items: the closed set of things that the planner asks workers to do; outcome.h is what they
// answer.
// An item is small: it carries store paths, never bulk data.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "schema/base/choice.h"
#include "schema/values/depot.h"
#include "schema/values/ids.h"
#include "schema/values/manifest.h"
#include "schema/values/outcome.h"

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

// Root these paths here, and have their closures here (kToTarget), or those that are here in the
// planner's store (kFromTarget). The roots last until the transaction ends.
struct TransferItem {
  enum class Way : std::uint8_t { kToTarget, kFromTarget };
  ProfileName profile;
  std::vector<StorePath> paths;
  Way way = Way::kToTarget;
  std::vector<std::string> substituters{};  // asked before the depot: whatever Nix takes
  bool operator==(const TransferItem&) const = default;
};

// What of a snapshot is meant, of a module that offers increments
// (docs/decisions/0015-bases-and-increments.md).
enum class SnapshotPart : std::uint8_t {
  kWhole,
  kBase,       // taken while everything runs; nothing that could be restored
  kIncrement,  // what has changed since its base
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
  // that the sender has. ID *: its newest ten generations. Empty: there was nothing to take,
  // nothing happens.
  std::string snapshot;
  // In a plan: the items whose reports name the snapshot (several: all must name the same content).
  // Empty in an item that travels.
  std::vector<ItemIndex> taken_by;
  // A base is no generation where it is stored; an increment travels as whole, and brings its base.
  SnapshotPart part = SnapshotPart::kWhole;
  bool operator==(const TransferStateItem&) const = default;
};

// The lease of a whole target.
struct AcquireLease {
  ProfileName profile;
  std::int64_t lease_ms = 0;  // an unconfirmed lease expires after this
  // How many activations and deactivations will follow: what they need can be made ready before.
  std::uint32_t switch_items = 0;
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
// A module that offers no increments takes no base: it does not implement that, and nothing is
// taken.
struct SnapshotItem {
  Activity activity;
  SnapshotPart part = SnapshotPart::kWhole;
  // kIncrement: CONTAINER/COMPONENT/ID of its base in the store of this target. Without one, or
  // where it is not there any more, all is taken.
  std::string base = {};
  std::vector<ItemIndex> taken_by = {};  // kIncrement, in a plan: the item that takes the base
  bool operator==(const SnapshotItem&) const = default;
};
struct RestoreItem {
  Activity activity;
  // Relative reference CONTAINER/COMPONENT/ID, never of a base; an increment names its own. Empty:
  // nothing is restored.
  std::string snapshot;
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

// What somebody else has activated: the worker takes note of it, or drops the note. Nothing is run.
struct AdoptItem {
  enum class Way : std::uint8_t { kTakeUp, kGiveUp };
  Way way = Way::kTakeUp;
  std::vector<Activity> components;  // as they would have been activated
  bool operator==(const AdoptItem&) const = default;
};

struct CollectItem {
  enum class Scope : std::uint8_t {
    kGarbage,
    kGarbageAndOldGenerations,
    kSnapshots,  // old generations of the target's snapshots
  };
  Scope scope = Scope::kGarbage;
  // kSnapshots: whose; empty = any.
  ContainerName container = {};
  ComponentName component = {};
  std::uint32_t keep = 1;  // generations of each, at least 1
  bool operator==(const CollectItem&) const = default;
};

struct QueryItem {
  enum class What : std::uint8_t {
    kRunning,   // profile and active mappings: TargetReport
    kManifest,  // the same, and what the profile says of itself
    kOffer,     // what the target has for services, whatever is deployed: OfferReport
    kDisnix,    // what an installation of Disnix says there: TargetReport with its profile
  };
  ProfileName profile;
  What what = What::kRunning;
  bool operator==(const QueryItem&) const = default;
};

// A shell, or one command, beside a component, for a person at the other end of a stream.
struct DiagnoseItem {
  ProfileName profile;
  ServiceName service_name;  // for people
  ContainerName container;
  ServiceKey service;
  std::string command;       // empty = a shell
  std::uint64_t stream = 0;  // random: what the messages of kind stream name
  // What kind of terminal the person has; empty = none: then there are pipes.
  std::string terminal;
  std::uint16_t rows = 0;
  std::uint16_t columns = 0;
  bool operator==(const DiagnoseItem&) const = default;
};

class ItemBody : public std::variant<BuildItem, TransferItem, LockItem, UnlockItem, ActivateItem,
                                     DeactivateItem, SnapshotItem, RestoreItem, DeleteStateItem,
                                     SetProfileItem, CollectItem, QueryItem, TransferStateItem,
                                     DiagnoseItem, AdoptItem> {
  ERIS_CHOICE(ItemBody)
};

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

}  // namespace eris
