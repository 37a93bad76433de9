// What a client asks for: one move of one profile. Made by the CLI (or a bus), made durable by
// broker or planner before it is answered `accepted`, turned into a transaction by the planner.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "schema/base/choice.h"
#include "schema/values/depot.h"
#include "schema/values/ids.h"
#include "schema/values/manifest.h"
#include "schema/values/work_item.h"

namespace eris {

// Yes/no choices are enumerations with two values so that a call reads as a sentence.
enum class Migration : std::uint8_t { kAllowed, kForbidden };
enum class SwitchOrder : std::uint8_t { kDeactivateFirst, kOverlap };
enum class BuildPlace : std::uint8_t { kBuilders, kTargets };
enum class Queueing : std::uint8_t { kAfterQueued, kSupersedeQueued };
enum class OldState : std::uint8_t { kKeep, kDelete };
enum class FinalSnapshots : std::uint8_t { kTake, kSkip };
// Whether a base of what will be read is taken and sent beforehand, while everything runs.
enum class PreCopy : std::uint8_t { kNone, kBases };
// Whether a cleaning of snapshots means the profile's store in the depot.
enum class WithDepot : std::uint8_t { kWithout, kToo, kOnly };

// What becomes of a deployment when a target that has a part in it is not connected as it begins.
enum class TargetOffline : std::uint8_t {
  kWait,  // it is waited for (wait_ms); then the deployment ends, or is rolled back
  kFail,  // the deployment ends at once, before anything is built
  kSkip,  // once it was waited for: the deployment goes without it
};

// Where a transaction stops, and waits to be resumed or cancelled.
enum class Until : std::uint8_t {
  kEnd,      // nowhere
  kPrepare,  // everything is built and transferred, nothing is locked
  kLock,     // everything is locked, nothing has changed
  kSwitch,   // everything is switched, nothing is committed
};
std::string_view ToString(Until until);

// A mapping or a profile that a target has otherwise than the current generation says.
struct Repair {
  enum class Found : std::uint8_t {
    kMissing,        // the generation has it, it does not run
    kIndeterminate,  // nobody knows whether it runs
    kForeign,        // it runs, the generation does not have it
    kProfile,        // the profile is another one
  };
  TargetName target;
  Found found = Found::kMissing;
  ContainerName container;  // of the mapping
  ServiceKey service;
  std::string digest;  // kForeign: as it was activated with
  StorePath profile;   // kProfile: where it points to; empty = nowhere
  auto operator<=>(const Repair&) const = default;
};

// Which copy of a state moves, where that is not plain.
struct StateChoice {
  ServiceName service;  // empty: every service that the choice can mean
  TargetName target;    // empty: its last snapshot, as the depot has it
  bool operator==(const StateChoice&) const = default;
};

struct DeployOptions {
  Migration migration = Migration::kAllowed;
  SwitchOrder order = SwitchOrder::kDeactivateFirst;
  BuildPlace build_place = BuildPlace::kBuilders;
  Queueing queueing = Queueing::kAfterQueued;
  OldState old_state = OldState::kKeep;
  FinalSnapshots final_snapshots = FinalSnapshots::kTake;  // of services that are removed
  PreCopy pre_copy = PreCopy::kNone;
  std::vector<StateChoice> state_from;
  std::string
      expected_plan_hash;  // empty = any; otherwise another plan ends the transaction invalid
  TargetOffline target_offline = TargetOffline::kWait;
  std::int64_t wait_ms = 30'000;  // how long an absent target is waited for
  std::uint32_t max_concurrent_transfers = 2;
  Until until = Until::kEnd;
  std::vector<Repair> repair;
  bool operator==(const DeployOptions&) const = default;
};

struct DeployManifest {
  Manifest manifest;
  bool operator==(const DeployManifest&) const = default;
};
// A new generation with the content of generation `to`; 0 = the one before the content now running.
struct RollbackTo {
  GenerationNumber to;
  bool operator==(const RollbackTo&) const = default;
};
struct Undeploy {
  bool operator==(const Undeploy&) const = default;
};
// Another try at a transaction that ended aborted or rolled back (a new transaction), or stuck (the
// same).
struct RetryTransaction {
  TransactionId of;
  bool operator==(const RetryTransaction&) const = default;
};
// One item on each of some targets, outside of any generation: query, collect, transfer, snapshot.
struct Operate {
  ItemBody body;
  std::vector<TargetName> targets;  // empty = all of the profile's current generation
  bool takes_over = false;          // the targets serve this planner's journal from now on
  WithDepot depot = WithDepot::kWithout;
  bool operator==(const Operate&) const = default;
};

// What runs already, as the targets say: a generation is made, no activity is run.
struct AdoptManifest {
  Manifest manifest;
  // kForeign: somebody else has activated it, and the workers take note of it.
  enum class Origin : std::uint8_t { kOwn, kForeign } origin = Origin::kOwn;
  bool operator==(const AdoptManifest&) const = default;
};
struct DeleteGenerations {
  std::vector<GenerationNumber> generations;
  bool operator==(const DeleteGenerations&) const = default;
};

// Derivations and sources that the planner's store may lack of what a later submission deploys,
// each after those that it refers to. Taken in without a transaction.
struct UploadObjects {
  std::vector<PackedObject> objects;
  bool operator==(const UploadObjects&) const = default;
};

// States that are meant. What is empty is any; a service that is named is taken whether or not its
// state is deployed with it.
struct StateFilter {
  ServiceName service;
  ContainerName container;
  ComponentName component;
  std::vector<TargetName> targets;
  bool operator==(const StateFilter&) const = default;
};

// Work on states of what is deployed. It has its turn among the profile's transactions, makes no
// generation, and, as far as anything goes down for it, is locked and rolled back as a deployment.
struct StateOperation {
  enum class Job : std::uint8_t {
    kRestore,   // what runs is given what a snapshot holds
    kMigrate,   // what runs is given what an earlier generation left where it was
    kDelete,    // what earlier generations left is deleted
    kSnapshot,  // a backup: nothing goes down, and it waits for no other transaction
  };
  enum class Extent : std::uint8_t {
    kWhole,
    kTransferOnly,  // snapshots are brought to where they would be restored
  };
  enum class Pace : std::uint8_t { kTogether, kOneByOne };
  // A snapshot that there is of a service's state.
  struct Source {
    ServiceName service;
    TargetName target;        // where it was taken; empty = not known
    ContainerName container;  // likewise
    std::string snapshot;     // CONTAINER/COMPONENT/ID, as the depot calls it
    bool operator==(const Source&) const = default;
  };
  Job job = Job::kRestore;
  StateFilter which;
  std::vector<Source> sources;  // kRestore: these and no others; empty: the depot's newest
  // kMigrate: whose copies are taken; 0 = the newest in which they were elsewhere.
  GenerationNumber generation;
  Extent extent = Extent::kWhole;
  Pace pace = Pace::kTogether;
  std::uint32_t keep = 0;  // generations that the stores keep afterwards; 0: what they keep anyway
  bool again = false;      // kMigrate: also what has come along already
  bool older = false;      // older generations of the snapshots come along
  bool operator==(const StateOperation&) const = default;
};

class SubmissionAction
    : public std::variant<DeployManifest, RollbackTo, Undeploy, RetryTransaction, Operate,
                          AdoptManifest, DeleteGenerations, UploadObjects, StateOperation> {
  ERIS_CHOICE(SubmissionAction)
};

// The vocabulary's word for what is asked: "deploy", "rollback", "query" …
std::string NameOf(const SubmissionAction& action);

struct Submission {
  SubmissionId id;
  ProfileName profile;
  std::string author;  // name of the client's key; set by the broker, never by the client
  DeployOptions options;
  SubmissionAction action;
  bool operator==(const Submission&) const = default;
};

}  // namespace eris
