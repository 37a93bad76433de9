// One transaction: the move of a profile from one generation to the next, or back (design §6). Pure
// and event-sourced: Decide looks and says which event comes next, Apply is the only thing that
// changes journaled state, live and at replay. Equal journals give equal transactions.
//
// It decides about items, attempts, phases and the way back. It does not decide who goes first:
// queues of profiles, leases of shared targets and generation numbers are the coordinator's.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "planner/lanes.h"
#include "planner/schedule.h"
#include "planner/snapshot_names.h"
#include "planner/tuning.h"
#include "schema/base/clock.h"
#include "schema/values/event.h"
#include "schema/values/ids.h"
#include "schema/values/plan.h"
#include "schema/values/request.h"
#include "schema/values/submission.h"

namespace eris::planner {

// What the coordinator allows in this turn.
struct Permits {
  enum class Lock : std::uint8_t { kWait, kGranted };
  Lock lock = Lock::kWait;  // leases of its targets may be taken
  GenerationNumber next_generation;
};

// Owned by the coordinator from its acceptance until it is `finished`. Invariants:
//   1. an item is published only after its ItemsPublished was journaled, with growing grades,
//   2. forwards an item is published after everything before it has succeeded; nothing is published
//      forwards once the way back has begun,
//   3. the way back is RollbackOf(plan, effects that were possible when the last item that was out
//      came in): a function of the journal alone (P4),
//   4. after GenerationCommitted there is no way back; where no generation is made, after the phase
//      kFinishing was entered.
class Transaction {
 public:
  // `accepted` holds a SubmissionAccepted.
  Transaction(const Tuning& tuning, const Event& accepted);

  // Precondition: the event is of this transaction, and follows from its state.
  void Apply(const Event& event, SteadyTime now);
  // The next event, if there is cause for one. The caller applies it and asks again. Call Tick
  // first, once a turn.
  std::optional<EventBody> Decide(const Permits& permits, SteadyTime now) const;

  // ---- volatile input: never journaled, repeated after a restart ----
  void Tick(SteadyTime now);
  void SetPresence(const QueueName& queue, Lanes::Presence presence, SteadyTime now);
  void SetLink(Lanes::Presence presence, SteadyTime now);
  // Somebody works on the item.
  void SawProgress(ItemIndex item, SteadyTime now);
  std::optional<SteadyTime> NextWake() const;

  // ---- what it is ----
  TransactionId id() const { return status_.transaction; }
  const Submission& submission() const { return submission_; }
  TransactionPhase phase() const { return status_.phase; }
  std::optional<TransactionResult> result() const { return status_.result; }
  GenerationNumber generation() const { return status_.generation; }
  // It queues up behind nothing, and takes no leases.
  bool is_operation() const;
  bool makes_generation() const;
  bool is_planned() const { return plan_.has_value(); }
  const Plan& plan() const { return *plan_; }  // precondition: is_planned()
  // Whether it can be cancelled; past the point of no return it cannot.
  bool is_cancellable() const;
  // Whether it has come to where it was to stop, and waits.
  bool is_paused() const { return paused_.has_value(); }
  // After what it is paused. Precondition: is_paused().
  Until paused_after() const { return *paused_; }
  bool is_stuck() const { return status_.result == TransactionResult::kStuck; }
  // Nothing is left to do, now or later: it may be forgotten.
  bool is_finished() const;
  // Prepared, and in want of its leases.
  bool wants_lock() const;
  // Whether others must stay away from the target; and whether it takes part at all.
  bool holds(const TargetName& target) const;
  bool involves(const QueueName& queue) const;
  // Whether builders may still be asked for something.
  bool may_build() const;
  const std::set<TargetName>& lease_targets() const { return lease_targets_; }
  const Lanes& lanes() const { return lanes_; }

  // Whether this outcome settles something that is out. Late ones of earlier grades never do.
  bool Awaits(ItemIndex item, Grade grade) const;
  // What is out, as it was published: to be published again after the broker has forgotten it.
  std::vector<PublishedItem> Out() const;
  const ItemBody& BodyOf(const PublishedItem& item) const;
  Duration DeadlineOf(const PublishedItem& item) const;

  TransactionStatus Status(SteadyTime now) const;

 private:
  struct Item {
    Grade grade;              // highest that was published
    std::uint32_t tries = 0;  // settled without success, in the present direction
    bool effect = false;      // an attempt that is settled may have taken effect
  };
  struct Verification {
    TargetVerified::Verdict verdict = TargetVerified::Verdict::kUnverified;
    bool differed = false;               // the last verdict that was one
    std::optional<TargetReport> before;  // taken under the lock
    std::optional<Outcome> after;        // of the query on the way back; consumed by the verdict
  };
  enum class Way : std::uint8_t { kForward, kDraining, kBackward };

