// The core of a worker: what it accepts, in which order it runs it, what it answers. Pure and
// event-sourced: it takes messages, completions and time, and returns ledger records and effects;
// the daemon (or the simulator) makes the records durable before it carries out the effects.
//
// Invariants (design D1-D5):
//   1. an item starts only after StepStarted of its grade is in the ledger, and is reported only
//      after StepSettled is; confirming and releasing a lease is a record itself and never starts;
//   2. a grade below the highest seen of its step never starts; a settled grade is answered, not
//   run;
//      an attempt after a success of the same direction is answered with that success;
//   3. items of an older epoch, of another journal, or below the low-water mark are refused for
//   ever;
//   4. a known id with another body is refused, never answered;
//   5. the lock phase needs the transaction's lease, the switch phase its confirmed lease;
//   6. an outcome is sent again, on every welcome and by age, until it is acknowledged;
//   7. activities for a transaction that is settled for ever are stopped, and no lease is granted
//   before they have ended: the report of a lease says what will be there.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "schema/base/clock.h"
#include "schema/base/turn.h"
#include "schema/values/ledger.h"
#include "schema/values/message.h"
#include "schema/values/plan.h"
#include "schema/values/work_item.h"
#include "worker/scheduler.h"

namespace eris {

struct AgentOptions {
  std::vector<QueueName> queues;  // what this worker serves; outcomes name the first
  Scheduler::Limits limits;
  std::uint32_t max_items = 512;  // accepted and not yet settled: the credit granted
  Duration resend_after{10'000};  // an unacknowledged outcome is sent again
};

// How an item is to be started.
enum class StartMode : std::uint8_t {
  kFresh,
  kResumed,  // it was started before this process: find out what became of it, then decide
};

struct SendMessage {
  Message message;
};
struct StartWork {
  ItemId id;
  std::int64_t deadline_ms = 0;
  Shared<ItemBody> body;
  DepotAccess depot;  // empty after a restart, until the planner publishes it again
  StartMode mode = StartMode::kFresh;
};
// End it early; its completion still follows.
struct StopWork {
  ItemId id;
};
// The transaction needs its garbage collector roots no longer.
struct DropRoots {
  TransactionId transaction;
};
// Its outcome is in the ledger: what was kept to find it out again may go.
struct ForgetWork {
  ItemId id;
};
using AgentEffect = std::variant<SendMessage, StartWork, StopWork, DropRoots, ForgetWork>;
using AgentDecisions = Decisions<LedgerRecord, AgentEffect>;

class Agent {
 public:
  // What a restarted worker does first is in the decisions: steps that were started and not settled
  // are resumed.
  static Agent Recover(AgentOptions options, LedgerState ledger, Now now);

  // The journal of the planner that the broker serves; before OnConnected. A worker that serves no
  // target holds nothing for anybody: it serves that one, without an operator's take-over.
  void OnJournalInCharge(JournalId journal) { in_charge_ = journal; }
  // The session with the broker is established: everything unacknowledged is sent, credit granted.
  void OnConnected(Now now);
  // Until the next welcome nothing is sent; what runs goes on.
  void OnDisconnected();
  // A message of the planner's or the broker's about items; others are answered by a fault.
  void OnMessage(const Message& message, Now now);
  // Work ended. Precondition: it was started and not ended before.
  void OnDone(const ItemId& id, Outcome outcome, Now now);
  // Expiry of leases, age of outcomes, records that nothing waits for. At least once a second.
  void OnTick(Now now);
  // Whether a tick would ever do something; otherwise nobody need wake up for it.
  bool wants_ticks() const;

  // What the agent wants done since the last call's turn ended: hand it to FinishTurn.
  AgentDecisions& decisions() { return decisions_; }

  const LedgerState& ledger() const { return ledger_; }
  // For hello.
  std::vector<ItemId> InFlight() const;
  std::size_t held() const { return held_.size(); }

 private:
  // An accepted item that has not been settled.
  struct Held {
    ItemId id;
    Shared<ItemBody> body;
    DepotAccess depot;
    std::int64_t deadline_ms = 0;
    std::uint64_t body_hash = 0;
    StartMode mode = StartMode::kFresh;
    enum class State : std::uint8_t { kWaiting, kRunning, kStopping } state = State::kWaiting;
    std::optional<WorkItem> successor;  // a higher grade, waiting for this one to end
  };

  Agent(AgentOptions options, LedgerState ledger);

  // What an earlier worker had begun, or not yet reported.
  void TakeUp(const ItemId& id, const LedgerAttempt& attempt, Now now);
  void Record(LedgerRecord record);
  void RecordAcknowledged();
  void Send(Message message);
  void SendOutcome(const ItemId& id, std::string encoded, Now now);
  void Refuse(const ItemId& id, std::string why);
  // The newest seen of that journal's planners: those of another say nothing of it.
  Epoch EpochOf(JournalId journal) const;

  void OnDeliver(const Message& message, Now now);
  void OnRevoke(const ItemId& id, Now now);
  void OnOutcomeAck(const ItemId& id);
  // The fences, in the order of the invariants; false = refused.
  bool PassesFences(const WorkItem& item);
  // Answers, ignores or supersedes what is known of the step; true = nothing more to do.
  bool IsAnswered(const WorkItem& item, Now now);
  bool IsHeld(const WorkItem& item);
  void Accept(WorkItem item);
  void StartRunnable(Now now);
  void Begin(Held& held, Now now);
  // Empty when the lease rules allow it.
  std::string LeaseObjection(const ItemId& id, const ItemBody& body) const;
  // Ends a held item: records, report, and what waited for its end.
  // By value: callers name the item by what is erased here.
  void Settle(ItemId id, Outcome outcome, Now now);
  void ExpireLease(Now now);
  void RaiseLowWater(TransactionId low_water);
  // Activities for transactions that are settled for ever.
  void StopSettled();
  void ReleaseSettledLease();
  bool RunsSettled() const;
  bool IsSettledForEver(const Held& held) const;
  // Whether the item begins to serve another journal, and may.
  bool MayTakeOver(const WorkItem& item) const;
  void ServeAnother(JournalId journal);

  AgentOptions options_;
  JournalId in_charge_;  // 0 = not told
  LedgerState ledger_;
  Scheduler scheduler_;
  AgentDecisions decisions_;
  // Ordered, so that equal inputs give equal effects.
  std::map<StepId, Held> held_;
  std::vector<ItemId> leases_waiting_;           // held; until what was stopped has ended
  std::map<ItemId, SteadyTime> unacknowledged_;  // and when it was last sent
  // To be recorded with the next record, or at the next tick: nothing waits for it, and a sync for
  // acknowledgements alone would cost as much as one for work.
  std::vector<ItemId> acknowledged_;
  enum class Link : std::uint8_t { kDown, kUp } link_ = Link::kDown;
};

}  // namespace eris
