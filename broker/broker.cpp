#include "broker/broker.h"

#include <algorithm>
#include <utility>

#include "broker/authorise.h"
#include "schema/codec/codec.h"
#include "schema/values/plan.h"

namespace eris {

Broker::Broker(BrokerOptions options, SpoolContent spool, const KeyGrants& keys)
    : options_(std::move(options)),
      keys_(keys),
      queues_(options_.queues),
      desk_(options_.submissions, std::move(spool)) {
  for (const auto& [journal, epoch] : options_.planners) {
    NotePosition(journal, {.epoch = epoch, .event = {}, .transaction = {}});
    in_doubt_.insert(journal);
  }
  ledgers_ = options_.ledgers;
  ForgetRevokedLedgers();
  TakeRecords();
}

void Broker::OnMessage(link::PeerId peer, std::string_view public_key, Message message, Now now) {
  if (message.header.kind == MessageKind::kHello) return OnHello(peer, public_key, message, now);
  Session* session = sessions_.OfPeer(peer);
  if (session == nullptr || session->public_key != public_key) return AskWho(peer, now);
  session->heard = now.steady;
  Handle(*session, std::move(message), now);
}

void Broker::Handle(Session& from, Message message, Now now) {
  const MessageKind kind = message.header.kind;
  if (kind == MessageKind::kFault) return OnFault(from, std::move(message));
  if (kind == MessageKind::kUnspecified) {
    return SendFault(from, message.header, {.code = Fault::Code::kUnimplemented});
  }
  if (!RoleMaySend(from.grant.role, kind)) {
    return SendFault(from, message.header,
                     {.code = Fault::Code::kUnauthorised,
                      .message = "a " + std::string(ToString(from.grant.role)) + " may not send " +
                                 std::string(ToString(kind))});
  }
  switch (kind) {
    case MessageKind::kHeartbeat:
      return Send(from.peer, {.kind = MessageKind::kHeartbeat});
    case MessageKind::kPublish:
      return OnPublish(from, std::move(message));
    case MessageKind::kRevoke:
      return OnRevoke(message);
    case MessageKind::kCredit:
      return OnCredit(from, message);
    case MessageKind::kOutcome:
      return OnOutcome(from, std::move(message));
    case MessageKind::kProgress:
      return OnProgress(from, std::move(message));
    case MessageKind::kVitals:
      return OnVitals(from, std::move(message), now);
    case MessageKind::kOutcomeAck:
      return OnOutcomeAck(message);
    case MessageKind::kSubmitChunk:
      return OnSubmitChunk(from, message, now);
    case MessageKind::kSubmissionTaken:
      return OnSubmissionTaken(from, message);
    case MessageKind::kRequest:
      return OnRequest(from, std::move(message));
    case MessageKind::kReply:
      return OnReply(from, std::move(message));
    case MessageKind::kStream:
      return OnStream(from, std::move(message));
    case MessageKind::kInquiry:
      return OnInquiry(from, std::move(message));
    case MessageKind::kUnspecified:
    case MessageKind::kHello:
    case MessageKind::kWhoAreYou:
    case MessageKind::kWelcome:
    case MessageKind::kBye:
    case MessageKind::kFault:
    case MessageKind::kReceipt:
    case MessageKind::kPresence:
    case MessageKind::kDeliver:
    case MessageKind::kSubmitReply:
      return;  // refused by RoleMaySend, or handled before
  }
}

void Broker::OnPeerGone(link::PeerId peer) {
  asked_.erase(peer);
  if (const Session* session = sessions_.OfPeer(peer)) EndSession(session->id, "gone");
}

void Broker::OnTick(Now now) {
  const Duration lost = options_.heartbeat * options_.missed_heartbeats;
  // If this process itself stood still, what was sent meanwhile has not been read yet.
  if (now.steady - last_tick_ > options_.heartbeat) sessions_.MarkHeard(now.steady);
  last_tick_ = now.steady;
  if (!started_) started_ = now.steady;
  for (const SessionId id : sessions_.HeardBefore({now.steady.ms - lost.count()})) {
    const link::PeerId peer = sessions_.Find(id)->peer;
    EndSession(id, "silent");
    Dismiss(peer, {.reason = ByeReason::kLost, .message = "no heartbeat was heard"});
  }
  std::erase_if(asked_, [&](const auto& entry) { return now.steady - entry.second > lost; });
  desk_.OnTick(now.steady);
  TakeRecords();
}

void Broker::OnShutdown() {
  for (const SessionId id : sessions_.All()) {
    Dismiss(sessions_.Find(id)->peer,
            {.reason = ByeReason::kShutdown, .message = "the broker is shutting down"});
  }
}

bool Broker::IsInDoubt() const {
  if (!in_doubt_.contains(journal_)) return false;
  return !started_ || last_tick_ - *started_ < options_.doubt;
}

std::optional<link::PeerId> Broker::ForwardTo() const {
  const Session* planner = Planner();
  if (planner == nullptr || !desk_.HasPiece() || IsInDoubt()) return std::nullopt;
  return planner->peer;
}

std::optional<Forward> Broker::NextForward() {
  const std::optional<link::PeerId> planner = ForwardTo();
  if (!planner) return std::nullopt;
  std::optional<ForwardPiece> piece = desk_.NextPiece();
  Header header{.kind = MessageKind::kSubmitChunk, .author = piece->author};
  // Which targets it touches only the planner knows. A key that was revoked meanwhile covers none.
  if (const KeyGrant* grant = keys_.FindNamed(piece->author)) header.targets = grant->targets;
  return Forward{.planner = *planner, .header = std::move(header), .piece = *std::move(piece)};
}

// ---- items ----

void Broker::OnPublish(const Session& from, Message message) {
  Header& header = message.header;
  if (!ParseQueueName(header.queue) || header.item.grade.attempt == 0 || message.body.empty() ||
      message.body.size() > limits::kBodyBytes) {
    return SendFault(from, header,
                     {.code = Fault::Code::kInvalid, .message = "no such item can be queued"});
  }
  Receipt receipt{.what = Receipt::What::kFenced};
  if (header.epoch == epoch_ && header.item.step.journal == journal_) {
    NotePosition(journal_, {header.epoch, header.event, header.item.step.transaction});
    switch (queues_.Publish({.id = header.item,
                             .epoch = header.epoch,
                             .body_hash = header.body_hash,
                             .event = header.event,
                             .queue = header.queue,
                             .body = std::move(message.body)})) {
      case PublishResult::kQueued:
        receipt.what = Receipt::What::kQueued;
        break;
      case PublishResult::kDuplicate:
        receipt.what = Receipt::What::kDuplicate;
        break;
      case PublishResult::kBusy:
        receipt = {.what = Receipt::What::kBusy, .retry_after_ms = options_.retry_after.count()};
        break;
      case PublishResult::kOtherBody:
        return SendFault(from, header,
                         {.code = Fault::Code::kInvalid,
                          .message = "an item with this id and another content is known"});
    }
  }
  Send(from.peer, {.kind = MessageKind::kReceipt, .queue = header.queue, .item = header.item},
       Encode(receipt));
  Dispatch(header.queue);
}

void Broker::Dispatch(const std::string& queue) {
  for (const Delivery& delivery : queues_.Dispatch(queue)) {
    const QueuedItem& item = *delivery.item;
    Send(sessions_.Find(delivery.session)->peer,
         {.kind = MessageKind::kDeliver,
          .queue = item.queue,
          .item = item.id,
          .epoch = item.epoch,
          .body_hash = item.body_hash,
          .event = item.event},
         item.body);
  }
}

void Broker::OnRevoke(const Message& message) {
  const SessionId holder = queues_.Revoke(message.header.item);
  if (const Session* worker = sessions_.Find(holder)) {
    Send(
        worker->peer,
        {.kind = MessageKind::kRevoke, .queue = message.header.queue, .item = message.header.item});
  }
}

bool Broker::Serves(const Session& session, const Header& header) {
  if (std::find(session.queues.begin(), session.queues.end(), header.queue) !=
      session.queues.end()) {
    return true;
  }
  SendFault(session, header,
            {.code = Fault::Code::kUnauthorised,
             .message = "this session does not serve '" + header.queue + "'"});
  return false;
}

void Broker::OnCredit(const Session& from, const Message& message) {
  if (!Serves(from, message.header)) return;
  const Result<Credit> credit = Decode<Credit>(message.body);
  if (!credit) {
    return SendFault(from, message.header,
                     {.code = Fault::Code::kInvalid, .message = credit.error().message});
  }
  queues_.SetCredit(message.header.queue, from.id, credit->items);
  Dispatch(message.header.queue);
}

void Broker::OnOutcome(const Session& from, Message message) {
  const Header& header = message.header;
  if (!Serves(from, header)) return;
  // A worker of several queues names any of them: its ledger does not keep where an item came from.
  if (!queues_.Report(header.item, from.queues)) {
    return SendFault(
        from, header,
        {.code = Fault::Code::kUnauthorised, .message = "this item belongs to another queue"});
  }
  // Without a planner it is dropped: the worker resends it until it is acknowledged.
  if (const Session* planner = Planner()) {
    Send(planner->peer,
         {.kind = MessageKind::kOutcome,
          .queue = header.queue,
          .item = header.item,
          .epoch = header.epoch},
         std::move(message.body));
  }
  for (const std::string& queue : from.queues) Dispatch(queue);
}

void Broker::OnProgress(const Session& from, Message message) {
  if (!Serves(from, message.header)) return;
  if (const Session* planner = Planner()) {
    Send(planner->peer,
         {.kind = MessageKind::kProgress,
          .queue = message.header.queue,
          .item = message.header.item},
         std::move(message.body));
  }
}

// Whoever says more than is wanted is not heard.
void Broker::OnVitals(Session& from, Message message, Now now) {
  if (!Serves(from, message.header)) return;
  const auto [last, is_first] = from.vitals.try_emplace(message.header.queue);
  if (!is_first && now.steady - last->second.at < Duration(limits::kVitalsPauseMs)) return;
  last->second = {now.steady, std::move(message.body)};
  SendVitals(from, message.header.queue);
}

void Broker::SendVitals(const Session& worker, const std::string& queue) {
  const Session* planner = Planner();
  const auto said = worker.vitals.find(queue);
  if (planner == nullptr || said == worker.vitals.end()) return;
  Send(planner->peer, {.kind = MessageKind::kVitals, .queue = queue}, said->second.body);
}

void Broker::OnOutcomeAck(const Message& message) {
  const Header& header = message.header;
  // All of them: which builder reported may be forgotten, and another may have done it as well.
  for (const SessionId server : queues_.Servers(header.queue)) {
    Send(sessions_.Find(server)->peer,
         {.kind = MessageKind::kOutcomeAck, .queue = header.queue, .item = header.item},
         message.body);
  }
  queues_.Settle(header.item);
  Dispatch(header.queue);
}

// ---- submissions ----

void Broker::OnSubmitChunk(const Session& from, const Message& message, Now now) {
  Result<SubmitChunk> chunk = Decode<SubmitChunk>(message.body);
  if (!chunk) {
    return SendFault(from, message.header,
                     {.code = Fault::Code::kInvalid, .message = chunk.error().message});
  }
  const SubmitReply reply = desk_.Receive(from.grant, *chunk, now.steady);
  TakeRecords();
  if (reply.what == SubmitReply::What::kAccepted) {
    Remark("submission.accepted", from, reply.id.text);
  } else if (reply.what == SubmitReply::What::kRefused) {
    Remark("submission.refused", from, reply.id.text + ": " + reply.message);
  }
  Send(from.peer,
       {.kind = MessageKind::kSubmitReply, .client = from.id, .request = message.header.request},
       Encode(reply));
}

void Broker::OnSubmissionTaken(const Session& from, const Message& message) {
  const Result<SubmissionTaken> taken = Decode<SubmissionTaken>(message.body);
  if (!taken) {
    return SendFault(from, message.header,
                     {.code = Fault::Code::kInvalid, .message = taken.error().message});
  }
  desk_.Taken(*taken);
  Remark("submission.taken", from, taken->id.text);
  TakeRecords();
}

// ---- helpers ----

void Broker::Send(link::PeerId peer, Header header, std::string body) {
  decisions_.effects.push_back(
      SendTo{.peer = peer, .message = {.header = std::move(header), .body = std::move(body)}});
}

void Broker::SendFault(const Session& to, const Header& about, Fault fault) {
  fault.of = about.kind;
  Send(to.peer,
       {.kind = MessageKind::kFault,
        .queue = about.queue,
        .item = about.item,
        .client = about.client,
        .request = about.request,
        .verb = about.verb},
       Encode(fault));
}

void Broker::Dismiss(link::PeerId peer, const Bye& bye) {
  Send(peer, {.kind = MessageKind::kBye}, Encode(bye));
  decisions_.effects.push_back(DropPeer{peer});
}

void Broker::Remark(std::string event, const Session& session, std::string detail) {
  decisions_.effects.push_back(
      Note{.event = std::move(event),
           .role = session.grant.role,
           .name = session.name.empty() ? session.grant.name : session.name,
           .detail = std::move(detail)});
}

void Broker::TakeRecords() {
  for (SpoolRecord& record : desk_.TakeRecords()) decisions_.records.push_back(std::move(record));
}

}  // namespace eris
