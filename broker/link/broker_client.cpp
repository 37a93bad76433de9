#include "broker/link/broker_client.h"

#include <optional>
#include <utility>

#include "broker/link/message_frame.h"
#include "schema/base/check.h"
#include "schema/base/overloaded.h"
#include "schema/codec/codec.h"

namespace eris::link {
namespace {

// The transport's own queue is kept well below its limit, so that it never refuses a frame.
constexpr std::size_t kTransportBytes = std::size_t{4} << 20;
constexpr std::size_t kMaxBacklogBytes = std::size_t{256} << 20;
constexpr Duration kDrainInterval{5};

}  // namespace

BrokerClient::BrokerClient(Loop& loop, ClientTransport& transport, Log& log,
                           BrokerClientHandlers handlers, SessionOptions options)
    : loop_(loop),
      transport_(transport),
      log_(log),
      handlers_(std::move(handlers)),
      session_(options) {
  transport_.SetHandlers({.on_frame = [this](Bytes frame) { OnFrame(frame); },
                          .on_link =
                              [this](LinkEvent event) {
                                log_.Debug("link", {{"event", ToString(event)}});
                                handlers_.on_link(event);
                                session_.OnLink(event, loop_.now().steady);
                                Perform();
                              }});
}

BrokerClient::~BrokerClient() {
  loop_.Cancel(timer_);
  loop_.Cancel(drain_timer_);
}

void BrokerClient::OnFrame(Bytes frame) {
  session_.OnHeard(loop_.now().steady);
  Result<std::vector<Message>> messages = ParseMessages(frame);
  if (!messages) {
    log_.Warn("link.frame_dropped", {{"error", messages.error().message}});
    return;
  }
  for (const Message& message : *messages) OnMessage(message);
}

void BrokerClient::OnMessage(const Message& message) {
  const SteadyTime now = loop_.now().steady;
  switch (message.header.kind) {
    case MessageKind::kWhoAreYou:
      session_.OnWhoAreYou(now);
      break;
    case MessageKind::kHeartbeat:
      break;  // OnHeard has seen it
    case MessageKind::kWelcome:
      if (const Result<Welcome> welcome = Decode<Welcome>(message.body)) {
        session_.OnWelcome(*welcome, now);
      }
      break;
    case MessageKind::kBye:
      if (const Result<Bye> bye = Decode<Bye>(message.body)) session_.OnBye(*bye, now);
      break;
    default:
      // Without a session it belongs to the one before, and whoever cares sends it again.
      if (session_.established()) handlers_.on_message(message);
      return;
  }
  Perform();
}

void BrokerClient::Perform() {
  for (const SessionEffect& effect : session_.TakeEffects()) Perform(effect);
  ResetTimer();
}

void BrokerClient::Perform(const SessionEffect& effect) {
  std::visit(Overloaded{
                 [this](const SayHello&) {
                   DropBacklog();
                   SendNow(MessageKind::kHello, Encode(handlers_.make_hello()));
                 },
                 [this](const SayHeartbeat&) { SendNow(MessageKind::kHeartbeat, {}); },
                 [this](const Established& established) { handlers_.on_established(established); },
                 [this](const Lost& lost) {
                   DropBacklog();
                   log_.Warn("session.lost",
                             {{"reason", ToString(lost.reason)}, {"message", lost.bye.message}});
                   handlers_.on_lost(lost);
                 },
                 [this](const Redial&) { transport_.Reconnect(); },
                 [this](const Ended& ended) { handlers_.on_ended(ended.bye); },
             },
             effect);
}

void BrokerClient::ResetTimer() {
  loop_.Cancel(timer_);
  const std::optional<SteadyTime> deadline = session_.Deadline();
  if (!deadline) return;
  timer_ = loop_.At(*deadline, [this] {
    session_.OnTime(loop_.now().steady);
    Perform();
  });
}

void BrokerClient::SendNow(MessageKind kind, std::string body) {
  const Message message{.header = {.kind = kind}, .body = std::move(body)};
  BatchWriter single;
  const AddResult added = single.Add(EncodedMessage(message).view());
  ERIS_CHECK(added == AddResult::kAdded, "a message of the session fits into a frame");
  static_cast<void>(transport_.Send(single.Take()));
}

void BrokerClient::Send(const Message& message) {
  if (session_.established()) Queue(message);
}

void BrokerClient::Queue(const Message& message) {
  const EncodedMessage encoded(message);
  AddResult added = batch_.Add(encoded.view());
  if (added == AddResult::kFull) {
    TakeBatch();
    added = batch_.Add(encoded.view());
  }
  if (added != AddResult::kAdded) {
    log_.Error("link.message_too_big",
               {{"kind", ToString(message.header.kind)}, {"bytes", message.body.size()}});
  }
}

void BrokerClient::TakeBatch() {
  if (batch_.empty()) return;
  backlog_bytes_ += batch_.bytes();
  backlog_.push_back(batch_.Take());
}

void BrokerClient::Flush() {
  TakeBatch();
  Drain();
}

void BrokerClient::Drain() {
  while (!backlog_.empty() && transport_.QueuedBytes() < kTransportBytes) {
    backlog_bytes_ -= backlog_.front().size();
    const SendResult result = transport_.Send(std::move(backlog_.front()));
    backlog_.pop_front();
    // The link is down: everything that matters is sent again on the next welcome.
    if (result != SendResult::kSent) return DropBacklog();
  }
  loop_.Cancel(drain_timer_);
  drain_timer_ = {};
  if (backlog_bytes_ > kMaxBacklogBytes) {
    log_.Warn("link.overflow", {{"bytes", backlog_bytes_}});
    DropBacklog();
    transport_.Reconnect();
  } else if (!backlog_.empty()) {
    drain_timer_ = loop_.After(kDrainInterval, [this] { Drain(); });
  }
}

void BrokerClient::DropBacklog() {
  batch_ = {};
  backlog_.clear();
  backlog_bytes_ = 0;
}

}  // namespace eris::link
