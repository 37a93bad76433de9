// What a worker must remember across a crash: the records of its ledger, and the state that they
// add up to. Pure values; state/ledger.h makes them durable. Worker, simulator and recovery use the
// same Apply, so that what is remembered cannot differ from what was decided.
//
// Order of writing (design D3): StepStarted is synced before an effect begins, StepSettled and what
// the effect changed here (mapping, lease, lock) in one append before the outcome is reported.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include "schema/base/choice.h"
#include "schema/base/clock.h"
#include "schema/base/shared.h"
#include "schema/values/event.h"
#include "schema/values/ids.h"
#include "schema/values/work_item.h"

namespace eris {

// ---- fences ----
// How far the journal has come as its items tell: recorded before the first item of an epoch is
// accepted. The epoch is never smaller than before.
struct EpochSeen {
  Epoch epoch;
  EventSequence event{};
  bool operator==(const EpochSeen&) const = default;
};
// The journal that this worker serves. Another one than before (a take-over) forgets everything
// that was numbered by the old journal: steps, epoch, low water, lease. Its roots are dropped
// before.
struct JournalBound {
  JournalId journal;
  bool operator==(const JournalBound&) const = default;
};
// Every transaction below it is settled for ever: its steps are forgotten, its items refused.
struct LowWaterRaised {
  TransactionId low_water;
  bool operator==(const LowWaterRaised&) const = default;
};

// ---- steps ----
struct StepStarted {
  ItemId id;
  std::uint64_t body_hash = 0;
  Shared<ItemBody> body;  // kept until the attempt is settled: what a restarted worker judges
  std::string attempt;    // name of its directory below attempts/; empty when no child process runs
  bool operator==(const StepStarted&) const = default;
};
// Without a StepStarted before it: settled at once, nothing was started (a refusal by the module
// table, a lease, a query). `body_hash` is then what later repeats are compared with.
struct StepSettled {
  ItemId id;
  std::uint64_t body_hash = 0;
  Outcome outcome;
  bool operator==(const StepSettled&) const = default;
};
// The planner has journaled the outcome: it need not be sent again by itself.
struct OutcomeAcknowledged {
  ItemId id;
  bool operator==(const OutcomeAcknowledged&) const = default;
};

// ---- the lease of this target ----
struct LeaseGranted {
  TransactionId transaction;
  ProfileName profile;
  WallTime expires;  // unless it is confirmed before
  bool operator==(const LeaseGranted&) const = default;
};
struct LeaseConfirmed {
  TransactionId transaction;
  bool operator==(const LeaseConfirmed&) const = default;
};
struct LeaseReleased {  // also: expired, broken by an operator
  TransactionId transaction;
  bool operator==(const LeaseReleased&) const = default;
};

// ---- what is here ----
// Recorded with its state: kActive after a success, kIndeterminate when an activity's end is
// unknown.
struct MappingActivated {
  ProfileName profile;
  ActiveMapping::State state = ActiveMapping::State::kActive;
  Shared<Activity> activity;  // as it was activated with: what a later `status` is asked with
  bool operator==(const MappingActivated&) const = default;
};
struct MappingDeactivated {
  ProfileName profile;
  ActiveMapping mapping;  // its state is not looked at
  bool operator==(const MappingDeactivated&) const = default;
};
struct RootsAdded {  // synced before the paths are asked for
  TransactionId transaction;
  std::vector<StorePath> paths;
  bool operator==(const RootsAdded&) const = default;
};
struct RootsDropped {  // all of the transaction
  TransactionId transaction;
  bool operator==(const RootsDropped&) const = default;
};
// Synced before the component's `lock` runs; whoever unlocks asks for exactly these.
struct ComponentMayBeLocked {
  TransactionId transaction;
  ContainerName container;
  ComponentName component;
  auto operator<=>(const ComponentMayBeLocked&) const = default;
};
struct ComponentUnlocked {
  ContainerName container;
  ComponentName component;
  bool operator==(const ComponentUnlocked&) const = default;
};

class LedgerRecord
    : public std::variant<EpochSeen, JournalBound, LowWaterRaised, StepStarted, StepSettled,
                          OutcomeAcknowledged, LeaseGranted, LeaseConfirmed, LeaseReleased,
                          MappingActivated, MappingDeactivated, RootsAdded, RootsDropped,
                          ComponentMayBeLocked, ComponentUnlocked> {
  ERIS_CHOICE(LedgerRecord)
};

// ---- what they add up to ----
struct LedgerAttempt {
  std::uint64_t body_hash = 0;
  std::optional<Shared<ItemBody>> body;  // present while it is open
  std::string attempt;
  std::optional<Outcome> outcome;  // absent: started, not settled
  enum class Report : std::uint8_t { kDue, kAcknowledged } report = Report::kDue;
  bool operator==(const LedgerAttempt&) const = default;
};
struct LedgerLease {
  enum class Standing : std::uint8_t { kGranted, kConfirmed };
  TransactionId transaction;
  ProfileName profile;
  WallTime expires;
  Standing standing = Standing::kGranted;
  bool operator==(const LedgerLease&) const = default;
};
struct LedgerMapping {
  ActiveMapping::State state = ActiveMapping::State::kActive;
  Shared<Activity> activity;
  bool operator==(const LedgerMapping&) const = default;
};
struct MappingKey {
  ProfileName profile;
  ContainerName container;
  ServiceKey service;
  std::string digest;
  auto operator<=>(const MappingKey&) const = default;
};
MappingKey KeyOf(const ProfileName& profile, const ActiveMapping& mapping);
MappingKey KeyOf(const ProfileName& profile, const Activity& activity);
// The mapping whose activity it is.
ActiveMapping MappingOf(const Activity& activity, ActiveMapping::State state);

struct LedgerState {
  JournalId journal;  // 0 = serves any
  Epoch epoch;
  EventSequence event;  // newest of that journal that was seen with an item
  TransactionId low_water;
  std::optional<LedgerLease> lease;
  std::map<StepId, std::map<Grade, LedgerAttempt>> steps;  // never an empty inner map
  std::map<MappingKey, LedgerMapping> mappings;
  std::map<TransactionId, std::set<StorePath>> roots;
  std::map<std::pair<ContainerName, ComponentName>, TransactionId> may_be_locked;
  bool operator==(const LedgerState&) const = default;

  // The attempt with this id; null when it is unknown. Valid until the next Apply.
  const LedgerAttempt* Find(const ItemId& id) const;
  // The highest grade seen of a step; Grade{} when none was.
  Grade HighestGrade(const StepId& step) const;
  // What it has seen of the journal that it serves.
  JournalPosition Seen() const;
  // The mappings that a profile has here, sorted as TargetReport wants them.
  std::vector<ActiveMapping> MappingsOf(const ProfileName& profile) const;
};

// The only way the state changes. Precondition (a bug otherwise): a StepStarted is new, a
// StepSettled is not settled before, an acknowledgement's attempt is settled or forgotten.
void Apply(LedgerState& state, const LedgerRecord& record);

}  // namespace eris
