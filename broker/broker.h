// The core of the broker (design §7, §9): sessions, rights and routing. Pure: messages, losses and
// time come in, records for the spool and messages to send come out. Items are kept by ItemQueues,
// submissions by SubmissionDesk; this class decides who is who, who may do what, and what is
// forwarded to whom. It decodes only what is addressed to the broker, and of the planner's replies
// which one is the last.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <variant>
#include <vector>

#include "broker/item_queues.h"
#include "broker/link/transport.h"
#include "broker/sessions.h"
#include "broker/submission_desk.h"
#include "schema/base/clock.h"
#include "schema/base/turn.h"
#include "schema/values/key_grant.h"
#include "schema/values/message.h"
#include "schema/values/spool.h"

namespace eris {

struct BrokerOptions {
  std::uint64_t boot = 0;   // random, another at each start
  ServedPlanners planners;  // by earlier starts
  KnownLedgers ledgers;     // of targets, from earlier starts
  // A planner of one of their journals gets no submissions until a worker has said what it has seen
  // of it, or for that long after the broker's start: what an old journal takes in is lost.
  Duration doubt{60'000};
  Duration heartbeat{5'000};
  std::uint32_t missed_heartbeats = 3;
  Duration retry_after{1'000};  // told to whom is busy
  std::size_t sessions = 20'000;
  std::size_t requests = 20'000;  // of all clients, that the planner has not answered
  QueueLimits queues;
  SubmissionLimits submissions;
};

struct SendTo {
  link::PeerId peer;
  Message message;
  bool operator==(const SendTo&) const = default;
};
// Its session is over: what waits for it is void once the messages before this have left.
struct DropPeer {
  link::PeerId peer;
  bool operator==(const DropPeer&) const = default;
};
// For the log: one decision that people may ask about.
struct Note {
  std::string event;
  Role role = Role::kUnspecified;
  std::string name;    // of the peer, or of the submission
  std::string detail;  // why; empty when there is nothing to say
  bool operator==(const Note&) const = default;
};
using BrokerEffect = std::variant<SendTo, DropPeer, Note>;
using BrokerDecisions = Decisions<SpoolRecord, BrokerEffect>;

// A piece of an accepted submission for the planner. Its content is in the spool: whoever drives
// the core reads it and sends `header` with an encoded SubmitChunk.
struct Forward {
  link::PeerId planner;
  Header header;
  ForwardPiece piece;
};

// Owned by the daemon, or by the simulator in its place; called from one thread.
//
// Invariants: (1) one session serves a target's queue at a time, and of one ledger the newest;
// (2) one planner, the newest epoch of one journal; nobody else's items are queued; (3) a message
// is acted upon only if the sender's grant covers it; (4) everything is bounded by BrokerOptions,
// and who is over a bound is told; (5) `accepted` leaves only after its records are durable; (6) a
// request is answered or faulted as long as its client is there, also when the planner dies; a
// watch is the client's to repeat at the next welcome.
class Broker {
 public:
  // `keys` outlives the broker. After this the records of a recovery are in decisions().
  Broker(BrokerOptions options, SpoolContent spool, const KeyGrants& keys);

  // `public_key` is who the connection has authenticated as.
  void OnMessage(link::PeerId peer, std::string_view public_key, Message message, Now now);
  // The connection is gone, or has not taken what was sent: its session is over.
  void OnPeerGone(link::PeerId peer);
  // At least once a heartbeat.
  void OnTick(Now now);
  // The keyring was read again: sessions whose key may no longer do what they do are ended.
  void OnKeysChanged();
  // Tells everybody to come back later.
  void OnShutdown();
  // Whether a client waits for an answer of the planner. A transport notices that a connection has
  // broken only when something is sent: while this is so, ProbePlanner is to be called now and
  // then.
  bool AwaitsPlanner() const { return !unanswered_.empty(); }
  void ProbePlanner();

  BrokerDecisions& decisions() { return decisions_; }

  // The planner's connection, when pieces of accepted submissions are due to it. To be asked after
  // a turn's end; NextForward is for as long as that connection takes more, and each call moves on.
  std::optional<link::PeerId> ForwardTo() const;
  std::optional<Forward> NextForward();

  const ItemQueues& queues() const { return queues_; }
  std::size_t sessions() const { return sessions_.size(); }

 private:
  void Send(link::PeerId peer, Header header, std::string body = {});
  void SendFault(const Session& to, const Header& about, Fault fault);
  void Dismiss(link::PeerId peer, const Bye& bye);
  void Remark(std::string event, const Session& session, std::string detail = {});
  void TakeRecords();

  // ---- sessions (broker_sessions.cpp) ----
  void AskWho(link::PeerId peer, Now now);
  void OnHello(link::PeerId peer, std::string_view public_key, const Message& message, Now now);
  // Why this hello opens no session; nothing when it may.
  std::optional<Bye> Objection(const KeyGrant* grant, const Hello& hello);
  std::optional<Bye> WorkerObjection(const Hello& hello) const;
  std::optional<Bye> PlannerObjection(const Hello& hello) const;
  void SendWelcome(const Session& session);
  void WelcomeAll(Role role);
  void OpenWorker(const Session& session, const Hello& hello);
  void OpenPlanner(const Session& session, const Hello& hello);
  void Succeed(const Session& old, const Session& heir, const std::vector<ItemId>& in_flight);
  std::vector<Session> RemovePredecessors(link::PeerId peer, const Hello& hello);
  void EndSession(SessionId id, std::string_view why);
  void Announce(const std::vector<std::string>& queues);
  void NotePosition(JournalId journal, const JournalPosition& position);
  void NoteSeen(const Hello& worker);
  void KnowLedger(SpoolLedger known);
  void ForgetRevokedLedgers();
  void SendPresence(const std::string& queue);
  void SendAllPresence();
  const Session* Planner() const { return sessions_.Find(planner_); }
  bool IsInDoubt() const;

  // ---- verbs (broker.cpp) ----
  void Handle(Session& from, Message message, Now now);
  void OnPublish(const Session& from, Message message);
  void OnRevoke(const Message& message);
  void OnCredit(const Session& from, const Message& message);
  void OnOutcome(const Session& from, Message message);
  void OnProgress(const Session& from, Message message);
  void OnVitals(Session& from, Message message, Now now);
  void SendVitals(const Session& worker, const std::string& queue);
  void OnOutcomeAck(const Message& message);
  void OnSubmitChunk(const Session& from, const Message& message, Now now);
  void OnSubmissionTaken(const Session& from, const Message& message);
  void OnAdopt(const Session& from, const Message& message);
  // ---- broker_requests.cpp ----
  void OnRequest(const Session& from, Message message);
  void OnReply(const Session& from, Message message);
  void OnFault(const Session& from, Message message);
  void AnswerForPlanner();
  void ForgetRequests(SessionId client);
  // ---- broker_streams.cpp ----
  void OnStream(const Session& from, Message message);
  void OnInquiry(const Session& from, Message message);
  void Dispatch(const std::string& queue);
  bool Serves(const Session& session, const Header& header);

  BrokerOptions options_;
  const KeyGrants& keys_;
  SessionTable sessions_;
  ItemQueues queues_;
  SubmissionDesk desk_;
  BrokerDecisions decisions_;

  SessionId planner_;  // 0 = none is connected
  JournalId journal_;  // of the newest planner, connected or not
  Epoch epoch_;
  std::uint64_t planner_instance_ = 0;
  Hello planner_hello_;
  // How far each journal has come, by what workers have seen and planners have published, for each
  // of the last starts: a planner whose journal is behind that has an old copy of it.
  std::map<JournalId, std::map<Epoch, JournalPosition>> seen_;
  std::set<JournalId> in_doubt_;  // served before this boot, and no worker has spoken of it yet
  std::optional<SteadyTime> started_;
  SteadyTime last_tick_;
  // The ledger that a target is known by, and the key of the worker that came with it. Whoever
  // revokes that key, or adopts the target, lets it begin anew.
  KnownLedgers ledgers_;
  // What clients have asked of this planner and not been answered in full.
  std::map<std::pair<SessionId, std::uint64_t>, RequestVerb> unanswered_;
  // Peers without a session that were asked who they are.
  std::unordered_map<link::PeerId, SteadyTime> asked_;
};

}  // namespace eris
