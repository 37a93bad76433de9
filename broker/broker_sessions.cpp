// The part of the broker that decides who is who: hello, supersession, loss, presence.
#include <algorithm>
#include <iterator>
#include <utility>

#include "broker/authorise.h"
#include "broker/broker.h"
#include "schema/base/planted.h"
#include "schema/codec/codec.h"
#include "schema/values/plan.h"

namespace eris {
namespace {

constexpr std::size_t kAskedPeers = 20'000;
constexpr Duration kAskAgain{1'000};

Bye OutdatedJournal(const JournalPosition& seen) {
  return {.reason = ByeReason::kSuperseded,
          .message = "the journal is older than the targets, or another planner runs on a copy",
          .seen = seen};
}

JournalPosition PositionOf(const Hello& hello) {
  return {.epoch = hello.epoch, .event = hello.event, .transaction = hello.transaction};
}

// How a planner's journal knows a start that was seen. `next_event` becomes the event of its first
// start after that one.
enum class KnownStart : std::uint8_t { kRemembered, kTooOld, kForeign };
KnownStart LookUpStart(const std::vector<PlannerStart>& starts, Epoch seen,
                       EventSequence& next_event) {
  const auto next =
      std::upper_bound(starts.begin(), starts.end(), seen,
                       [](Epoch epoch, const PlannerStart& start) { return epoch < start.epoch; });
  if (next != starts.end()) next_event = next->event;
  if (next == starts.begin()) return KnownStart::kTooOld;
  return std::prev(next)->epoch == seen ? KnownStart::kRemembered : KnownStart::kForeign;
}

// Whether its journal lacks events that one of its own starts has published.
bool LacksEvents(const Hello& planner, const JournalPosition& seen) {
  EventSequence next;
  if (seen.epoch >= planner.epoch || IsPlanted(Bug::kIgnoreEvents)) return false;
  if (LookUpStart(planner.starts, seen.epoch, next) == KnownStart::kForeign) return false;
  return next && seen.event >= next;
}

// Whether a planner with this hello lacks something of its journal that has been seen: a newer
// start, a start that its journal does not know of, or events or a transaction of earlier starts.
// How often it was started itself does not matter: it runs on an old journal or a copy.
bool IsBehind(const Hello& planner, const JournalPosition& seen) {
  if (planner.epoch <= seen.epoch) return planner.epoch < seen.epoch;
  if (!seen.epoch || planner.starts.empty()) return false;
  EventSequence next;
  if (LookUpStart(planner.starts, seen.epoch, next) == KnownStart::kForeign) return true;
  if (IsPlanted(Bug::kIgnoreEvents)) return false;
  return LacksEvents(planner, seen) || seen.transaction > planner.transaction;
}

bool IsTarget(const std::string& queue) {
  const std::optional<QueueName> name = ParseQueueName(queue);
  return name && name->kind == QueueName::Kind::kTarget;
}

}  // namespace

void Broker::AskWho(link::PeerId peer, Now now) {
  const auto asked = asked_.find(peer);
  if (asked != asked_.end() && now.steady - asked->second < kAskAgain) return;
  if (asked == asked_.end() && asked_.size() >= kAskedPeers) return;
  asked_[peer] = now.steady;
  Send(peer, {.kind = MessageKind::kWhoAreYou});
}

void Broker::OnHello(link::PeerId peer, std::string_view public_key, const Message& message,
                     Now now) {
  asked_.erase(peer);
  const Result<Hello> hello = Decode<Hello>(message.body);
  if (!hello) {
    OnPeerGone(peer);
    return Dismiss(peer, {.reason = ByeReason::kProtocol, .message = hello.error().message});
  }
  const KeyGrant* grant = keys_.Find(public_key);
  if (const std::optional<Bye> objection = Objection(grant, *hello)) {
    OnPeerGone(peer);
    decisions_.effects.push_back(Note{.event = "session.refused",
                                      .role = hello->role,
                                      .name = hello->name,
                                      .detail = objection->message});
    return Dismiss(peer, *objection);
  }
  const std::vector<Session> predecessors = RemovePredecessors(peer, *hello);
  Session& session = sessions_.Add({.peer = peer,
                                    .public_key = std::string(public_key),
                                    .grant = *grant,
                                    .name = hello->name,
                                    .software = hello->software,
                                    .instance = hello->instance,
                                    .queues = hello->queues,
                                    .ledger = hello->ledger,
                                    .heard = now.steady});
  Remark("session.opened", session);
  if (hello->role == Role::kPlanner) OpenPlanner(session, *hello);
  SendWelcome(session);
  if (hello->role == Role::kWorker) OpenWorker(session, *hello);
  for (const Session& old : predecessors) Succeed(old, session, hello->in_flight);
  if (hello->role == Role::kPlanner) {
    SendAllPresence();
    WelcomeAll(Role::kClient);
  }
  if (hello->role == Role::kWorker) Announce(session.queues);
}

void Broker::SendWelcome(const Session& session) {
  Send(session.peer, {.kind = MessageKind::kWelcome},
       Encode(Welcome{.boot = options_.boot,
                      .epoch = epoch_,
                      .journal = journal_,
                      .session = session.id,
                      .heartbeat_ms = options_.heartbeat.count(),
                      .missed_heartbeats = options_.missed_heartbeats}));
}

// Within their sessions: what clients asked of the planner before is unknown to this one, or its
// answers were lost.
void Broker::WelcomeAll(Role role) {
  for (const SessionId id : sessions_.All()) {
    const Session& session = *sessions_.Find(id);
    if (session.grant.role == role) SendWelcome(session);
  }
}

std::optional<Bye> Broker::Objection(const KeyGrant* grant, const Hello& hello) {
  if (grant == nullptr) {
    return Bye{.reason = ByeReason::kUnauthorised, .message = "this key is not authorised"};
  }
  if (const Status allowed = AuthoriseHello(*grant, hello); !allowed) {
    return Bye{.reason = ByeReason::kUnauthorised, .message = allowed.error().message};
  }
  if (hello.protocol_min > limits::kProtocolVersion ||
      hello.protocol_max < limits::kProtocolVersion) {
    return Bye{.reason = ByeReason::kProtocol,
               .message = "this broker speaks version " + std::to_string(limits::kProtocolVersion) +
                          " of the protocol only"};
  }
  if (sessions_.size() >= options_.sessions) {
    return Bye{.reason = ByeReason::kShutdown, .message = "too many sessions"};
  }
  if (hello.role == Role::kWorker) return WorkerObjection(hello);
  if (hello.role == Role::kPlanner) return PlannerObjection(hello);
  return std::nullopt;
}

// A hello of a process that has died meanwhile may arrive after that of its successor.
std::optional<Bye> Broker::WorkerObjection(const Hello& hello) const {
  for (const SessionId id : sessions_.All()) {
    const Session& session = *sessions_.Find(id);
    const bool same = session.grant.role == Role::kWorker && session.ledger == hello.ledger;
    if (same && session.instance > hello.instance) {
      return Bye{.reason = ByeReason::kSuperseded,
                 .message = "a newer instance has taken its place"};
    }
  }
  for (const std::string& queue : hello.queues) {
    const auto known = ledgers_.find(queue);
    if (known == ledgers_.end() || known->second.ledger == hello.ledger) continue;
    return Bye{.reason = ByeReason::kUnauthorised,
               .message = "'" + queue +
                          "' is known with another ledger: to begin anew with this one, type `eris "
                          "targets adopt`"};
  }
  return std::nullopt;
}

std::optional<Bye> Broker::PlannerObjection(const Hello& hello) const {
  JournalPosition newest;
  if (const auto found = seen_.find(hello.journal); found != seen_.end()) {
    newest = found->second.rbegin()->second;
    if (IsBehind(hello, newest)) return OutdatedJournal(newest);
    // Before this planner, an earlier one of the same old journal may have been served.
    for (const auto& [epoch, seen] : found->second) {
      if (LacksEvents(hello, seen)) return OutdatedJournal(seen);
    }
  }
  if (hello.journal != journal_) {
    if (!planner_) return std::nullopt;
    return Bye{.reason = ByeReason::kUnauthorised,
               .message = "a planner with another journal is in charge"};
  }
  const bool is_newer = hello.epoch > epoch_;
  const bool is_same = hello.epoch == epoch_ && hello.instance == planner_instance_;
  if (is_newer || is_same) return std::nullopt;
  return Bye{
      .reason = ByeReason::kSuperseded, .message = "a newer planner is in charge", .seen = newest};
}

// The sessions that this hello replaces: of the same connection, of the same ledger, or of the
// planner before. A process that merely came back over another connection gets no goodbye, because
// it might hear it.
std::vector<Session> Broker::RemovePredecessors(link::PeerId peer, const Hello& hello) {
  std::vector<Session> removed;
  for (const SessionId id : sessions_.All()) {
    const Session& old = *sessions_.Find(id);
    const bool same_role = old.grant.role == hello.role;
    const bool same_worker = same_role && hello.role == Role::kWorker && old.ledger == hello.ledger;
    const bool same_planner = same_role && hello.role == Role::kPlanner;
    if (old.peer != peer && !same_worker && !same_planner) continue;
    if (old.peer != peer) {
      if (old.instance != hello.instance) {
        Dismiss(old.peer, {.reason = ByeReason::kSuperseded,
                           .message = "a newer instance has taken its place",
                           .seen = same_planner ? PositionOf(hello) : JournalPosition{}});
      } else {
        decisions_.effects.push_back(DropPeer{old.peer});
      }
    }
    if (planner_ == id) planner_ = {};
    ForgetRequests(id);
    removed.push_back(old);
    sessions_.Remove(id);
  }
  return removed;
}

void Broker::NotePosition(JournalId journal, const JournalPosition& position) {
  std::map<Epoch, JournalPosition>& seen = seen_[journal];
  JournalPosition& known = seen[position.epoch];
  known = Newest(known, position);
  if (seen.size() > kRememberedStarts) seen.erase(seen.begin());
}

// A planner is told of what is newer than its journal, and stops (D1). Nothing that it has queued
// may reach anybody.
void Broker::NoteSeen(const Hello& worker) {
  if (!worker.journal) return;
  in_doubt_.erase(worker.journal);
  NotePosition(worker.journal, PositionOf(worker));
  const Session* planner = Planner();
  if (planner == nullptr || worker.journal != journal_) return;
  if (!IsBehind(planner_hello_, PositionOf(worker))) return;
  const link::PeerId peer = planner->peer;
  queues_.Clear();
  EndSession(planner->id, "its journal is outdated");
  Dismiss(peer, OutdatedJournal(PositionOf(worker)));
}

void Broker::OpenWorker(const Session& session, const Hello& hello) {
  NoteSeen(hello);
  for (const std::string& queue : session.queues) {
    queues_.Join(queue, session.id);
    if (IsTarget(queue)) KnowLedger({queue, hello.ledger, session.public_key});
  }
}

void Broker::KnowLedger(SpoolLedger known) {
  const auto before = ledgers_.find(known.queue);
  if (before != ledgers_.end() && before->second == known) return;
  decisions_.records.emplace_back(known);
  Apply(ledgers_, decisions_.records.back());
}

void Broker::ForgetRevokedLedgers() {
  const KnownLedgers known = ledgers_;
  for (const auto& [queue, ledger] : known) {
    if (keys_.Find(ledger.public_key) == nullptr) KnowLedger({.queue = queue});
  }
}

// The next worker of the target may come with any ledger: what was under way counts as unknown, and
// is done again.
void Broker::OnAdopt(const Session& from, const Message& message) {
  const auto reply = [&](decltype(Reply::body) body) {
    Send(from.peer,
         {.kind = MessageKind::kReply, .client = from.id, .request = message.header.request},
         Encode(Reply{More::kLast, std::move(body)}));
  };
  const auto refuse = [&](std::string what, std::string fix) {
    reply(ErrorReply{{ErrorCode::kInvalid, std::move(what), std::move(fix)}});
  };
  const Result<Request> request = Decode<Request>(message.body);
  if (!request) return refuse(request.error().message, {});
  const std::string& name = request->target.text;
  const std::string queue = QueueName{.kind = QueueName::Kind::kTarget, .name = name}.ToString();
  if (!Covers(from.grant.targets, name)) {
    return refuse("key '" + from.grant.name + "' may not act on target '" + name + "'",
                  "ask an administrator for `eris key authorize`");
  }
  if (!queues_.Servers(queue).empty()) {
    return refuse("a worker serves target '" + name + "' now",
                  "stop it first, or keep it: nothing has to be adopted");
  }
  if (!ledgers_.contains(queue)) {
    return refuse("target '" + name + "' is known by no ledger",
                  "its worker may simply connect; see `eris targets` for names");
  }
  KnowLedger({.queue = queue});
  Remark("target.adopted", from, name);
  reply(DoneReply{.transaction = {},
                  .message = "the next worker of target '" + name + "' begins anew"});
}

// What the old session held goes to the new one where it has it in hand, and is queued otherwise.
void Broker::Succeed(const Session& old, const Session& heir,
                     const std::vector<ItemId>& in_flight) {
  queues_.Inherit(old.id, heir.id, in_flight);
  std::vector<std::string> left;
  for (const std::string& queue : old.queues) {
    const bool goes_on =
        std::find(heir.queues.begin(), heir.queues.end(), queue) != heir.queues.end();
    if (!goes_on) left.push_back(queue);
  }
  Announce(left);
}

void Broker::OpenPlanner(const Session& session, const Hello& hello) {
  const bool is_another = hello.journal != journal_;
  if (is_another) queues_.Clear();
  planner_ = session.id;
  unanswered_.clear();  // clients are welcomed below, and ask again
  planner_instance_ = hello.instance;
  journal_ = hello.journal;
  epoch_ = hello.epoch;
  planner_hello_ = hello;
  queues_.Fence(epoch_);
  const auto& seen = seen_[journal_];
  const bool is_newest = seen.empty() || epoch_ > seen.rbegin()->first;
  NotePosition(journal_, {.epoch = epoch_, .event = {}, .transaction = {}});
  if (is_newest) {
    decisions_.records.emplace_back(SpoolPlanner{.journal = journal_, .epoch = epoch_});
  }
  desk_.RestartForwarding();
  if (is_another) WelcomeAll(Role::kWorker);  // they are told whose journal it is
}

void Broker::EndSession(SessionId id, std::string_view why) {
  const Session ended = *sessions_.Find(id);
  Remark("session.ended", ended, std::string(why));
  sessions_.Remove(id);
  ForgetRequests(id);
  if (planner_ == id) {
    planner_ = {};
    AnswerForPlanner();
  }
  queues_.Leave(id);
  Announce(ended.queues);
}

// Who serves these queues has changed.
void Broker::Announce(const std::vector<std::string>& queues) {
  for (const std::string& queue : queues) {
    SendPresence(queue);
    Dispatch(queue);
  }
}

void Broker::OnKeysChanged() {
  ForgetRevokedLedgers();
  for (const SessionId id : sessions_.All()) {
    Session& session = *sessions_.Find(id);
    const KeyGrant* grant = keys_.Find(session.public_key);
    const Hello claim{.role = session.grant.role, .queues = session.queues};
    if (grant != nullptr && AuthoriseHello(*grant, claim)) {
      session.grant = *grant;
      continue;
    }
    const link::PeerId peer = session.peer;
    EndSession(id, "revoked");
    Dismiss(peer,
            {.reason = ByeReason::kUnauthorised, .message = "this key is no longer authorised"});
  }
}

// What the planner is told of a queue: whether anybody serves it, and who did so first.
void Broker::SendPresence(const std::string& queue) {
  const Session* planner = Planner();
  if (planner == nullptr) return;
  Presence presence{.queue = queue};
  const std::vector<SessionId> servers = queues_.Servers(queue);
  if (!servers.empty()) {
    const Session& worker = *sessions_.Find(servers.front());
    presence.state = Presence::State::kConnected;
    presence.worker = worker.name;
    presence.software = worker.software;
  }
  for (const SessionId id : servers) presence.keys.push_back(sessions_.Find(id)->public_key);
  Send(planner->peer, {.kind = MessageKind::kPresence, .queue = queue}, Encode(presence));
  if (!servers.empty()) SendVitals(*sessions_.Find(servers.front()), queue);
}

void Broker::SendAllPresence() {
  std::vector<std::string> queues;
  for (const SessionId id : sessions_.All()) {
    const Session& session = *sessions_.Find(id);
    queues.insert(queues.end(), session.queues.begin(), session.queues.end());
  }
  std::sort(queues.begin(), queues.end());
  queues.erase(std::unique(queues.begin(), queues.end()), queues.end());
  for (const std::string& queue : queues) SendPresence(queue);
}

}  // namespace eris
