#include "broker/link/client_link.h"

#include <utility>
#include <vector>

#include "broker/link/message_frame.h"
#include "schema/base/check.h"
#include "schema/base/overloaded.h"
#include "schema/codec/codec.h"

namespace eris::link {

ClientLink::ClientLink(Loop& loop, ClientTransport& transport, Log& log, SessionOptions options)
    : loop_(loop), transport_(transport), log_(log), session_(options), outbox_(transport) {}

ClientLink::~ClientLink() {
  loop_.Cancel(timer_);
  transport_.SetHandlers({});
}

void ClientLink::Start(ClientLinkHandlers handlers) {
  ERIS_CHECK(handlers.hello && handlers.on_message, "a client says who it is and listens");
  handlers_ = std::move(handlers);
  transport_.SetHandlers({.on_frame = [this](Bytes frame) { OnFrame(frame); },
                          .on_link =
                              [this](LinkEvent event) {
                                if (std::exchange(last_link_, event) != event) {
                                  log_.Info("link", {{"state", ToString(event)}});
                                }
                                session_.OnLink(event, now());
                                Perform();
                                if (handlers_.on_link) handlers_.on_link(event);
                              }});
}

bool ClientLink::Send(const Message& message) {
  if (!session_.established()) return false;
  ERIS_CHECK(outbox_.Add(EncodedMessage(message).view()), "messages are bounded by their makers");
  return true;
}

void ClientLink::Flush() {
  if (outbox_.Flush() != SendResult::kFull) return;  // what is gone is told by on_link
  log_.Warn("link.full", {{"queued_bytes", transport_.QueuedBytes()}});
  transport_.Reconnect();
  session_.OnLink(LinkEvent::kDown, now());
  Perform();
}

void ClientLink::OnFrame(Bytes frame) {
  session_.OnHeard(now());
  Result<std::vector<Message>> messages = ParseMessages(frame);
  if (!messages) {
    log_.Warn("link.malformed_frame", {{"error", messages.error().message}});
    return;
  }
  for (Message& message : *messages) OnMessage(std::move(message));
}

void ClientLink::OnMessage(Message message) {
  switch (message.header.kind) {
    case MessageKind::kWhoAreYou:
      session_.OnWhoAreYou(now());
      break;
    case MessageKind::kWelcome:
      if (const auto welcome = Decode<Welcome>(message.body)) session_.OnWelcome(*welcome, now());
      break;
    case MessageKind::kBye:
      if (const auto bye = Decode<Bye>(message.body)) session_.OnBye(*bye, now());
      break;
    case MessageKind::kHeartbeat:
      break;  // that it was heard is all
    case MessageKind::kUnspecified:
      log_.Warn("link.unknown_message");
      Send(UnimplementedReply(message.header));
      break;
    default:
      // What comes without a session belongs to the one before: the ledger, journal or broker
      // resends it.
      if (session_.established()) handlers_.on_message(std::move(message));
      return;
  }
  Perform();
}

void ClientLink::Perform() {
  for (const SessionEffect& effect : session_.TakeEffects()) PerformOne(effect);
  SetTimer();
}

void ClientLink::PerformOne(const SessionEffect& effect) {
  std::visit(
      Overloaded{[&](const SayHello&) { Say(MessageKind::kHello, Encode(handlers_.hello())); },
                 [&](const SayHeartbeat&) { Say(MessageKind::kHeartbeat, {}); },
                 [&](const Established& established) {
                   log_.Info("session.established", {{"session", established.welcome.session.value},
                                                     {"boot", established.welcome.boot}});
                   if (handlers_.on_established) handlers_.on_established(established);
                 },
                 [&](const Lost& lost) {
                   log_.Warn("session.lost",
                             {{"reason", ToString(lost.reason)}, {"message", lost.bye.message}});
                   if (handlers_.on_lost) handlers_.on_lost(lost);
                 },
                 [&](const Redial&) { transport_.Reconnect(); },
                 [&](const Ended& ended) {
                   log_.Error("session.ended", {{"message", ended.bye.message}});
                   if (handlers_.on_ended) handlers_.on_ended(ended);
                 }},
      effect);
}

void ClientLink::Say(MessageKind kind, std::string body) {
  Message message;
  message.header.kind = kind;
  message.body = std::move(body);
  ERIS_CHECK(outbox_.Add(EncodedMessage(message).view()), "session messages are small");
}

void ClientLink::SetTimer() {
  loop_.Cancel(timer_);
  timer_ = {};
  const std::optional<SteadyTime> deadline = session_.Deadline();
  if (!deadline) return;
  timer_ = loop_.At(*deadline, [this] {
    timer_ = {};
    session_.OnTime(now());
    Perform();
  });
}

}  // namespace eris::link
