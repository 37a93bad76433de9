#include "worker/item_rules.h"

#include "schema/base/overloaded.h"
#include "schema/base/planted.h"

namespace eris {
namespace {

std::vector<const Activity*> PointersTo(const std::vector<Activity>& activities) {
  std::vector<const Activity*> pointers;
  pointers.reserve(activities.size());
  for (const Activity& activity : activities) pointers.push_back(&activity);
  return pointers;
}

// Whether an attempt may have left something behind.
bool MayHaveTakenEffect(const Outcome& outcome) {
  switch (outcome.verdict) {
    case Verdict::kSucceeded:
    case Verdict::kFailed:
    case Verdict::kUnknown:
    case Verdict::kCancelled:
      return true;
    case Verdict::kUnavailable:
    case Verdict::kRefused:
    case Verdict::kUnimplemented:
      return false;
  }
  return true;
}

// An item of one profile that has ended, and what comes of it.
struct Ended {
  const Shared<ItemBody>& body;
  const Outcome& outcome;
  const ProfileName& profile;
  std::vector<LedgerRecord>& records;

  void Activated(const Activity& activity, ActiveMapping::State state) const {
    records.push_back(MappingActivated{
        .profile = profile, .state = state, .activity = Shared<Activity>(body, activity)});
  }
  void Deactivated(const Activity& activity) const {
    records.push_back(MappingDeactivated{
        .profile = profile, .mapping = MappingOf(activity, ActiveMapping::State::kInactive)});
  }
};

void AfterActivate(const ActivateItem& item, const Ended& ended) {
  if (!MayHaveTakenEffect(ended.outcome)) return;
  ended.Activated(item.activity, ended.outcome.verdict == Verdict::kSucceeded
                                     ? ActiveMapping::State::kActive
                                     : ActiveMapping::State::kIndeterminate);
}

void AfterDeactivate(const DeactivateItem& item, const Ended& ended) {
  if (!MayHaveTakenEffect(ended.outcome)) return;
  if (ended.outcome.verdict == Verdict::kSucceeded) return ended.Deactivated(item.activity);
  ended.Activated(item.activity, ActiveMapping::State::kIndeterminate);
}

void AfterAdopt(const AdoptItem& item, const Ended& ended) {
  if (ended.outcome.verdict != Verdict::kSucceeded) return;
  for (const Activity& activity : item.components) {
    if (item.way == AdoptItem::Way::kTakeUp) {
      ended.Activated(activity, ActiveMapping::State::kActive);
    } else {
      ended.Deactivated(activity);
    }
  }
}

void AfterLock(const ItemId& id, const LockItem& item, const Outcome& outcome,
               std::vector<LedgerRecord>& records) {
  if (outcome.verdict != Verdict::kSucceeded) return;
  if (std::holds_alternative<ConfirmLease>(item.what)) {
    records.push_back(LeaseConfirmed{.transaction = id.step.transaction});
  }
}

void AfterUnlock(const ItemId& id, const UnlockItem& item, const Outcome& outcome,
                 const LedgerLease* lease, std::vector<LedgerRecord>& records) {
  if (outcome.verdict != Verdict::kSucceeded) return;
  if (const auto* unlock = std::get_if<UnlockComponents>(&item.what)) {
    for (const Activity& activity : unlock->components) {
      records.push_back(
          ComponentUnlocked{.container = activity.container, .component = activity.component});
    }
    return;
  }
  if (lease != nullptr && lease->transaction == id.step.transaction) {
    records.push_back(LeaseReleased{.transaction = id.step.transaction});
  }
  records.push_back(RootsDropped{.transaction = id.step.transaction});
}

}  // namespace

LeaseNeed LeaseNeedOf(const ItemBody& body) {
  return std::visit(Overloaded{
                        [](const BuildItem&) { return LeaseNeed::kNone; },
                        [](const TransferItem&) { return LeaseNeed::kNone; },
                        [](const LockItem& item) {
                          return std::holds_alternative<AcquireLease>(item.what) ? LeaseNeed::kNone
                                                                                 : LeaseNeed::kHeld;
                        },
                        [](const UnlockItem&) { return LeaseNeed::kNone; },
                        [](const ActivateItem&) { return LeaseNeed::kConfirmed; },
                        [](const DeactivateItem&) { return LeaseNeed::kConfirmed; },
                        [](const SnapshotItem&) { return LeaseNeed::kOwnOrFree; },
                        [](const RestoreItem&) { return LeaseNeed::kConfirmed; },
                        [](const DeleteStateItem&) { return LeaseNeed::kNone; },
                        [](const SetProfileItem&) { return LeaseNeed::kConfirmed; },
                        [](const CollectItem& item) {
                          return item.scope == CollectItem::Scope::kSnapshots
                                     ? LeaseNeed::kOwnOrFree
                                     : LeaseNeed::kNone;
                        },
                        [](const QueryItem&) { return LeaseNeed::kNone; },
                        [](const DiagnoseItem&) { return LeaseNeed::kNone; },
                        [](const AdoptItem&) { return LeaseNeed::kConfirmed; },
                        [](const TransferStateItem&) { return LeaseNeed::kOwnOrFree; },
                    },
                    body);
}

std::vector<const Activity*> ActivitiesOf(const ItemBody& body) {
  using Pointers = std::vector<const Activity*>;
  const auto one = [](const auto& item) { return Pointers{&item.activity}; };
  return std::visit(Overloaded{
                        [](const BuildItem&) { return Pointers{}; },
                        [](const TransferItem&) { return Pointers{}; },
                        [](const LockItem& item) {
                          const auto* lock = std::get_if<LockComponents>(&item.what);
                          return lock != nullptr ? PointersTo(lock->components) : Pointers{};
                        },
                        [](const UnlockItem& item) {
                          const auto* unlock = std::get_if<UnlockComponents>(&item.what);
                          return unlock != nullptr ? PointersTo(unlock->components) : Pointers{};
                        },
                        [&](const ActivateItem& item) { return one(item); },
                        [&](const DeactivateItem& item) { return one(item); },
                        [&](const SnapshotItem& item) { return one(item); },
                        [&](const RestoreItem& item) { return one(item); },
                        [&](const DeleteStateItem& item) { return one(item); },
                        [](const SetProfileItem&) { return Pointers{}; },
                        [](const CollectItem&) { return Pointers{}; },
                        [](const QueryItem&) { return Pointers{}; },
                        [](const DiagnoseItem&) { return Pointers{}; },
                        [](const AdoptItem&) { return Pointers{}; },
                        [](const TransferStateItem&) { return Pointers{}; },
                    },
                    body);
}

std::vector<LedgerRecord> RecordsBefore(const ItemId& id, const ItemBody& body) {
  std::vector<LedgerRecord> records;
  const auto* transfer = std::get_if<TransferItem>(&body);
  if (transfer != nullptr && !IsPlanted(Bug::kDropRoot)) {
    records.push_back(RootsAdded{.transaction = id.step.transaction, .paths = transfer->paths});
  }
  if (const auto* lock = std::get_if<LockItem>(&body)) {
    if (const auto* components = std::get_if<LockComponents>(&lock->what)) {
      for (const Activity& activity : components->components) {
        records.push_back(ComponentMayBeLocked{.transaction = id.step.transaction,
                                               .container = activity.container,
                                               .component = activity.component});
      }
    }
  }
  return records;
}

std::vector<LedgerRecord> RecordsAfter(const ItemId& id, const Shared<ItemBody>& body,
                                       const Outcome& outcome, const LedgerLease* lease) {
  std::vector<LedgerRecord> records;
  const ProfileName profile = lease != nullptr ? lease->profile : ProfileName();
  const Ended ended{body, outcome, profile, records};
  std::visit(Overloaded{
                 [](const BuildItem&) {},
                 [](const TransferItem&) {},
                 [&](const LockItem& item) { AfterLock(id, item, outcome, records); },
                 [&](const UnlockItem& item) { AfterUnlock(id, item, outcome, lease, records); },
                 [&](const ActivateItem& item) { AfterActivate(item, ended); },
                 [&](const DeactivateItem& item) { AfterDeactivate(item, ended); },
                 [](const SnapshotItem&) {},
                 [](const RestoreItem&) {},
                 [](const DeleteStateItem&) {},
                 [](const SetProfileItem&) {},
                 [](const CollectItem&) {},
                 [](const QueryItem&) {},
                 [](const DiagnoseItem&) {},
                 [&](const AdoptItem& item) { AfterAdopt(item, ended); },
                 [](const TransferStateItem&) {},
             },
             *body);
  return records;
}

}  // namespace eris
