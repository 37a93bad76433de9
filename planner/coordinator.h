// The planner's core: which transactions there are, which goes first, who may lock what, and what
// clients are told. Pure and event-sourced: inputs and the time come in, events and effects go out;
// journaled state changes in Apply only, live and at replay.
//
// What happens inside a transaction is transaction.h; what a submission leads to is content.h.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "planner/effect.h"
#include "planner/epochs.h"
#include "planner/journal_reader.h"
#include "planner/transaction.h"
#include "planner/tuning.h"
#include "planner/watchers.h"
#include "schema/base/clock.h"
#include "schema/base/error.h"
#include "schema/base/turn.h"
#include "schema/values/event.h"
#include "schema/values/ids.h"
#include "schema/values/message.h"
#include "schema/values/request.h"

namespace eris::planner {

struct CoordinatorOptions {
  Tuning tuning;
  std::uint64_t start = 0;                    // random, drawn for each start of a planner
  std::size_t max_open_transactions = 1'000;  // more are refused as busy
  WatchLimits watch;
};

// A request of a client, as the broker hands it on: author and client are the broker's word.
struct ClientRequest {
  SessionId client;
  std::uint64_t request = 0;
  RequestVerb verb = RequestVerb::kUnspecified;
  std::string author;
  // That its key may change, and may act on; of requests that change something.
  std::vector<std::string> profiles;
  std::vector<std::string> targets;
  Request body;
};

// Owned by the shell, used by its thread. A turn: any number of inputs, then Advance, then
// FinishTurn(decisions()). Nothing that is decided may leave before its events are durable.
//
// Invariants: (1) transactions of one profile run one after the other, in the order of their
// numbers; (2) a target is leased to one transaction at a time, and whoever came first is served
// first; (3) a submission id makes one transaction, for ever; (4) what is asked of the journal for
// a plan is durable; (5) after StopPlanner nothing more is decided.
class Coordinator {
 public:
  using Decisions = eris::Decisions<Event, Effect>;

  // Replays what is open, and begins a new epoch (the first pending record). Fails with kConflict
  // when the journal is superseded. `journal` outlives the coordinator.
  static Result<Coordinator> Recover(CoordinatorOptions options, JournalReader& journal, Now now);
  Coordinator(Coordinator&&) = default;
  Coordinator& operator=(Coordinator&&) = default;

  // ---- inputs ----
  void OnWelcome(const Welcome& welcome, Now now);
  void OnLinkLost(Now now);
  // The newest epoch that somebody knows of this journal. Above our own: stop (design D1).
  void OnEpochSeen(Epoch epoch, Now now);
  // The broker has said that this journal is an old or a copied one: stop for good, on record.
  void OnSuperseded(const JournalPosition& seen, Now now);
  void OnPresence(const Presence& presence, Now now);
  void OnReceipt(const ItemId& item, const Receipt& receipt, Now now);
  // The broker will not queue the item; this attempt has done nothing.
  void OnPublishRefused(const ItemId& item, const std::string& why, Now now);
  void OnOutcome(const std::string& queue, const ItemOutcome& outcome, Now now);
  void OnProgress(const ItemId& item, Now now);
  void OnVitals(const std::string& queue, const Vitals& vitals, Now now);
  void OnSubmission(const Submission& submission, Now now);
  // Why a key for these targets may not submit that, before it is taken: it concerns others, too.
  Status CheckTargets(const Submission& submission, const std::vector<std::string>& targets) const;
  // The broker holds one that can never become a transaction: it may forget it.
  void OnUnreadableSubmission(const SubmissionId& id, std::string why);
  void OnRequest(const ClientRequest& request, Now now);
  // The broker could not deliver a reply: the client is gone or too slow.
  void OnReplyRefused(SessionId client);

  // Makes all progress that is possible. Once a turn, after its inputs.
  void Advance(Now now);
  Decisions& decisions() { return decisions_; }
  // When to call Advance again though nothing comes in.
  std::optional<SteadyTime> NextWake() const;

  // ---- what it knows ----
  JournalId journal() const { return head_.journal; }
  Epoch epoch() const { return head_.epoch; }
  // What others may have seen of earlier planners of this journal, for hello.
  TransactionId last_transaction() const { return head_.last_transaction; }
  std::vector<PlannerStart> starts() const;
  bool stopped() const { return stopped_; }
  const std::map<TransactionId, std::unique_ptr<Transaction>>& transactions() const {
    return transactions_;
  }
  // Whether something will be planned that refers to an earlier transaction, which must therefore
  // not be forgotten.
  bool RefersToThePast() const;
  // The newest generation of a profile; 0 = none.
  GenerationNumber CurrentGeneration(const ProfileName& profile) const;

