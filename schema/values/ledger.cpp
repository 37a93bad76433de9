#include "schema/values/ledger.h"

#include <algorithm>
#include <utility>

#include "schema/base/check.h"
#include "schema/base/overloaded.h"

namespace eris {
namespace {

void Bind(LedgerState& state, JournalId journal) {
  if (state.journal == journal) return;
  if (state.journal) {
    state.steps.clear();
    state.lease.reset();
    state.epoch = {};
    state.event = {};
    state.low_water = {};
  }
  state.journal = journal;
}

void RaiseLowWater(LedgerState& state, TransactionId low_water) {
  state.low_water = std::max(state.low_water, low_water);
  // What still runs is known until it has ended.
  for (auto& [step, attempts] : state.steps) {
    if (step.transaction >= state.low_water) continue;
    std::erase_if(attempts, [](const auto& entry) { return entry.second.outcome.has_value(); });
  }
  std::erase_if(state.steps, [](const auto& entry) { return entry.second.empty(); });
}

void Start(LedgerState& state, const StepStarted& started) {
  const bool is_new = state.steps[started.id.step]
                          .emplace(started.id.grade, LedgerAttempt{.body_hash = started.body_hash,
                                                                   .body = started.body,
                                                                   .attempt = started.attempt,
                                                                   .outcome = std::nullopt})
                          .second;
  ERIS_CHECK(is_new, "an attempt starts once");
}

void Settle(LedgerState& state, const StepSettled& settled) {
  LedgerAttempt& attempt = state.steps[settled.id.step][settled.id.grade];
  ERIS_CHECK(!attempt.outcome, "an attempt is settled once");
  attempt.body_hash = settled.body_hash;
  attempt.body.reset();
  attempt.outcome = settled.outcome;
}

void Acknowledge(LedgerState& state, const ItemId& id) {
  const auto step = state.steps.find(id.step);
  if (step == state.steps.end()) return;  // below low water meanwhile
  const auto attempt = step->second.find(id.grade);
  if (attempt == step->second.end()) return;
  ERIS_CHECK(attempt->second.outcome.has_value(), "only an outcome is acknowledged");
  attempt->second.report = LedgerAttempt::Report::kAcknowledged;
}

}  // namespace

MappingKey KeyOf(const ProfileName& profile, const ActiveMapping& mapping) {
  return {profile, mapping.container, mapping.service, mapping.digest};
}

MappingKey KeyOf(const ProfileName& profile, const Activity& activity) {
  return {profile, activity.container, activity.service, activity.digest};
}

ActiveMapping MappingOf(const Activity& activity, ActiveMapping::State state) {
  return {.service_name = activity.service_name,
          .service = activity.service,
          .container = activity.container,
          .digest = activity.digest,
          .package = activity.package,
          .state = state};
}

const LedgerAttempt* LedgerState::Find(const ItemId& id) const {
  const auto step = steps.find(id.step);
  if (step == steps.end()) return nullptr;
  const auto attempt = step->second.find(id.grade);
  return attempt == step->second.end() ? nullptr : &attempt->second;
}

Grade LedgerState::HighestGrade(const StepId& step) const {
  const auto found = steps.find(step);
  return found == steps.end() ? Grade{} : found->second.rbegin()->first;
}

JournalPosition LedgerState::Seen() const {
  JournalPosition seen{.epoch = epoch, .event = event, .transaction = {}};
  if (low_water) seen.transaction = {low_water.value - 1};
  if (!steps.empty()) {
    seen.transaction = std::max(seen.transaction, steps.rbegin()->first.transaction);
  }
  return seen;
}

std::vector<ActiveMapping> LedgerState::MappingsOf(const ProfileName& profile) const {
  std::vector<ActiveMapping> found;
  for (const auto& [key, known] : mappings) {
    if (key.profile == profile) found.push_back(MappingOf(*known.activity, known.state));
  }
  std::sort(found.begin(), found.end());
  return found;
}

void Apply(LedgerState& state, const LedgerRecord& record) {
  std::visit(
      Overloaded{
          [&](const EpochSeen& seen) {
            ERIS_CHECK(seen.epoch >= state.epoch, "epochs grow");
            state.epoch = seen.epoch;
            state.event = std::max(state.event, seen.event);
          },
          [&](const JournalBound& bound) { Bind(state, bound.journal); },
          [&](const LowWaterRaised& raised) { RaiseLowWater(state, raised.low_water); },
          [&](const StepStarted& started) { Start(state, started); },
          [&](const StepSettled& settled) { Settle(state, settled); },
          [&](const OutcomeAcknowledged& acknowledged) { Acknowledge(state, acknowledged.id); },
          [&](const LeaseGranted& granted) {
            state.lease = LedgerLease{.transaction = granted.transaction,
                                      .profile = granted.profile,
                                      .expires = granted.expires};
          },
          [&](const LeaseConfirmed& confirmed) {
            ERIS_CHECK(state.lease && state.lease->transaction == confirmed.transaction,
                       "only the lease that is held is confirmed");
            state.lease->standing = LedgerLease::Standing::kConfirmed;
          },
          [&](const LeaseReleased& released) {
            if (state.lease && state.lease->transaction == released.transaction) {
              state.lease.reset();
            }
          },
          [&](const MappingActivated& activated) {
            state.mappings[KeyOf(activated.profile, *activated.activity)] = {activated.state,
                                                                             activated.activity};
          },
          [&](const MappingDeactivated& deactivated) {
            state.mappings.erase(KeyOf(deactivated.profile, deactivated.mapping));
          },
          [&](const RootsAdded& added) {
            state.roots[added.transaction].insert(added.paths.begin(), added.paths.end());
          },
          [&](const RootsDropped& dropped) { state.roots.erase(dropped.transaction); },
          [&](const ComponentMayBeLocked& locked) {
            state.may_be_locked[{locked.container, locked.component}] = locked.transaction;
          },
          [&](const ComponentUnlocked& unlocked) {
            state.may_be_locked.erase({unlocked.container, unlocked.component});
          },
      },
      record);
}

ERIS_CHOICE_DEFINITIONS(LedgerRecord)

}  // namespace eris