  // ---- Apply, by event (transaction.cpp) ----
  void On(const SubmissionAccepted& event, SteadyTime now);
  void On(const TransactionPlanned& event, SteadyTime now);
  void On(const PhaseEntered& event, SteadyTime now);
  void On(const ItemsPublished& event, SteadyTime now);
  void On(const ItemSettled& event, SteadyTime now);
  void On(const CancelRequested& event, SteadyTime now);
  void On(const TargetVerified& event, SteadyTime now);
  void On(const GenerationCommitted& event, SteadyTime now);
  void On(const TransactionEnded& event, SteadyTime now);
  void On(const RollbackResumed& event, SteadyTime now);
  void On(const Abandoned& event, SteadyTime now);
  void On(const TransactionPaused& event, SteadyTime now);
  void On(const TransactionResumed& event, SteadyTime now);
  void On(const GenerationsDeleted& event, SteadyTime now);
  void On(const PlannerStarted& event, SteadyTime now);
  void On(const PlannerSuperseded& event, SteadyTime now);
  void NoteLocks(const Event& event);
  void OnSuccess(ItemIndex item, const Outcome& outcome);
  void OnTaken(ItemIndex item, const Outcome& outcome);
  void OnFailureForward(ItemIndex item, const Outcome& outcome, SteadyTime now);
  void OnFailureBackward(ItemIndex item, const Outcome& outcome, SteadyTime now);
  void TryAgain(ItemIndex item, Verdict verdict, SteadyTime now);
  void NewlyReady(SteadyTime now);

  // ---- the way back (transaction_rollback.cpp) ----
  std::vector<InverseStep> Inverses() const;
  void BeginBackward();
  void ResumeBackward();
  void FailBackward(ItemIndex item, const std::string& why);
  void SetAside(LaneNumber lane);
  std::vector<ItemIndex> UnsettledOf(LaneNumber lane) const;
  bool IsVerifier(ItemIndex item) const;
  bool IsFence(ItemIndex item) const;
  bool StaysLocked(ItemIndex item) const;
  TargetReport ExpectedAt(LaneNumber lane, const TargetReport& before) const;
  std::optional<EventBody> DecideBackward(SteadyTime now) const;
  std::optional<EventBody> DecideVerdict() const;
  std::optional<EventBody> DecideBackwardEnd() const;
  std::optional<EventBody> DecideAfterEnd() const;
  std::string BackwardMessage() const;

  // ---- Decide (transaction_decide.cpp) ----
  std::optional<EventBody> DecideNext(const Permits& permits, SteadyTime now) const;
  std::optional<EventBody> DecideForward(const Permits& permits, SteadyTime now) const;
  std::optional<EventBody> DecideNextPhase(const Permits& permits) const;
  bool StopsHere() const;
  std::optional<EventBody> DecideFinishing(SteadyTime now) const;
  std::optional<EventBody> DecideOverdue() const;
  std::optional<EventBody> DecideSilentOut(SteadyTime now) const;
  std::optional<EventBody> DecideWave() const;
  bool IsTransfer(ItemIndex item) const;
  std::size_t RoomForTransfers() const;
  bool BuildsGoOn() const;
  bool IsTombstone(LaneNumber lane) const;
  std::string StateThere(LaneNumber lane) const;
  bool IsExhausted(SteadyTime now) const;
  std::string SilentLine(LaneNumber lane, SteadyTime now) const;
  std::string StillLocked() const;
  std::string LeftOut(std::string_view before) const;
  std::int64_t LockedMs() const;

  Duration wait() const { return Duration(submission_.options.wait_ms); }
  void OpenPhase();
  Schedule& ScheduleOf(ItemIndex item);
  const Schedule& ScheduleOf(ItemIndex item) const;
  bool InBackward() const { return way_ == Way::kBackward; }
  bool IsUnlimited(ItemIndex item) const;
  Grade NextGrade(ItemIndex item) const;

  Tuning tuning_;
  Submission submission_;     // without its manifest once it is planned
  TransactionStatus status_;  // phase, result, message, times
  std::optional<Plan> plan_;
  SnapshotNames snapshots_;             // completes the plan
  std::set<TargetName> next_targets_;   // of the new manifest
  std::set<TargetName> lease_targets_;  // of the plan
  std::vector<Item> items_;
  Lanes lanes_;
  Schedule main_;
  std::map<LaneNumber, Schedule> aside_;  // what waits for a target's return
  Way way_ = Way::kForward;
  std::string failure_;                      // why the way forward ended, or must end
  std::string cancelled_by_;                 // not empty: a cancel was requested
  Until until_ = Until::kEnd;                // where to stop
  std::optional<Until> paused_;              // it has stopped there
  std::map<TargetName, StorePath> adopted_;  // of an adoption: profiles that must be there
  std::vector<std::string> notes_;           // failures that end nothing
  std::optional<WallTime> locked_at_;        // the first lock, or the switch
  WallTime unlocked_at_;                     // the last unlock so far
  std::map<LaneNumber, Verification> verifications_;
  std::map<LaneNumber, std::string> broken_;  // lanes with a refused inverse, and the first refusal
  std::set<LaneNumber> abandoned_;
};

}  // namespace eris::planner
