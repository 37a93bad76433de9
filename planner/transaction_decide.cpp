// What comes next: one event at a time, as long as there is cause for one.
#include <algorithm>
#include <utility>
#include <variant>

#include "planner/plan/plan_text.h"
#include "planner/transaction.h"
#include "schema/base/planted.h"

namespace eris::planner {
namespace {

constexpr std::size_t kMaxWaitingLines = 20;

void Append(std::string& text, const std::string& more) {
  text += text.empty() ? more : "; " + more;
}

std::string Seconds(Duration duration) {
  return std::to_string(std::chrono::duration_cast<std::chrono::seconds>(duration).count()) + " s";
}

}  // namespace

std::optional<EventBody> Transaction::Decide(const Permits& permits, SteadyTime now) const {
  std::optional<EventBody> next = DecideNext(permits, now);
  auto* ended = next ? std::get_if<TransactionEnded>(&*next) : nullptr;
  if (ended != nullptr) ended->locked_ms = LockedMs();
  return next;
}

std::optional<EventBody> Transaction::DecideNext(const Permits& permits, SteadyTime now) const {
  switch (status_.phase) {
    case TransactionPhase::kSubmitted:
      if (!cancelled_by_.empty()) {
        return TransactionEnded{.result = TransactionResult::kAborted, .message = cancelled_by_};
      }
      if (!plan_) return std::nullopt;
      if (plan_->empty()) {
        return TransactionEnded{.result = TransactionResult::kUnchanged,
                                .message = "nothing changes" + LeftOut("; ")};
      }
      return PhaseEntered{
          .phase = is_operation() ? TransactionPhase::kFinishing : TransactionPhase::kPreparing,
          .why = {}};
    case TransactionPhase::kPreparing:
    case TransactionPhase::kLocking:
    case TransactionPhase::kSwitching:
    case TransactionPhase::kCommitting:
      return DecideForward(permits, now);
    case TransactionPhase::kFinishing:
      return DecideFinishing(now);
    case TransactionPhase::kAborting:
    case TransactionPhase::kRollingBack:
      return DecideBackward(now);
    case TransactionPhase::kEnded:
      return DecideAfterEnd();
  }
  return std::nullopt;
}

std::optional<EventBody> Transaction::DecideForward(const Permits& permits, SteadyTime now) const {
  if (status_.generation) {
    return PhaseEntered{.phase = TransactionPhase::kFinishing, .why = {}};
  }
  const TransactionPhase way_out = status_.phase < TransactionPhase::kSwitching
                                       ? TransactionPhase::kAborting
                                       : TransactionPhase::kRollingBack;
  if (!failure_.empty() && !BuildsGoOn()) {
    return PhaseEntered{.phase = way_out, .why = failure_};
  }
  if (!cancelled_by_.empty()) return PhaseEntered{.phase = way_out, .why = cancelled_by_};
  if (const std::optional<LaneNumber> lane = lanes_.Silent(wait(), now)) {
    if (IsTombstone(*lane)) {
      return TargetVerified{
          .target = TargetName(lanes_.QueueOf(*lane).name),
          .verdict = TargetVerified::Verdict::kUnverified,
          .differences = {SilentLine(*lane, now) + ": what goes from there waits for its return"}};
    }
    return PhaseEntered{
        .phase = way_out,
        .why = failure_.empty() ? SilentLine(*lane, now) + StateThere(*lane) : failure_};
  }
  if (auto overdue = DecideOverdue()) return overdue;
  if (auto wave = DecideWave()) return wave;
  if (main_.opened_is_settled()) return DecideNextPhase(permits);
  return std::nullopt;
}

// After a failed build the others are built all the same: whoever mends the one finds them done,
// and learns of all that are to be mended at once.
bool Transaction::BuildsGoOn() const {
  if (status_.phase != TransactionPhase::kPreparing) return false;
  bool one_failed = false;
  bool one_is_left = false;
  for (const ItemIndex item : main_.items()) {
    if (plan_->items[item.value].phase != PlanPhase::kPrepare) break;  // the first phase
    if (!std::holds_alternative<BuildItem>(plan_->items[item.value].body)) continue;
    one_failed |= main_.StandingOf(item) == Schedule::Standing::kFailed;
    one_is_left |= !main_.IsSettled(item);
  }
  return one_failed && one_is_left;
}

// Everything that comes before the stop is settled.
bool Transaction::StopsHere() const {
  switch (until_) {
    case Until::kEnd:
      return false;
    case Until::kPrepare:
      return status_.phase == TransactionPhase::kPreparing;
    case Until::kLock:
    case Until::kSwitch:
      return status_.phase == TransactionPhase::kSwitching;
  }
  return false;
}

std::optional<EventBody> Transaction::DecideNextPhase(const Permits& permits) const {
  if (StopsHere()) {
    if (paused_) return std::nullopt;
    return TransactionPaused{until_};
  }
  if (status_.phase == TransactionPhase::kPreparing) {
    if (permits.lock == Permits::Lock::kWait) return std::nullopt;
    return PhaseEntered{.phase = TransactionPhase::kLocking, .why = {}};
  }
  if (status_.phase == TransactionPhase::kLocking) {
    return PhaseEntered{.phase = TransactionPhase::kSwitching, .why = {}};
  }
  if (status_.phase == TransactionPhase::kSwitching) {
    return PhaseEntered{
        .phase = makes_generation() ? TransactionPhase::kCommitting : TransactionPhase::kFinishing,
        .why = {}};
  }
  return GenerationCommitted{.profile = submission_.profile, .generation = permits.next_generation};
}

std::optional<EventBody> Transaction::DecideFinishing(SteadyTime now) const {
  if (auto overdue = DecideOverdue()) return overdue;
  if (auto wave = DecideWave()) return wave;
  if (!main_.settled() && !IsExhausted(now)) return std::nullopt;
  std::string message;
  for (const std::string& note : notes_) Append(message, note);
  message += LeftOut(message.empty() ? "" : "; ");
  const std::string locked = StillLocked();
  for (const ItemIndex item : main_.items()) {
    const PlanItem& planned = plan_->items[item.value];
    if (planned.phase != PlanPhase::kAfterCommit || main_.IsSettled(item)) continue;
    const std::string& name = planned.queue.name;
    Append(message, DescribeItem(planned.body) + " on " + name +
                        (lanes_.IsConnected(lanes_.LaneOf(item)) ? " does not succeed"
                                                                 : ": it is not connected"));
  }
  for (const auto& [lane, schedule] : aside_) {
    Append(message, "what goes from " + lanes_.QueueOf(lane).name + " waits for its return");
  }
  if (plan_->items.front().phase == PlanPhase::kAfterCommit) {  // there was nothing to commit
    return TransactionEnded{
        .result = message.empty() ? TransactionResult::kCommitted : TransactionResult::kAborted,
        .message = message};
  }
  if (!locked.empty()) {
    Append(message, "still locked: " + locked);
    return TransactionEnded{.result = TransactionResult::kCommittedStillLocked, .message = message};
  }
  return TransactionEnded{.result = TransactionResult::kCommitted, .message = message};
}

std::optional<EventBody> Transaction::DecideOverdue() const {
  const std::optional<ItemIndex> item = lanes_.Overdue();
  if (!item || IsPlanted(Bug::kTrustReceipt)) return std::nullopt;
  const PublishedItem published{*item, items_[item->value].grade};
  Outcome outcome;
  outcome.verdict = Verdict::kUnknown;
  outcome.message = "no outcome within " + Seconds(DeadlineOf(published) + tuning_.grace);
  return ItemSettled{.item = published, .outcome = std::move(outcome)};
}

// What is out at a target that has been silent for too long is not waited for.
std::optional<EventBody> Transaction::DecideSilentOut(SteadyTime now) const {
  const std::optional<LaneNumber> lane = lanes_.Silent(wait(), now);
  if (!lane || lanes_.OutAt(*lane) == 0) return std::nullopt;
  for (const ItemIndex item : lanes_.out()) {
    if (lanes_.LaneOf(item) != *lane) continue;
    Outcome outcome;
    outcome.verdict = Verdict::kUnknown;
    outcome.message = SilentLine(*lane, now);
    return ItemSettled{.item = {item, items_[item.value].grade}, .outcome = std::move(outcome)};
  }
  return std::nullopt;
}

std::optional<EventBody> Transaction::DecideWave() const {
  const std::vector<ItemIndex> items = lanes_.Sendable(tuning_.wave);
  if (items.empty()) return std::nullopt;
  std::optional<std::size_t> room;  // counted once something is to be transferred
  ItemsPublished published;
  published.items.reserve(items.size());
  for (const ItemIndex item : items) {
    if (IsTransfer(item)) {
      if (!room) room = RoomForTransfers();
      if (*room == 0) continue;
      --*room;
    }
    published.items.push_back({item, NextGrade(item)});
  }
  if (published.items.empty()) return std::nullopt;
  return published;
}

bool Transaction::IsTransfer(ItemIndex item) const {
  return std::holds_alternative<TransferItem>(plan_->items[item.value].body);
}

// One to a target that is not there holds nobody up.
std::size_t Transaction::RoomForTransfers() const {
  const std::size_t allowed = std::max(submission_.options.max_concurrent_transfers, 1U);
  const auto& out = lanes_.out();
  const auto busy =
      static_cast<std::size_t>(std::count_if(out.begin(), out.end(), [this](ItemIndex item) {
        return IsTransfer(item) && lanes_.IsConnected(lanes_.LaneOf(item));
      }));
  return allowed - std::min(allowed, busy);
}

// A target that only loses something and is not there holds nobody up (design §5).
bool Transaction::IsTombstone(LaneNumber lane) const {
  const QueueName& queue = lanes_.QueueOf(lane);
  if (queue.kind != QueueName::Kind::kTarget) return false;
  if (!makes_generation() || next_targets_.contains(TargetName(queue.name))) return false;
  if (status_.phase >= TransactionPhase::kSwitching) return false;
  if (!StateThere(lane).empty()) return false;
  for (std::uint32_t i = 0; i < items_.size(); ++i) {
    if (lanes_.LaneOf({i}) == lane && items_[i].grade != Grade{}) return false;
  }
  return true;
}

// Empty unless a state moves away from there.
std::string Transaction::StateThere(LaneNumber lane) const {
  for (const PlanItem& item : plan_->items) {
    const auto* transfer = std::get_if<TransferStateItem>(&item.body);
    if (transfer == nullptr || transfer->way == TransferStateItem::Way::kToDepot) continue;
    if (transfer->from.text != lanes_.QueueOf(lane).name) continue;
    const std::string& service = transfer->service_name.text;
    return ", and the state of " + service + " is there: --state-from " + service +
           "=last takes its last snapshot, --no-migration leaves it";
  }
  return {};
}

// All that is left either is at a silent target or has failed often: time to report.
bool Transaction::IsExhausted(SteadyTime now) const {
  const auto goes_on = [this, now](ItemIndex item) {
    return main_.StandingOf(item) == Schedule::Standing::kReady &&
           items_[item.value].tries < tuning_.max_attempts &&
           !lanes_.IsSilent(lanes_.LaneOf(item), wait(), now);
  };
  // Nearly always one of those that are out tells, without a look at all the others.
  return std::none_of(lanes_.out().begin(), lanes_.out().end(), goes_on) &&
         std::none_of(main_.items().begin(), main_.items().end(), goes_on);
}

std::string Transaction::SilentLine(LaneNumber lane, SteadyTime now) const {
  const QueueName& queue = lanes_.QueueOf(lane);
  if (queue.kind == QueueName::Kind::kPlanner) return "the " + queue.name + " is not there";
  const std::string who = queue.kind == QueueName::Kind::kTarget
                              ? "target " + queue.name + " is not connected"
                              : "no builder for " + queue.name + " is connected";
  const std::optional<SteadyTime> since = lanes_.SilentSince(lane);
  return since ? who + " (waited " + Seconds(now - *since) + ")" : who;
}

// The targets that it goes without, behind `before`; empty when there are none.
std::string Transaction::LeftOut(std::string_view before) const {
  std::string names;
  for (const TargetName& target : plan_->summary.left_out) {
    names += names.empty() ? target.text : ", " + target.text;
  }
  if (names.empty()) return {};
  return std::string(before) + "left out, because not connected: " + names +
         "; deploy again once that is mended";
}

std::string Transaction::StillLocked() const {
  std::set<std::string> names;
  for (const ItemIndex item : main_.items()) {
    const PlanItem& planned = plan_->items[item.value];
    if (planned.phase == PlanPhase::kUnlock && !main_.IsSettled(item)) {
      names.insert(planned.queue.name);
    }
  }
  std::string text;
  for (const std::string& name : names) text += text.empty() ? name : ", " + name;
  return text;
}

std::optional<SteadyTime> Transaction::NextWake() const { return lanes_.NextWake(wait()); }

bool Transaction::is_operation() const {
  const auto* work = std::get_if<StateOperation>(&submission_.action);
  return std::holds_alternative<Operate>(submission_.action) ||
         (work != nullptr && work->job == StateOperation::Job::kSnapshot);
}

bool Transaction::makes_generation() const {
  return !is_operation() && !std::holds_alternative<StateOperation>(submission_.action);
}

bool Transaction::is_cancellable() const {
  return status_.phase < TransactionPhase::kFinishing && !status_.generation;
}

bool Transaction::is_finished() const {
  if (status_.phase != TransactionPhase::kEnded || is_stuck()) return false;
  if (status_.result == TransactionResult::kCommittedStillLocked) return false;
  return aside_.empty() && broken_.empty();
}

bool Transaction::wants_lock() const {
  return status_.phase == TransactionPhase::kPreparing && main_.opened_is_settled() &&
         failure_.empty() && cancelled_by_.empty() && !StopsHere();
}

bool Transaction::holds(const TargetName& target) const {
  if (!lease_targets_.contains(target)) return false;
  const auto lane = lanes_.Find({.kind = QueueName::Kind::kTarget, .name = target.text});
  if (!lane || abandoned_.contains(*lane)) return false;
  if (aside_.contains(*lane) || broken_.contains(*lane)) return true;
  if (status_.phase < TransactionPhase::kLocking) return false;
  if (status_.phase != TransactionPhase::kEnded) return true;
  return std::any_of(main_.items().begin(), main_.items().end(), [&](ItemIndex item) {
    return lanes_.LaneOf(item) == *lane && !main_.IsSettled(item);
  });
}

bool Transaction::involves(const QueueName& queue) const {
  const std::optional<LaneNumber> lane = lanes_.Find(queue);
  return lane && !abandoned_.contains(*lane);
}

bool Transaction::may_build() const {
  if (status_.phase > TransactionPhase::kPreparing) return false;
  for (std::uint32_t i = 0; i < lanes_.size(); ++i) {
    if (lanes_.QueueOf({i}).kind == QueueName::Kind::kBuilder) return true;
  }
  return false;
}

TransactionStatus Transaction::Status(SteadyTime now) const {
  TransactionStatus status = status_;
  status.items_total = static_cast<std::uint32_t>(main_.size());
  status.items_done = static_cast<std::uint32_t>(main_.size() - main_.unsettled());
  if (status.message.empty()) status.message = failure_;
  if (paused_) {
    const std::string number = std::to_string(status_.transaction.value);
    status.waiting_for.push_back("somebody, for it was to stop after " +
                                 std::string(ToString(*paused_)) + ": eris deploy --resume " +
                                 number + ", or eris cancel " + number);
  }
  for (std::uint32_t i = 0; i < lanes_.size() && status.waiting_for.size() < kMaxWaitingLines;
       ++i) {
    if (aside_.contains({i})) {
      status.waiting_for.push_back("the return of " + lanes_.QueueOf({i}).name);
    } else if (lanes_.SilentSince({i})) {
      status.waiting_for.push_back(SilentLine({i}, now));
    }
  }
  return status;
}

}  // namespace eris::planner
