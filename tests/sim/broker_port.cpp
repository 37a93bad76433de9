#include "tests/sim/broker_port.h"

#include <optional>
#include <utility>

#include "schema/base/overloaded.h"
#include "schema/codec/codec.h"

namespace eris::sim {

BrokerPort::BrokerPort(Timeline& timeline, Network& network, std::string key)
    : timeline_(timeline), network_(network), number_(network.AddClient(std::move(key))) {}

void BrokerPort::Up() {
  session_ = link::ClientSession();
  network_.ClientUp(number_, *this);
}

void BrokerPort::Down() {
  ++life_;
  ++timer_;
  network_.ClientDown(number_);
}

void BrokerPort::Send(const Message& message) {
  if (session_.established()) network_.ToServer(number_, message);
}

void BrokerPort::OnLink(link::LinkEvent event) {
  session_.OnLink(event, timeline_.now().steady);
  Perform();
}

void BrokerPort::OnMessage(Message message) {
  const SteadyTime now = timeline_.now().steady;
  session_.OnHeard(now);
  switch (message.header.kind) {
    case MessageKind::kWhoAreYou:
      session_.OnWhoAreYou(now);
      break;
    case MessageKind::kHeartbeat:
      break;
    case MessageKind::kWelcome:
      if (const auto welcome = Decode<Welcome>(message.body)) session_.OnWelcome(*welcome, now);
      break;
    case MessageKind::kBye:
      if (const auto bye = Decode<Bye>(message.body)) session_.OnBye(*bye, now);
      break;
    default:
      if (!session_.established()) return;
      handlers_.on_message(message);
      handlers_.on_turn_end();
      return;
  }
  Perform();
}

void BrokerPort::Perform() {
  const std::uint64_t life = life_;
  for (const link::SessionEffect& effect : session_.TakeEffects()) {
    Perform(effect);
    if (life_ != life) return;  // the process has died of it
  }
  handlers_.on_turn_end();
  if (life_ == life) SetTimer();
}

void BrokerPort::Perform(const link::SessionEffect& effect) {
  const auto send_now = [this](MessageKind kind, std::string body) {
    network_.ToServer(number_, {.header = {.kind = kind}, .body = std::move(body)});
  };
  std::visit(
      Overloaded{
          [&](const link::SayHello&) {
            send_now(MessageKind::kHello, Encode(handlers_.make_hello()));
          },
          [&](const link::SayHeartbeat&) { send_now(MessageKind::kHeartbeat, {}); },
          [&](const link::Established& established) { handlers_.on_established(established); },
          [&](const link::Lost&) { handlers_.on_lost(); },
          [&](const link::Redial&) { network_.Redial(number_); },
          [&](const link::Ended& ended) { handlers_.on_ended(ended.bye); },
      },
      effect);
}

void BrokerPort::SetTimer() {
  const std::uint64_t timer = ++timer_;
  const std::optional<SteadyTime> deadline = session_.Deadline();
  if (!deadline) return;
  timeline_.At(*deadline, [this, timer] {
    if (timer_ != timer) return;
    session_.OnTime(timeline_.now().steady);
    Perform();
  });
}

}  // namespace eris::sim
