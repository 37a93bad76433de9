#include "tests/sim/machine.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "schema/base/check.h"
#include "worker/item_rules.h"

namespace eris::sim {
namespace {

constexpr Duration kLongestControl{100};
constexpr Duration kLongestSupply{3'000};
constexpr Duration kLongestActivity{2'500};
constexpr Duration kLongestDeadline{60'000};

bool IsSupply(const ItemBody& body) {
  return std::holds_alternative<BuildItem>(body) || std::holds_alternative<TransferItem>(body) ||
         std::holds_alternative<TransferStateItem>(body);
}

Outcome Says(Verdict verdict, std::string message = {}) {
  Outcome outcome;
  outcome.verdict = verdict;
  outcome.message = std::move(message);
  return outcome;
}

}  // namespace

Machine::Machine(Context& context, MachineOptions options)
    : context_(context), options_(std::move(options)) {}

void Machine::Attach(Worker worker) {
  worker_ = std::move(worker);
  ++worker_life_;
}

void Machine::Detach() {
  worker_.reset();
  awaited_.clear();
  ++worker_life_;
}

void Machine::Start(const StartWork& work) {
  if (ActivitiesOf(*work.body).empty()) return StartControl(work);
  awaited_.insert(work.id);
  const bool looks = context_.plant != Plant::kRunAgain;
  if (work.mode == StartMode::kResumed && looks) return Resume(work);
  RunActivities(work);
}

void Machine::Tell(const ItemId& id, Outcome outcome, Duration delay) {
  if (awaited_.erase(id) == 0) return;
  context_.timeline.After(delay, [this, life = worker_life_, id, outcome = std::move(outcome)] {
    if (worker_life_ == life) worker_->done(id, outcome);
  });
}

// ---- what the worker's own process does ----

void Machine::StartControl(const StartWork& work) {
  const Duration took = context_.timeline.Between(
      Duration(1), IsSupply(*work.body) ? kLongestSupply : kLongestControl);
  context_.timeline.After(took, [this, life = worker_life_, work] {
    if (worker_life_ == life) worker_->done(work.id, EndControl(work));
  });
}

// Roots first (as far as the ledger knows of them), then the paths: in between the collector may
// run.
void Machine::Transfer(const StartWork& work, const TransferItem& transfer) {
  World& world = context_.world;
  const TransactionId transaction = work.id.step.transaction;
  const auto& rooted = worker_->ledger().roots;
  if (const auto paths = rooted.find(transaction); paths != rooted.end()) {
    std::set<StorePath>& roots = world.roots[options_.target][transaction];
    roots.insert(paths->second.begin(), paths->second.end());
    const auto current = world.profiles.find({options_.target, transfer.profile});
    if (current != world.profiles.end()) roots.insert(current->second);
  }
  std::set<StorePath>& store = world.store[options_.target];
  for (const StorePath& path : transfer.paths) {
    store.insert(path);
    const auto closure = world.closures.find(path);
    if (closure != world.closures.end()) {
      store.insert(closure->second.begin(), closure->second.end());
    }
  }
}

void Machine::DropRootsOf(TransactionId transaction) {
  context_.world.roots[options_.target].erase(transaction);
}

void Machine::KeepOnlyRoots(const std::map<TransactionId, std::set<StorePath>>& kept) {
  std::erase_if(context_.world.roots[options_.target],
                [&kept](const auto& entry) { return !kept.contains(entry.first); });
}

void Machine::CollectGarbage() {
  const std::set<StorePath> live = LiveOn(options_.target, context_.world);
  std::erase_if(context_.world.store[options_.target],
                [&live](const StorePath& path) { return !live.contains(path); });
}

Outcome Machine::EndControl(const StartWork& work) {
  const ItemBody& body = *work.body;
  if (const auto* transfer = std::get_if<TransferItem>(&body)) Transfer(work, *transfer);
  if (const auto* state = std::get_if<TransferStateItem>(&body)) return TransferState(*state);
  Outcome outcome = Says(Verdict::kSucceeded);
  if (const auto* build = std::get_if<BuildItem>(&body)) {
    BuildReport report;
    for (const BuildItem::Derivation& derivation : build->derivations) {
      report.built.push_back(derivation.output);
    }
    outcome.report = report;
  }
  if (const auto* query = std::get_if<QueryItem>(&body)) {
    TargetReport report = Report(query->profile);
    const auto text = context_.world.profile_texts.find(report.profile);
    const bool wants_text = query->what == QueryItem::What::kManifest;
    if (wants_text && text != context_.world.profile_texts.end()) report.manifest = text->second;
    outcome.report = std::move(report);
  }
  if (const auto* lock = std::get_if<LockItem>(&body)) {
    if (const auto* acquire = std::get_if<AcquireLease>(&lock->what)) {
      outcome.report = Report(acquire->profile);
    }
  }
  if (const auto* set = std::get_if<SetProfileItem>(&body)) {
    const std::pair where(options_.target, set->profile);
    const auto before = context_.world.profiles.find(where);
    if (before != context_.world.profiles.end()) {
      context_.world.old_profiles[options_.target].insert(before->second);
      context_.world.profiles.erase(before);
    }
    if (!set->path.empty()) context_.world.profiles[where] = set->path;
  }
  return outcome;
}

Outcome Machine::TransferState(const TransferStateItem& transfer) {
  const auto reference = context_.world.databases.Transfer(options_.target, transfer);
  if (!reference) return Says(Verdict::kFailed, "there is no snapshot " + transfer.snapshot);
  Outcome outcome = Says(Verdict::kSucceeded);
  outcome.report = SnapshotReport{.snapshot = *reference, .bytes = reference->size()};
  return outcome;
}

TargetReport Machine::Report(const ProfileName& profile) const {
  TargetReport report;
  const auto current = context_.world.profiles.find({options_.target, profile});
  if (current != context_.world.profiles.end()) report.profile = current->second;
  report.mappings = worker_->ledger().MappingsOf(profile);
  if (!options_.has_status) return report;
  for (ActiveMapping& mapping : report.mappings) {
    const Seat seat{options_.target, mapping.container, ComponentOf(mapping.package)};
    const auto active = context_.world.active.find(seat);
    const bool is_active = active != context_.world.active.end() &&
                           active->second.digest == mapping.digest &&
                           active->second.service == mapping.service;
    mapping.state = is_active ? ActiveMapping::State::kActive : ActiveMapping::State::kInactive;
  }
  return report;
}

// ---- activities ----

void Machine::RunActivities(const StartWork& work) {
  Attempt& attempt = attempts_[work.id];
  attempt = {};
  attempt.body = *work.body;
  const Duration limit = work.deadline_ms > 0 ? Duration(work.deadline_ms) : kLongestDeadline;
  attempt.deadline = context_.timeline.now().steady + limit;
  RunPart(work.id);
}

void Machine::AfterOf(const ItemId& id, Duration delay, std::function<void()> action) {
  const std::uint64_t stage = attempts_.at(id).stage;
  context_.timeline.After(delay, [this, id, stage, action = std::move(action)] {
    const auto found = attempts_.find(id);
    if (found != attempts_.end() && found->second.stage == stage) action();
  });
}

void Machine::RunPart(const ItemId& id) {
  Attempt& attempt = attempts_.at(id);
  attempt.stage = next_stage_++;
  const std::vector<const Activity*> parts = ActivitiesOf(attempt.body);
  if (attempt.part == parts.size()) {
    Outcome outcome = Says(Verdict::kSucceeded);
    if (std::holds_alternative<SnapshotItem>(attempt.body)) {
      outcome.report = SnapshotReport{.snapshot = attempt.taken, .bytes = attempt.taken.size()};
    }
    return End(id, std::move(outcome));
  }
  const Fate fate = FateOf(id, attempt.body, *parts[attempt.part]);
  Duration took = context_.timeline.Between(Duration(10), kLongestActivity);
  if (fate == Fate::kSucceeds && context_.faults.Strikes(Fault::kModuleSlow)) {
    took = (attempt.deadline - context_.timeline.now().steady) * 9 / 10;
  }
  const bool takes_effect = fate == Fate::kSucceeds || context_.timeline.Chance(500);
  attempt.effect_due = takes_effect;
  const Duration effect_after = context_.timeline.Between(Duration(0), took);
  if (takes_effect) {
    AfterOf(id, effect_after, [this, id] {
      attempts_.at(id).effect_due = false;
      TakeEffect(id);
    });
  }
  if (context_.plant == Plant::kReportEarly && fate == Fate::kSucceeds && worker_ &&
      parts.size() == 1) {
    Tell(id, Says(Verdict::kSucceeded), Duration(1));
    AfterOf(id, took, [this, id] { attempts_.at(id).outcome = Says(Verdict::kSucceeded); });
    return;
  }
  const Duration ends_after =
      fate == Fate::kHangs ? attempt.deadline - context_.timeline.now().steady : took;
  AfterOf(id, std::max(ends_after, effect_after), [this, id, fate] { EndPart(id, fate); });
}

Machine::Fate Machine::FateOf(const ItemId& id, const ItemBody& body, const Activity& activity) {
  Faults& faults = context_.faults;
  if (faults.Strikes(Fault::kModuleDies)) return Fate::kDies;
  if (std::holds_alternative<UnlockItem>(body)) return Fate::kSucceeds;
  if (id.grade.direction == Direction::kInverse) {
    return faults.Strikes(Fault::kInverseFails) ? Fate::kFails : Fate::kSucceeds;
  }
  if (std::holds_alternative<ActivateItem>(body) && options_.broken.contains(activity.package)) {
    return Fate::kFails;
  }
  if (faults.Strikes(Fault::kModuleFails)) return Fate::kFails;
  if (faults.Strikes(Fault::kModuleHangs)) return Fate::kHangs;
  return Fate::kSucceeds;
}

void Machine::EndPart(const ItemId& id, Fate fate) {
  switch (fate) {
    case Fate::kSucceeds:
      ++attempts_.at(id).part;
      return RunPart(id);
    case Fate::kFails:
      return End(id, Says(Verdict::kFailed, "the module says no"));
    case Fate::kHangs:
      return End(id, Says(Verdict::kFailed, "the deadline is over"));
    case Fate::kDies:
      return Die(id);
  }
}

void Machine::End(const ItemId& id, Outcome outcome) {
  Attempt& attempt = attempts_.at(id);
  attempt.stage = next_stage_++;
  attempt.outcome = outcome;
  Tell(id, std::move(outcome), Duration(1));
}

// No outcome is left. Who waits for it notices and judges; who comes later finds nothing.
void Machine::Die(const ItemId& id) {
  const StartWork work{
      .id = id, .deadline_ms = 0, .body = attempts_.at(id).body, .mode = StartMode::kResumed};
  const bool stopped = attempts_.at(id).stopped;
  attempts_.erase(id);
  context_.watch.Tell(&Checker::OnAttemptLost, id);
  if (!awaited_.contains(id)) return;
  if (stopped) return Tell(id, Says(Verdict::kUnknown, "it ended without an outcome"), Duration(1));
  Judge(work);
}

void Machine::Resume(const StartWork& work) {
  const auto found = attempts_.find(work.id);
  if (found == attempts_.end()) return Judge(work);
  context_.faults.Mark("attempt found by a restarted worker");
  if (found->second.outcome) Tell(work.id, *found->second.outcome, Duration(1));
}

// As the worker's executor does: status decides, else it is run again, because Dysnomia's
// activities are idempotent.
void Machine::Judge(const StartWork& work) {
  if (options_.has_status && IsReached(*work.body)) {
    return Tell(work.id, Says(Verdict::kSucceeded), Duration(20));
  }
  RunActivities(work);
}

bool Machine::IsReached(const ItemBody& body) const {
  const auto& active = context_.world.active;
  if (const auto* activate = std::get_if<ActivateItem>(&body)) {
    const auto found = active.find(SeatOf(options_.target, activate->activity));
    return found != active.end() && found->second == InstanceOf(activate->activity);
  }
  if (const auto* deactivate = std::get_if<DeactivateItem>(&body)) {
    return !active.contains(SeatOf(options_.target, deactivate->activity));
  }
  return false;
}

void Machine::TakeEffect(const ItemId& id) {
  Attempt& attempt = attempts_.at(id);
  const Activity& activity = *ActivitiesOf(attempt.body).at(attempt.part);
  const Seat seat = SeatOf(options_.target, activity);
  World& world = context_.world;
  if (std::holds_alternative<ActivateItem>(attempt.body)) {
    const auto there = world.active.find(seat);
    if (there != world.active.end() && there->second != InstanceOf(activity)) {
      context_.verdicts.Report("order", "old and new meet: " + Describe(seat, there->second));
    }
    world.active[seat] = InstanceOf(activity);
    world.databases.Activated(seat, activity.service_name);
  } else if (std::holds_alternative<DeactivateItem>(attempt.body)) {
    world.active.erase(seat);
    world.databases.Deactivated(seat);
  } else if (std::holds_alternative<LockItem>(attempt.body)) {
    world.locked.insert(seat);
  } else if (std::holds_alternative<UnlockItem>(attempt.body)) {
    if (context_.plant != Plant::kSkipUnlock) world.locked.erase(seat);
  } else {
    TakeEffectOnState(attempt, seat);
  }
  context_.timeline.Note(options_.target.text, std::string(VerbOf(attempt.body)) + " " +
                                                   activity.service_name.text + " in " +
                                                   seat.container.text + " " + Describe(id));
  const EffectSeen seen{
      .target = options_.target, .id = id, .part = attempt.part, .body = attempt.body};
  context_.watch.Tell(&Checker::OnEffect, seen);
}

void Machine::TakeEffectOnState(Attempt& attempt, const Seat& seat) {
  Databases& databases = context_.world.databases;
  if (const auto* snapshot = std::get_if<SnapshotItem>(&attempt.body)) {
    constexpr std::uint64_t kLosesBaseEvery = 4;
    if (snapshot->part != SnapshotPart::kBase) {
      attempt.taken = databases.TakeSnapshot(seat, snapshot->base);
    } else if (context_.timeline.Below(kLosesBaseEvery) != 0) {
      attempt.taken = databases.TakeBase(seat);
    }
  } else if (const auto* restore = std::get_if<RestoreItem>(&attempt.body)) {
    if (context_.plant == Plant::kSkipRestore) return;
    ERIS_CHECK(databases.Restore(seat, restore->snapshot), "what is restored was transferred");
  } else if (std::holds_alternative<DeleteStateItem>(attempt.body)) {
    databases.Delete(seat);
  }
}

void Machine::Stop(const ItemId& id) {
  const auto found = attempts_.find(id);
  if (found == attempts_.end() || found->second.outcome || found->second.stopped) return;
  Attempt& attempt = found->second;
  attempt.stopped = true;
  attempt.stage = next_stage_++;  // what was to happen does not
  AfterOf(id, context_.timeline.Between(Duration(1), Duration(100)),
          [this, id] { End(id, Says(Verdict::kCancelled, "stopped")); });
}

void Machine::Forget(const ItemId& id) {
  const auto found = attempts_.find(id);
  // With an early report it may still be running.
  if (found != attempts_.end() && found->second.outcome) attempts_.erase(found);
}

}  // namespace eris::sim
