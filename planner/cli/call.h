// What a person asked for on the command line, as values; not how it is written or done.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "planner/cli/call_arguments.h"
#include "planner/cli/operation_calls.h"
#include "planner/cli/snapshot_commands.h"
#include "schema/base/clock.h"
#include "schema/values/ids.h"
#include "schema/values/key_grant.h"
#include "schema/values/request.h"
#include "schema/values/submission.h"

namespace eris::cli {

struct DeployCommand {
  ModelArguments models;
  SubmitArguments submit;
  // kRefused: nothing may be deployed yet (disnix-env --no-upgrade).
  enum class Upgrade : std::uint8_t { kAllowed, kRefused } upgrade = Upgrade::kAllowed;
  bool operator==(const DeployCommand&) const = default;
};
// Bring targets back to what the current generation says.
struct RepairCommand {
  SubmitArguments submit;
  enum class Doing : std::uint8_t { kRepairing, kShowing } doing = Doing::kRepairing;
  bool operator==(const RepairCommand&) const = default;
};
// Let a transaction that was to stop go on.
struct ResumeCommand {
  TransactionRef transaction;
  Until until = Until::kEnd;
  Following following = Following::kToTheEnd;
  bool operator==(const ResumeCommand&) const = default;
};
struct PlanCommand {
  ModelArguments models;
  DeployOptions options;
  bool operator==(const PlanCommand&) const = default;
};
struct BuildCommand {
  ModelArguments models;
  std::uint32_t max_jobs = 0;  // 0 = one a core
  bool operator==(const BuildCommand&) const = default;
};
struct ManifestCommand {
  ModelArguments models;
  bool operator==(const ManifestCommand&) const = default;
};
struct RollbackCommand {
  GenerationNumber to;  // 0 = the one before
  SubmitArguments submit;
  bool operator==(const RollbackCommand&) const = default;
};
struct UndeployCommand {
  SubmitArguments submit;
  bool operator==(const UndeployCommand&) const = default;
};
struct RetryCommand {
  TransactionRef of;
  SubmitArguments submit;
  bool operator==(const RetryCommand&) const = default;
};
struct GenerationsCommand {
  bool operator==(const GenerationsCommand&) const = default;
};
struct DeleteGenerationsCommand {
  std::vector<std::string> which;  // numbers, ages like 30d, "old", "all": see generation_choice.h
  SubmitArguments submit;
  bool operator==(const DeleteGenerationsCommand&) const = default;
};
struct TargetsCommand {
  bool operator==(const TargetsCommand&) const = default;
};
// Let a target begin anew whose worker's state was lost.
struct AdoptCommand {
  TargetName target;
  bool operator==(const AdoptCommand&) const = default;
};
struct StatusCommand {
  std::optional<TransactionRef> transaction;
  bool operator==(const StatusCommand&) const = default;
};
struct WatchCommand {
  TransactionRef transaction;
  EventSequence from;  // the first event wanted; 0 = all
  bool operator==(const WatchCommand&) const = default;
};
struct LogsCommand {
  TransactionRef transaction;
  std::optional<ItemIndex> item;
  bool operator==(const LogsCommand&) const = default;
};
struct HistoryCommand {
  std::optional<TransactionRef> transaction;  // its events; absent = the last transactions
  std::optional<WallTime> at;                 // instead: which services were where at that time
  EventSequence from;                         // the first event wanted; 0 = all
  std::uint32_t limit = 0;
  bool operator==(const HistoryCommand&) const = default;
};
struct CancelCommand {
  TransactionRef transaction;
  std::string reason;
  bool operator==(const CancelCommand&) const = default;
};
struct AbandonCommand {
  TransactionRef transaction;
  TargetName target;  // empty = all
  bool operator==(const AbandonCommand&) const = default;
};

// What holds something up, or why it failed.
struct WhyCommand {
  std::string name;  // a transaction, a service or a target
  std::optional<ItemIndex> item;
  bool operator==(const WhyCommand&) const = default;
};
// Which targets are held by whom.
struct LockCommand {
  bool operator==(const LockCommand&) const = default;
};
struct UnlockCommand {
  std::vector<TargetName> targets;
  enum class Force : std::uint8_t { kNone, kBreak } force = Force::kNone;
  bool operator==(const UnlockCommand&) const = default;
};

// What is wrong with this installation.
struct DoctorCommand {
  std::vector<std::string> state_dirs;  // empty = where the package and `eris up` keep state
  bool operator==(const DoctorCommand&) const = default;
};

// Models, or a generation, as pictures and texts.
struct VisualizeCommand {
  std::optional<ModelArguments> models;  // absent = a generation
  GenerationNumber generation;           // 0 = the current one
  enum class Format : std::uint8_t { kDot, kSvg, kPng } format = Format::kDot;
  enum class Containers : std::uint8_t { kShown, kHidden } containers = Containers::kShown;
  enum class Colours : std::uint8_t { kNone, kLastTransaction } colours = Colours::kNone;
  bool operator==(const VisualizeCommand&) const = default;
};
struct DistributionCommand {
  ModelArguments models;
  bool operator==(const DistributionCommand&) const = default;
};
struct NormalizeCommand {
  ModelArguments models;
  bool operator==(const NormalizeCommand&) const = default;
};
struct CompareCommand {
  ModelArguments models;
  GenerationNumber generation;  // 0 = the current one
  bool operator==(const CompareCommand&) const = default;
};

// What targets say of themselves, as a deployment model.
struct CaptureManifestCommand {
  ModelArguments models;  // their infrastructure
  MissingTargets missing = MissingTargets::kRefused;
  SubmitArguments submit;
  bool operator==(const CaptureManifestCommand&) const = default;
};
// What targets have for services, as an infrastructure model.
struct CaptureInfraCommand {
  ModelArguments models;  // which targets
  MissingTargets missing = MissingTargets::kRefused;
  SubmitArguments submit;
  bool operator==(const CaptureInfraCommand&) const = default;
};
// What targets say of themselves becomes the current generation.
struct ReconstructCommand {
  ModelArguments models;  // their infrastructure
  MissingTargets missing = MissingTargets::kRefused;
  // kTaken: the targets serve this planner's journal from now on.
  enum class Journal : std::uint8_t { kSame, kTaken } journal = Journal::kSame;
  // kDisnix: what a running installation of Disnix says; nothing is deployed by Eris yet.
  enum class Source : std::uint8_t { kEris, kDisnix } source = Source::kEris;
  SubmitArguments submit;
  bool operator==(const ReconstructCommand&) const = default;
};
// Store paths of the planner, and all that they need, to targets; or of one target to the planner.
struct CopyClosureCommand {
  TransferItem::Way way = TransferItem::Way::kToTarget;
  std::vector<TargetName> targets;
  std::vector<StorePath> paths;
  SubmitArguments submit;
  bool operator==(const CopyClosureCommand&) const = default;
};

// Keys are files of this machine: none of these needs the broker.
struct KeyGenerateCommand {
  std::string file;
  bool operator==(const KeyGenerateCommand&) const = default;
};
struct KeyAuthorizeCommand {
  std::string keys_dir;
  std::string public_key;  // its text, or a key file
  KeyGrant grant;
  bool operator==(const KeyAuthorizeCommand&) const = default;
};
struct KeyListCommand {
  std::string keys_dir;
  bool operator==(const KeyListCommand&) const = default;
};
struct KeyRevokeCommand {
  std::string keys_dir;
  std::string name;
  bool operator==(const KeyRevokeCommand&) const = default;
};

// A whole system on this machine (planner/up).
struct UpCommand {
  std::string infrastructure = "infrastructure.nix";
  std::string state_dir;
  enum class Store : std::uint8_t { kMachines, kOwn } store = Store::kMachines;
  bool operator==(const UpCommand&) const = default;
};

using Command =
    std::variant<DeployCommand, PlanCommand, BuildCommand, ManifestCommand, RollbackCommand,
                 UndeployCommand, RetryCommand, QueryCommand, GenerationsCommand, TargetsCommand,
                 StatusCommand, WatchCommand, LogsCommand, HistoryCommand, CancelCommand,
                 AbandonCommand, WhyCommand, LockCommand, UnlockCommand, DoctorCommand,
                 CollectCommand, VisualizeCommand, DistributionCommand, NormalizeCommand,
                 CompareCommand, KeyGenerateCommand, KeyAuthorizeCommand, KeyListCommand,
                 KeyRevokeCommand, UpCommand, CaptureManifestCommand, CopyClosureCommand,
                 CaptureInfraCommand, ReconstructCommand, DeleteGenerationsCommand, RepairCommand,
                 ResumeCommand, StateCommand, SnapshotsCommand, DiagnoseCommand, AdoptCommand>;

struct Call {
  Command command;
  ConnectionArguments connection;
  ProfileName profile{"default"};
  OutputForm form = OutputForm::kText;
  std::vector<std::string> notes;  // what was said that means nothing here
  bool operator==(const Call&) const = default;
};

}  // namespace eris::cli
