// The way back: which inverses run, what a refusal and a silent target mean, what is verified.
#include <algorithm>
#include <utility>
#include <variant>

#include "planner/plan/plan_text.h"
#include "planner/plan/rollback.h"
#include "planner/transaction.h"

namespace eris::planner {
namespace {

constexpr std::size_t kMaxDifferences = 20;

std::string Describe(const ActiveMapping& mapping) {
  return mapping.service_name.text + " in " + mapping.container.text;
}

// What `after` lacks and what it has too much.
std::vector<std::string> Differences(const TargetReport& before, const TargetReport& after) {
  std::vector<std::string> lines;
  if (before.profile != after.profile) {
    lines.push_back("profile is " + (after.profile.empty() ? "none" : after.profile.text) +
                    ", was " + (before.profile.empty() ? "none" : before.profile.text));
  }
  std::vector<ActiveMapping> gone;
  std::vector<ActiveMapping> added;
  std::set_difference(before.mappings.begin(), before.mappings.end(), after.mappings.begin(),
                      after.mappings.end(), std::back_inserter(gone));
  std::set_difference(after.mappings.begin(), after.mappings.end(), before.mappings.begin(),
                      before.mappings.end(), std::back_inserter(added));
  for (const ActiveMapping& mapping : gone)
    lines.push_back(Describe(mapping) + " is not as before");
  for (const ActiveMapping& mapping : added)
    lines.push_back(Describe(mapping) + " was not so before");
  if (lines.size() > kMaxDifferences) {
    lines.resize(kMaxDifferences);
    lines.emplace_back("and more");
  }
  return lines;
}

}  // namespace

// All inverses there are, but for targets that were given up.
std::vector<InverseStep> Transaction::Inverses() const {
  StepEffects effects;
  effects.reserve(items_.size());
  for (const Item& item : items_) {
    effects.push_back(item.effect ? StepEffect::kPossible : StepEffect::kNone);
  }
  std::vector<InverseStep> inverses = RollbackOf(*plan_, effects);
  std::erase_if(inverses, [this](const InverseStep& step) {
    return abandoned_.contains(lanes_.LaneOf(step.item));
  });
  return inverses;
}

void Transaction::BeginBackward() {
  for (Item& item : items_) item.tries = 0;
  way_ = Way::kBackward;
  main_ = Schedule::Backward(Inverses());
  main_.OpenAll();
}

void Transaction::ResumeBackward() {
  const auto was_refused = [](const Schedule& schedule, ItemIndex item) {
    const Schedule::Standing standing = schedule.StandingOf(item);
    return standing == Schedule::Standing::kFailed || standing == Schedule::Standing::kHeldBack;
  };
  std::vector<InverseStep> steps = Inverses();
  std::set<LaneNumber>
      lanes;  // where something is run again: then all that waits there comes with it
  for (const auto& [lane, why] : broken_) lanes.insert(lane);
  for (const InverseStep& step : steps) {
    if (was_refused(main_, step.item) || was_refused(ScheduleOf(step.item), step.item)) {
      lanes.insert(lanes_.LaneOf(step.item));
    }
  }
  const auto is_due = [&](ItemIndex item) {
    if (was_refused(main_, item) || was_refused(ScheduleOf(item), item)) return true;
    const LaneNumber lane = lanes_.LaneOf(item);
    if (!lanes.contains(lane)) return false;
    const auto aside = aside_.find(lane);
    const bool waits = aside != aside_.end() &&
                       aside->second.StandingOf(item) != Schedule::Standing::kAbsent &&
                       !aside->second.IsSettled(item);
    return waits || IsVerifier(item);  // a verdict that is older than a step says nothing
  };
  std::vector<InverseStep> again;
  for (InverseStep& step : steps) {
    if (!is_due(step.item)) continue;
    items_[step.item.value].tries = 0;
    lanes_.Rest(step.item);
    again.push_back(std::move(step));
  }
  for (const LaneNumber lane : lanes) {
    aside_.erase(lane);
    lanes_.TakeBack(lane);
  }
  broken_.clear();
  main_ = Schedule::Backward(again);
  main_.OpenAll();
}

void Transaction::On(const RollbackResumed&, SteadyTime) {
  status_.phase = TransactionPhase::kRollingBack;
  status_.result.reset();
  status_.message.clear();
  status_.ended_at = {};
  ResumeBackward();
}

void Transaction::On(const TargetVerified& event, SteadyTime) {
  const std::optional<LaneNumber> lane =
      lanes_.Find({.kind = QueueName::Kind::kTarget, .name = event.target.text});
  if (!lane) return;
  Verification& verification = verifications_[*lane];
  verification.verdict = event.verdict;
  verification.after.reset();
  if (event.verdict != TargetVerified::Verdict::kUnverified) {
    verification.differed = event.verdict == TargetVerified::Verdict::kDiffers;
  }
  const auto aside = aside_.find(*lane);
  if (event.verdict == TargetVerified::Verdict::kUnverified) {
    if (aside == aside_.end()) SetAside(*lane);
  } else if (aside != aside_.end() && aside->second.settled()) {
    aside_.erase(aside);
  }
}

void Transaction::On(const Abandoned& event, SteadyTime) {
  const QueueName meant{.kind = QueueName::Kind::kTarget, .name = event.target.text};
  for (std::uint32_t i = 0; i < lanes_.size(); ++i) {
    const LaneNumber lane{i};
    if (!event.target.empty() && lanes_.QueueOf(lane) != meant) continue;
    lanes_.SetAside(lane);
    for (const ItemIndex item : UnsettledOf(lane)) {
      lanes_.Rest(item);
      // While the last of the way forward come in, nothing there gets ready any more.
      if (way_ != Way::kDraining) main_.Leave(item);
    }
    if (const auto aside = aside_.find(lane); aside != aside_.end()) {
      for (const ItemIndex item : aside->second.items()) lanes_.Rest(item);
      aside_.erase(aside);
    }
    broken_.erase(lane);
    verifications_.erase(lane);
    abandoned_.insert(lane);
  }
}

std::vector<ItemIndex> Transaction::UnsettledOf(LaneNumber lane) const {
  std::vector<ItemIndex> items;
  for (const ItemIndex item : main_.items()) {
    if (lanes_.LaneOf(item) == lane && !main_.IsSettled(item)) items.push_back(item);
  }
  return items;
}

// The part of a lane that is left becomes a schedule of its own, one step after the other. On the
// way back it begins when the others are done, who do not wait for it: what it brings up needs
// theirs.
void Transaction::SetAside(LaneNumber lane) {
  lanes_.SetAside(lane);
  std::vector<Schedule::Step> chain;
  for (const ItemIndex item : UnsettledOf(lane)) {
    Schedule::Step step{.item = item, .stage = 0, .after = {}};
    if (!chain.empty()) step.after.push_back(chain.back().item);
    chain.push_back(std::move(step));
  }
  for (const Schedule::Step& step : chain) {
    lanes_.Rest(step.item);
    main_.Leave(step.item);
  }
  const bool may_run =
      InBackward() ? main_.settled() : status_.phase >= TransactionPhase::kFinishing;
  Schedule& schedule = aside_.insert_or_assign(lane, Schedule(std::move(chain))).first->second;
  if (may_run) schedule.OpenAll();
}

// As it was; but where a transaction that was given up may have left anything, what went back is as
// the base says.
TargetReport Transaction::ExpectedAt(LaneNumber lane, const TargetReport& before) const {
  const std::vector<TargetName>& in_doubt = plan_->summary.in_doubt;
  const TargetName target(lanes_.QueueOf(lane).name);
  TargetReport expected = before;
  if (!std::binary_search(in_doubt.begin(), in_doubt.end(), target)) return expected;
  std::vector<ActiveMapping>& mappings = expected.mappings;
  const auto erase = [&](const Activity& activity) {
    std::erase_if(mappings, [&](const ActiveMapping& mapping) {
      return mapping.container == activity.container && mapping.service == activity.service &&
             mapping.digest == activity.digest;
    });
  };
  const std::vector<ItemIndex>& items = lanes_.ItemsOf(lane);
  for (auto item = items.rbegin(); item != items.rend(); ++item) {
    const std::optional<ItemBody>& inverse = plan_->items[item->value].inverse;
    if (!inverse || !items_[item->value].effect) continue;
    if (const auto* set = std::get_if<SetProfileItem>(&*inverse)) expected.profile = set->path;
    if (const auto* down = std::get_if<DeactivateItem>(&*inverse)) erase(down->activity);
    if (const auto* up = std::get_if<ActivateItem>(&*inverse)) {
      erase(up->activity);
      mappings.push_back({.service_name = up->activity.service_name,
                          .service = up->activity.service,
                          .container = up->activity.container,
                          .digest = up->activity.digest,
                          .package = up->activity.package});
    }
  }
  std::sort(mappings.begin(), mappings.end());
  return expected;
}

// The query that looks whether the target is as it was.
bool Transaction::IsVerifier(ItemIndex item) const {
  const PlanItem& planned = plan_->items[item.value];
  return planned.inverse && std::holds_alternative<QueryItem>(*planned.inverse) &&
         !std::holds_alternative<SnapshotItem>(planned.body);
}

// The query that fences a snapshot: once it was answered, however, that one is not taken any more.
bool Transaction::IsFence(ItemIndex item) const {
  const PlanItem& planned = plan_->items[item.value];
  return planned.inverse && std::holds_alternative<QueryItem>(*planned.inverse) &&
         std::holds_alternative<SnapshotItem>(planned.body);
}

// Where an inverse was refused the target stays locked: only what is restored is unlocked.
bool Transaction::StaysLocked(ItemIndex item) const {
  const PlanPhase phase = plan_->items[item.value].phase;
  return InBackward() && (phase == PlanPhase::kLease || phase == PlanPhase::kLock) &&
         broken_.contains(lanes_.LaneOf(item));
}

void Transaction::OnFailureBackward(ItemIndex item, const Outcome& outcome, SteadyTime now) {
  const Verdict verdict = outcome.verdict;
  const bool said_no = verdict == Verdict::kFailed || verdict == Verdict::kUnimplemented;
  const bool exhausted = items_[item.value].tries >= tuning_.max_attempts;
  if (IsVerifier(item) && (said_no || exhausted)) {
    verifications_[lanes_.LaneOf(item)].after = outcome;
    ScheduleOf(item).Leave(item);
    return;
  }
  if (IsFence(item) && said_no) return ScheduleOf(item).Succeed(item);
  if (IsLastDump(plan_->items[item.value]) &&
      (said_no || exhausted || verdict == Verdict::kCancelled)) {
    const PlanItem& planned = plan_->items[item.value];
    notes_.push_back(DescribeItem(*planned.inverse) + " on " + planned.queue.name +
                     ", which is left as it is: " + outcome.message);
    ScheduleOf(item).Leave(item);
    return;
  }
  if (said_no || (verdict == Verdict::kRefused && exhausted)) {
    const PlanItem& planned = plan_->items[item.value];
    FailBackward(item, DescribeItem(*planned.inverse) + " on " + planned.queue.name +
                           " was refused: " + outcome.message);
    return;
  }
  TryAgain(item, verdict, now);
}

void Transaction::FailBackward(ItemIndex item, const std::string& why) {
  broken_.try_emplace(lanes_.LaneOf(item), why);
  for (const ItemIndex held_back : ScheduleOf(item).Fail(item)) {
    lanes_.Rest(held_back);
    broken_.try_emplace(lanes_.LaneOf(held_back), "waits behind: " + why);
  }
}

std::optional<EventBody> Transaction::DecideBackward(SteadyTime now) const {
  if (auto verdict = DecideVerdict()) return verdict;
  if (auto overdue = DecideOverdue()) return overdue;
  if (auto silent = DecideSilentOut(now)) return silent;
  if (way_ == Way::kDraining) return std::nullopt;
  if (const std::optional<LaneNumber> lane = lanes_.Silent(wait(), now)) {
    return TargetVerified{.target = TargetName(lanes_.QueueOf(*lane).name),
                          .verdict = TargetVerified::Verdict::kUnverified,
                          .differences = {SilentLine(*lane, now) +
                                          ": what is left to undo there waits for its return"}};
  }
  if (auto wave = DecideWave()) return wave;
  return DecideBackwardEnd();
}

std::optional<EventBody> Transaction::DecideVerdict() const {
  for (const auto& [lane, verification] : verifications_) {
    if (!verification.after) continue;
    // Of a target that was set aside the verdict is the last word: unlocked, too.
    const auto aside = aside_.find(lane);
    if (aside != aside_.end() && !aside->second.settled()) continue;
    TargetVerified verified{.target = TargetName(lanes_.QueueOf(lane).name),
                            .verdict = TargetVerified::Verdict::kDiffers,
                            .differences = {}};
    const auto* report = std::get_if<TargetReport>(&verification.after->report);
    if (report == nullptr) {
      verified.differences = {"it could not be asked: " + verification.after->message};
    } else if (!verification.before) {
      verified.differences = {"its lease came without a report"};
    } else {
      verified.differences = Differences(ExpectedAt(lane, *verification.before), *report);
      if (verified.differences.empty()) verified.verdict = TargetVerified::Verdict::kVerified;
    }
    return verified;
  }
  for (const auto& [lane, schedule] : aside_) {
    if (!schedule.settled() || broken_.contains(lane)) continue;
    // All is done that had waited. What the query said on the way stands.
    const auto said = verifications_.find(lane);
    const bool differs =
        said != verifications_.end() && said->second.verdict == TargetVerified::Verdict::kDiffers;
    return TargetVerified{
        .target = TargetName(lanes_.QueueOf(lane).name),
        .verdict = differs ? TargetVerified::Verdict::kDiffers : TargetVerified::Verdict::kVerified,
        .differences = {}};
  }
  return std::nullopt;
}

std::optional<EventBody> Transaction::DecideBackwardEnd() const {
  if (!main_.settled()) return std::nullopt;
  TransactionResult result = status_.phase == TransactionPhase::kAborting
                                 ? TransactionResult::kAborted
                                 : TransactionResult::kRolledBack;
  if (!abandoned_.empty()) result = TransactionResult::kAbandoned;
  if (!broken_.empty()) result = TransactionResult::kStuck;
  return TransactionEnded{.result = result, .message = BackwardMessage()};
}

std::optional<EventBody> Transaction::DecideAfterEnd() const {
  if (!plan_) return std::nullopt;
  if (auto verdict = DecideVerdict()) return verdict;
  if (auto overdue = DecideOverdue()) return overdue;
  if (auto wave = DecideWave()) return wave;
  if (status_.result == TransactionResult::kCommittedStillLocked && main_.settled()) {
    return TransactionEnded{.result = TransactionResult::kCommitted,
                            .message = abandoned_.empty() ? "everything is unlocked now"
                                                          : "what is still locked was given up"};
  }
  const bool is_stuck_on_record = status_.result == TransactionResult::kStuck;
  if (!broken_.empty() && !is_stuck_on_record) {
    return TransactionEnded{.result = TransactionResult::kStuck, .message = BackwardMessage()};
  }
  if (broken_.empty() && is_stuck_on_record) {
    return TransactionEnded{.result = TransactionResult::kAbandoned, .message = BackwardMessage()};
  }
  return std::nullopt;
}

std::string Transaction::BackwardMessage() const {
  std::string message = failure_;
  const auto add = [&message](const std::string& text) {
    message += message.empty() ? text : "; " + text;
  };
  for (const auto& [lane, why] : broken_) add(why);
  for (const auto& [lane, verification] : verifications_) {
    if (verification.verdict == TargetVerified::Verdict::kDiffers) {
      add(lanes_.QueueOf(lane).name + " is not as it was before");
    }
  }
  for (const auto& [lane, schedule] : aside_) {
    add(lanes_.QueueOf(lane).name + " is unverified: it did not answer");
  }
  for (const LaneNumber lane : abandoned_) add(lanes_.QueueOf(lane).name + " was given up");
  for (const std::string& note : notes_) add(note);
  return message;
}

}  // namespace eris::planner
