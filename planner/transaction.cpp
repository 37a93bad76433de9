#include "planner/transaction.h"

#include <algorithm>
#include <utility>
#include <variant>

#include "planner/plan/diff.h"
#include "planner/plan/plan_hash.h"
#include "planner/plan/plan_text.h"
#include "schema/base/check.h"
#include "schema/base/planted.h"

namespace eris::planner {
namespace {

// Whether an attempt that ended so may have changed something.
bool MayHaveTakenEffect(Verdict verdict) {
  switch (verdict) {
    case Verdict::kUnavailable:
    case Verdict::kRefused:
    case Verdict::kUnimplemented:
      return false;
    case Verdict::kSucceeded:
    case Verdict::kFailed:
    case Verdict::kUnknown:
    case Verdict::kCancelled:
      return true;
  }
  return true;
}

// A component without locks is as good as locked, and as good as unlocked; one without snapshots
// has no state.
bool IsSuccess(const ItemBody& body, Verdict verdict) {
  if (verdict == Verdict::kSucceeded) return true;
  return verdict == Verdict::kUnimplemented &&
         (std::holds_alternative<LockItem>(body) || std::holds_alternative<UnlockItem>(body) ||
          std::holds_alternative<SnapshotItem>(body));
}

// What becomes of a state that stays where it is keeps nobody waiting.
bool IsAboutState(const ItemBody& body) {
  return std::holds_alternative<SnapshotItem>(body) ||
         std::holds_alternative<TransferStateItem>(body);
}

// Taken and sent beforehand so that less is left for later: without it everything goes on.
bool IsBase(const ItemBody& body) {
  const auto* snapshot = std::get_if<SnapshotItem>(&body);
  const auto* transfer = std::get_if<TransferStateItem>(&body);
  return (snapshot != nullptr && snapshot->part == SnapshotPart::kBase) ||
         (transfer != nullptr && transfer->part == SnapshotPart::kBase);
}

bool IsLease(const ItemBody& body) {
  const auto* lock = std::get_if<LockItem>(&body);
  return lock != nullptr && std::holds_alternative<AcquireLease>(lock->what);
}

// The last stage of all phases up to `phase`; nothing when the plan has none of them.
std::optional<std::uint32_t> LastStageOf(const Plan& plan, PlanPhase phase) {
  const auto beyond =
      std::partition_point(plan.items.begin(), plan.items.end(),
                           [phase](const PlanItem& item) { return item.phase <= phase; });
  if (beyond == plan.items.begin()) return std::nullopt;
  return std::prev(beyond)->stage;
}

std::optional<PlanPhase> LastPlanPhaseOf(TransactionPhase phase) {
  switch (phase) {
    case TransactionPhase::kPreparing:
      return PlanPhase::kPrepare;
    case TransactionPhase::kLocking:
      return PlanPhase::kLock;
    case TransactionPhase::kSwitching:
      return PlanPhase::kSwitch;
    case TransactionPhase::kCommitting:
      return PlanPhase::kCommit;
    case TransactionPhase::kFinishing:
      return PlanPhase::kAfterCommit;
    case TransactionPhase::kSubmitted:
    case TransactionPhase::kAborting:
    case TransactionPhase::kRollingBack:
    case TransactionPhase::kEnded:
      return std::nullopt;
  }
  return std::nullopt;
}

}  // namespace

Transaction::Transaction(const Tuning& tuning, const Event& accepted) : tuning_(tuning) {
  const auto* event = std::get_if<SubmissionAccepted>(&accepted.body);
  ERIS_CHECK(event != nullptr, "a transaction begins with its submission");
  submission_ = event->submission;
  status_.transaction = accepted.transaction;
  status_.submission = submission_.id;
  status_.profile = submission_.profile;
  status_.author = submission_.author;
  status_.action = NameOf(submission_.action);
  status_.submitted_at = accepted.at;
  until_ = submission_.options.until;
}

void Transaction::Apply(const Event& event, SteadyTime now) {
  NoteLocks(event);
  if (std::holds_alternative<TransactionEnded>(event.body)) status_.ended_at = event.at;
  std::visit([this, now](const auto& body) { On(body, now); }, event.body);
  if (way_ == Way::kDraining && lanes_.out().empty()) BeginBackward();
  NewlyReady(now);
}

// When users begin to notice, and when they are served again: the window in which it is locked.
void Transaction::NoteLocks(const Event& event) {
  if (const auto* published = std::get_if<ItemsPublished>(&event.body)) {
    const bool locks = std::any_of(
        published->items.begin(), published->items.end(), [this](const PublishedItem& item) {
          return plan_->items[item.index.value].phase == PlanPhase::kLock;
        });
    if (locks && !locked_at_) locked_at_ = event.at;
  } else if (const auto* entered = std::get_if<PhaseEntered>(&event.body)) {
    const bool switches = entered->phase == TransactionPhase::kSwitching;
    if (switches && !locked_at_) locked_at_ = event.at;
  } else if (const auto* settled = std::get_if<ItemSettled>(&event.body)) {
    const ItemBody& body = BodyOf(settled->item);
    const bool unlocks = std::holds_alternative<UnlockItem>(body);
    if (unlocks && IsSuccess(body, settled->outcome.verdict)) unlocked_at_ = event.at;
  }
}

std::int64_t Transaction::LockedMs() const {
  if (!locked_at_) return 0;
  return std::max<std::int64_t>(0, unlocked_at_.ms - locked_at_->ms);
}

// A stuck transaction is retried by a submission of its own, which maps to this one.
void Transaction::On(const SubmissionAccepted&, SteadyTime) {}

void Transaction::On(const PlannerStarted&, SteadyTime) {}
void Transaction::On(const PlannerSuperseded&, SteadyTime) {}

void Transaction::On(const TransactionPlanned& event, SteadyTime) {
  if (auto* deploy = std::get_if<DeployManifest>(&submission_.action)) deploy->manifest = {};
  if (auto* adopt = std::get_if<AdoptManifest>(&submission_.action)) {
    adopt->manifest = {};
    const bool is_own = adopt->origin == AdoptManifest::Origin::kOwn;
    for (const auto& [target, profile] : event.next.profiles) {
      adopted_[target] = is_own ? profile.path : StorePath();
    }
  }
  plan_ = event.plan;
  status_.plan_hash = event.plan_hash;
  status_.summary = event.plan.summary;
  const std::vector<TargetName> participants = ParticipantsOf(event.next);
  next_targets_ = {participants.begin(), participants.end()};
  snapshots_ = SnapshotNames(*plan_);
  items_.assign(plan_->items.size(), {});
  lanes_ = Lanes(*plan_, tuning_.window);
  main_ = Schedule::Forward(*plan_);
  for (const PlanItem& item : plan_->items) {
    if (IsLease(item.body)) lease_targets_.emplace(item.queue.name);
  }
}

void Transaction::On(const PhaseEntered& event, SteadyTime) {
  status_.phase = event.phase;
  paused_.reset();
  status_.is_paused = false;
  if (LastPlanPhaseOf(event.phase)) {
    OpenPhase();
    if (event.phase == TransactionPhase::kFinishing) {
      for (auto& [lane, schedule] : aside_) schedule.OpenAll();
    }
    return;
  }
  failure_ = event.why;
  way_ = Way::kDraining;
  aside_.clear();  // nothing was published there
  lanes_.RestAllWaiting();
  // What has no inverse is not waited for: nothing is done about it.
  for (const ItemIndex item : std::set<ItemIndex>(lanes_.out())) {
    if (!plan_->items[item.value].inverse) lanes_.Rest(item);
  }
}

// The stages of the present phase; leases are confirmed before a stop behind the locks, so that
// they last.
void Transaction::OpenPhase() {
  std::optional<PlanPhase> last = LastPlanPhaseOf(status_.phase);
  if (status_.phase == TransactionPhase::kSwitching && until_ == Until::kLock) {
    last = PlanPhase::kConfirm;
  }
  if (const auto stage = LastStageOf(*plan_, *last)) main_.OpenThrough(*stage);
}

void Transaction::On(const TransactionPaused& event, SteadyTime) {
  paused_ = event.after;
  status_.is_paused = true;
}

void Transaction::On(const TransactionResumed& event, SteadyTime) {
  paused_.reset();
  status_.is_paused = false;
  until_ = event.until;
  OpenPhase();
}

void Transaction::On(const GenerationsDeleted&, SteadyTime) {}

void Transaction::On(const ItemsPublished& event, SteadyTime now) {
  for (const PublishedItem& published : event.items) {
    items_[published.index.value].grade = published.grade;
    lanes_.SendOut(published.index, now, DeadlineOf(published) + tuning_.grace);
  }
}

void Transaction::On(const ItemSettled& event, SteadyTime now) {
  const ItemIndex item = event.item.index;
  lanes_.SawLife(lanes_.LaneOf(item), now);
  lanes_.Rest(item);
  const Verdict verdict = event.outcome.verdict;
  if (!InBackward() && MayHaveTakenEffect(verdict)) items_[item.value].effect = true;
  if (way_ == Way::kDraining) return;
  if (IsSuccess(BodyOf(event.item), verdict)) {
    OnSuccess(item, event.outcome);
    return;
  }
  ++items_[item.value].tries;
  if (InBackward()) {
    OnFailureBackward(item, event.outcome, now);
  } else {
    OnFailureForward(item, event.outcome, now);
  }
}

void Transaction::OnSuccess(ItemIndex item, const Outcome& outcome) {
  const LaneNumber lane = lanes_.LaneOf(item);
  const auto* report = std::get_if<TargetReport>(&outcome.report);
  if (InBackward()) {
    if (IsVerifier(item)) verifications_[lane].after = outcome;
  } else {
    items_[item.value].effect = true;
    if (report != nullptr && IsLease(plan_->items[item.value].body)) {
      verifications_[lane].before = *report;
      const auto adopted = adopted_.find(TargetName(lanes_.QueueOf(lane).name));
      if (adopted != adopted_.end() && adopted->second != report->profile && failure_.empty()) {
        failure_ = adopted->first.text + (adopted->second.empty()
                                              ? " has a profile of Eris already"
                                              : " has another profile than was found there before");
      }
    }
    OnTaken(item, outcome);
  }
  ScheduleOf(item).Succeed(item);
}

void Transaction::OnTaken(ItemIndex item, const Outcome& outcome) {
  const PlanItem& planned = plan_->items[item.value];
  if (!IsAboutState(planned.body)) return;
  const auto* report = std::get_if<SnapshotReport>(&outcome.report);
  const std::string taken = report == nullptr ? std::string() : report->snapshot;
  if (taken.empty() && std::holds_alternative<SnapshotItem>(planned.body)) {
    std::string_view why = ": there was nothing to take";
    if (outcome.verdict == Verdict::kUnimplemented) {
      why = IsBase(planned.body) ? ": its module offers no increments, so a whole snapshot is taken"
                                 : ": its module takes no snapshots, so no state was moved or kept";
    }
    notes_.push_back(DescribeItem(planned.body) + " on " + planned.queue.name + std::string(why));
  }
  const std::string wrong = snapshots_.OnTaken(item, taken, *plan_);
  if (failure_.empty()) failure_ = wrong;
}

void Transaction::OnFailureForward(ItemIndex item, const Outcome& outcome, SteadyTime now) {
  const bool exhausted = items_[item.value].tries >= tuning_.max_attempts;
  const bool said_no =
      outcome.verdict == Verdict::kFailed || outcome.verdict == Verdict::kUnimplemented;
  const PlanItem& planned = plan_->items[item.value];
  const std::string why =
      DescribeItem(planned.body) + " on " + planned.queue.name + ": " +
      (outcome.message.empty() ? std::string(ToString(outcome.verdict)) : outcome.message);
  const bool is_over = said_no || exhausted || outcome.verdict == Verdict::kCancelled;
  if (is_over && IsBase(planned.body)) {
    notes_.push_back(why + ", so more is left for the locked window");
    static_cast<void>(snapshots_.OnTaken(item, {}, *plan_));
    ScheduleOf(item).Succeed(item);
    return;
  }
  if (IsUnlimited(item)) {
    const bool may_be_left = planned.phase == PlanPhase::kAfterCommit || IsAboutState(planned.body);
    if (!may_be_left || !(exhausted || said_no)) {
      TryAgain(item, outcome.verdict, now);
      return;
    }
    notes_.push_back(why);
    ScheduleOf(item).Leave(item);
    return;
  }
  if (is_over && std::holds_alternative<SnapshotItem>(planned.body) && !snapshots_.IsNeeded(item)) {
    notes_.push_back(why);  // of what may never have been there
    ScheduleOf(item).Leave(item);
    return;
  }
  if (is_over) {
    if (failure_.empty()) failure_ = why;
    // What can be built without it is: see BuildsGoOn.
    if (planned.phase == PlanPhase::kPrepare) static_cast<void>(main_.Fail(item));
    return;
  }
  TryAgain(item, outcome.verdict, now);
}

void Transaction::TryAgain(ItemIndex item, Verdict verdict, SteadyTime now) {
  const std::uint32_t tries = items_[item.value].tries;
  const bool ask_at_once = verdict == Verdict::kUnknown || verdict == Verdict::kCancelled;
  if (ask_at_once && tries < tuning_.max_attempts) {
    lanes_.MakeReady(item, now);
  } else {
    lanes_.Delay(item, now + RetryDelay(tuning_, tries));
  }
}

void Transaction::NewlyReady(SteadyTime now) {
  for (;;) {
    std::vector<ItemIndex> ready = main_.TakeReady();
    for (auto& [lane, schedule] : aside_) {
      for (const ItemIndex item : schedule.TakeReady()) ready.push_back(item);
    }
    if (ready.empty()) return;
    for (const ItemIndex item : ready) {
      if (ScheduleOf(item).IsSettled(item)) continue;
      if (StaysLocked(item)) {
        ScheduleOf(item).Fail(item);
      } else {
        lanes_.MakeReady(item, now);
      }
    }
  }
}

void Transaction::On(const CancelRequested& event, SteadyTime) {
  cancelled_by_ = "cancelled by " + (event.author.empty() ? "an operator" : event.author);
  if (!event.reason.empty()) cancelled_by_ += ": " + event.reason;
}

void Transaction::On(const GenerationCommitted& event, SteadyTime) {
  status_.generation = event.generation;
}

void Transaction::On(const TransactionEnded& event, SteadyTime) {
  status_.phase = TransactionPhase::kEnded;
  status_.result = event.result;
  status_.message = event.message;
  status_.locked_ms = event.locked_ms;
  if (!plan_) return;
  // Only unlocking goes on, where the generation is committed.
  const bool goes_on = event.result == TransactionResult::kCommittedStillLocked;
  const std::vector<ItemIndex> items(main_.items().begin(), main_.items().end());
  for (const ItemIndex item : items) {
    if (goes_on && plan_->items[item.value].phase == PlanPhase::kUnlock) continue;
    if (main_.IsSettled(item)) continue;
    lanes_.Rest(item);
    if (!main_.IsSettled(item)) main_.Leave(item);
  }
  for (auto& [lane, schedule] : aside_) schedule.OpenAll();
}

void Transaction::Tick(SteadyTime now) { lanes_.Tick(now); }

void Transaction::SetPresence(const QueueName& queue, Lanes::Presence presence, SteadyTime now) {
  if (const std::optional<LaneNumber> lane = lanes_.Find(queue)) {
    lanes_.SetPresence(*lane, presence, now);
  }
}

void Transaction::SetLink(Lanes::Presence presence, SteadyTime now) {
  lanes_.SetLink(presence, now);
}

void Transaction::SawProgress(ItemIndex item, SteadyTime now) {
  if (item.value < items_.size()) lanes_.SawLife(lanes_.LaneOf(item), now);
}

bool Transaction::Awaits(ItemIndex item, Grade grade) const {
  if (item.value >= items_.size() || !lanes_.IsOut(item)) return false;
  return items_[item.value].grade == grade || IsPlanted(Bug::kSettleByLateOutcome);
}

std::vector<PublishedItem> Transaction::Out() const {
  std::vector<PublishedItem> out;
  out.reserve(lanes_.out().size());
  for (const ItemIndex item : lanes_.out()) out.push_back({item, items_[item.value].grade});
  return out;
}

const ItemBody& Transaction::BodyOf(const PublishedItem& item) const {
  const PlanItem& planned = plan_->items[item.index.value];
  return item.grade.direction == Direction::kForward ? planned.body : *planned.inverse;
}

Duration Transaction::DeadlineOf(const PublishedItem& item) const {
  const PlanItem& planned = plan_->items[item.index.value];
  if (planned.deadline_ms) return Duration(*planned.deadline_ms);
  return DefaultDeadline(tuning_, BodyOf(item));
}

Schedule& Transaction::ScheduleOf(ItemIndex item) {
  const auto aside = aside_.find(lanes_.LaneOf(item));
  return aside == aside_.end() ? main_ : aside->second;
}

const Schedule& Transaction::ScheduleOf(ItemIndex item) const {
  const auto aside = aside_.find(lanes_.LaneOf(item));
  return aside == aside_.end() ? main_ : aside->second;
}

// Behind the point of no return there is only trying again.
bool Transaction::IsUnlimited(ItemIndex item) const {
  return plan_->items[item.value].phase >= PlanPhase::kUnlock ||
         aside_.contains(lanes_.LaneOf(item));
}

Grade Transaction::NextGrade(ItemIndex item) const {
  const Direction direction = InBackward() ? Direction::kInverse : Direction::kForward;
  const Grade last = items_[item.value].grade;
  if (last.direction != direction) return {direction, 1};
  return {direction, static_cast<std::uint16_t>(std::min(last.attempt + 1, int{UINT16_MAX}))};
}

}  // namespace eris::planner