 private:
  struct Profile {
    GenerationNumber newest;
    std::deque<TransactionId> queue;  // the first one runs
    EventSequence changed;            // last event that changed what can be asked about it
  };
  struct QueuePresence {
    Presence presence;
    WallTime since;
    std::optional<Vitals> vitals;  // the last that were heard
    WallTime vitals_at;
  };
  // Looking for the targets of a deployment that will not wait for them later.
  struct Lookout {
    std::vector<TargetName> targets;  // sorted
    SteadyTime until;
  };
  struct Blocker {
    TargetName target;
    TransactionId transaction;
  };

  Coordinator(CoordinatorOptions options, JournalReader& journal);

  // ---- events (coordinator.cpp) ----
  void Record(TransactionId transaction, EventBody body, Now now);
  void Apply(const Event& event, SteadyTime now);
  void Follow(const Event& event, Now now);
  void Publish(const Transaction& transaction, const PublishedItem& item);
  void Stop(Error error);
  bool IsDurable(EventSequence sequence) const;
  void ForgetFinished();
  void RepublishDue(SteadyTime now);

  // ---- who goes first (queueing.cpp) ----
  bool PlanHeads(Now now);
  void PlanOne(Transaction& transaction, std::span<const TargetName> absent, Now now);
  void Delete(const Transaction& transaction, GenerationNumber current, Now now);
  std::optional<std::vector<TargetName>> LookOut(const Transaction& transaction, Now now);
  std::vector<TargetName> AbsentOf(const std::vector<TargetName>& targets) const;
  bool Step(Transaction& transaction, Now now);
  std::optional<Blocker> BlockerOf(const Transaction& transaction) const;
  TransactionId LowWater(const QueueName& queue) const;
  void Supersede(const Submission& submission, TransactionId by, Now now);
  void Accept(const Submission& submission, Now now);
  void Resume(const Submission& submission, Transaction& stuck, Now now);
  void Refuse(const SubmissionId& id, std::string why);
  Result<std::optional<JournaledSubmission>> FindSubmission(const SubmissionId& id) const;
  Transaction* Find(TransactionId transaction) const;

  // ---- requests (requests.cpp) ----
  Result<Reply> Answer(const ClientRequest& request, Now now);
  Result<Reply> AnswerStatus(const Request& request, Now now);
  Result<Reply> AnswerGenerations(const Request& request);
  Result<Reply> AnswerTargets();
  Result<Reply> AnswerCancel(const ClientRequest& request, Now now);
  Result<Reply> AnswerAbandon(const ClientRequest& request, Now now);
  Result<Reply> AnswerResume(const ClientRequest& request, Now now);
  Status StreamHistory(const ClientRequest& request);
  Status StreamLogs(const ClientRequest& request);
  Status StreamManifest(const ClientRequest& request);
  Status StreamBase(const ClientRequest& request);
  void SendManifest(const ClientRequest& request, GenerationNumber number,
                    const Manifest& manifest);
  Status CheckRightOn(const ClientRequest& request, const Transaction& transaction);
  Status StartWatch(const ClientRequest& request);
  Result<TransactionId> Resolve(const TransactionRef& ref) const;
  TransactionStatus StatusOf(const Transaction& transaction, SteadyTime now) const;
  void Send(const ClientRequest& request, Reply reply);

  CoordinatorOptions options_;
  JournalReader* journal_;
  JournalHead head_;  // of what is decided: ahead of the disk within a turn
  Decisions decisions_;
  std::map<TransactionId, std::unique_ptr<Transaction>> transactions_;
  std::map<TransactionId, EventSequence> last_events_;  // of those
  std::map<ProfileName, Profile> profiles_;
  std::map<SubmissionId, JournaledSubmission> submissions_;  // of this start: not all durable yet
  std::map<std::string, QueuePresence> presence_;            // by queue
  std::map<TransactionId, Lookout> lookouts_;                // of transactions to be planned
  std::multimap<SteadyTime, ItemId> busy_;                   // to be published again then
  Watchers watchers_;
  Lanes::Presence link_ = Lanes::Presence::kAbsent;
  SteadyTime last_now_;  // of the last Advance
  bool stopped_ = false;
  bool again_at_once_ = false;  // something waits for this turn's events to be durable
};

}  // namespace eris::planner
