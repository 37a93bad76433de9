#include "tests/sim/network.h"

#include <algorithm>
#include <utility>

namespace eris::sim {
namespace {

constexpr Duration kFast{15};
constexpr Duration kSlow{3'000};
constexpr Duration kAtOnce{0};
constexpr std::size_t kRemembered = 64;
constexpr Duration kLongestHalfOpen{30'000};

// What may be lost, doubled and overtaken without the end of the connection.
bool IsAboutItems(MessageKind kind) {
  switch (kind) {
    case MessageKind::kPublish:
    case MessageKind::kReceipt:
    case MessageKind::kDeliver:
    case MessageKind::kOutcome:
    case MessageKind::kOutcomeAck:
    case MessageKind::kProgress:
    case MessageKind::kSubmitReply:
      return true;
    default:
      return false;
  }
}

}  // namespace

Network::ClientNumber Network::AddClient(std::string key) {
  Client client;
  client.key = std::move(key);
  clients_.push_back(std::move(client));
  return clients_.size() - 1;
}

void Network::ClientUp(ClientNumber client, ClientEnd& end) {
  clients_[client].end = &end;
  Dial(client, timeline_.Between(Duration(5), Duration(200)));
}

void Network::ClientDown(ClientNumber number) {
  Client& client = clients_[number];
  client.end = nullptr;
  ++client.dials;
  const link::PeerId peer = std::exchange(client.peer, {});
  const auto found = connections_.find(peer);
  if (found == connections_.end()) return;
  found->second.client_alive = false;
  timeline_.At(found->second.last[0] + timeline_.Between(kAtOnce, kFast),
               [this, peer] { Close(peer); });
}

void Network::Redial(ClientNumber number) {
  const link::PeerId peer = std::exchange(clients_[number].peer, {});
  if (peer.value != 0) Close(peer);
  Dial(number, timeline_.Between(Duration(5), Duration(200)));
}

void Network::Dial(ClientNumber number, Duration delay) {
  const std::uint64_t dial = ++clients_[number].dials;
  timeline_.After(delay, [this, number, dial] {
    if (clients_[number].dials == dial) Connect(number);
  });
}

void Network::Connect(ClientNumber number) {
  Client& client = clients_[number];
  if (server_ == nullptr || timeline_.now().steady < client.cut_until) {
    return Dial(number, timeline_.Between(Duration(300), Duration(1'500)));
  }
  client.peer = {++last_peer_};
  connections_[client.peer].client = number;
  client.end->OnLink(link::LinkEvent::kUp);
}

void Network::ToServer(ClientNumber client, const Message& message) {
  if (clients_[client].peer.value != 0) Post(clients_[client].peer, Towards::kServer, message);
}

void Network::ToClient(link::PeerId peer, const Message& message) {
  const auto found = connections_.find(peer);
  if (found != connections_.end() && message.header.kind == MessageKind::kDeliver) {
    std::deque<Message>& delivered = clients_[found->second.client].delivered;
    delivered.push_back(message);
    if (delivered.size() > kRemembered) delivered.pop_front();
  }
  Post(peer, Towards::kClient, message);
}

void Network::Post(link::PeerId peer, Towards towards, const Message& message) {
  const auto found = connections_.find(peer);
  if (found == connections_.end()) return;
  if (IsDeaf(found->second, towards)) return;
  const bool loose = IsAboutItems(message.header.kind);
  if (loose && faults_.Strikes(Fault::kLoseMessage)) {
    timeline_.After(timeline_.Between(Duration(1'000), Duration(30'000)),
                    [this, peer, number = found->second.client] {
                      if (clients_[number].peer == peer) BreakLink(number);
                    });
    return;
  }
  Duration delay = timeline_.Between(Duration(1), kFast);
  if (faults_.Strikes(Fault::kSlowMessage)) delay = timeline_.Between(kFast, kSlow);
  SteadyTime arrival = timeline_.now().steady + delay;
  if (loose && faults_.Strikes(Fault::kOvertake)) {
    arrival = arrival + timeline_.Between(kAtOnce, kSlow);
  } else {
    SteadyTime& last = found->second.last[static_cast<std::size_t>(towards)];
    arrival = last = std::max(arrival, last);
  }
  if (loose && faults_.Strikes(Fault::kDoubleMessage)) {
    timeline_.At(arrival + timeline_.Between(kAtOnce, kSlow),
                 [this, peer, towards, message] { Arrive(peer, towards, message); });
  }
  timeline_.At(arrival, [this, peer, towards, message] { Arrive(peer, towards, message); });
}

void Network::Arrive(link::PeerId peer, Towards towards, Message message) {
  const auto found = connections_.find(peer);
  if (found == connections_.end()) return;
  const Connection& connection = found->second;
  Client& client = clients_[connection.client];
  timeline_.Note(client.key, std::string(towards == Towards::kServer ? "> " : "< ") +
                                 std::string(ToString(message.header.kind)) + " " +
                                 std::to_string(message.header.item.step.transaction.value) + "." +
                                 std::to_string(message.header.item.step.index.value));
  if (towards == Towards::kServer) {
    if (connection.server_alive) server_->OnMessage(peer, client.key, std::move(message));
  } else if (connection.client_alive && client.end != nullptr) {
    client.end->OnMessage(std::move(message));
  }
}

void Network::Close(link::PeerId peer) {
  const auto found = connections_.find(peer);
  if (found == connections_.end()) return;
  // The end of it has not reached the server: what was on its way still comes.
  if (!found->second.half_open && found->second.server_alive &&
      faults_.Strikes(Fault::kOldSession)) {
    found->second.half_open = true;
    found->second.client_alive = false;
    timeline_.After(timeline_.Between(kSlow, kLongestHalfOpen), [this, peer] { Close(peer); });
    return;
  }
  const bool server_alive = found->second.server_alive;
  connections_.erase(found);
  // A silent peer may vanish unnoticed: its session ends by missed heartbeats.
  if (!server_alive || timeline_.Chance(faults_.calm() ? 0 : 300)) return;
  ServerEnd* const server = server_;
  timeline_.After(timeline_.Between(kAtOnce, kSlow), [this, peer, server] {
    if (server_ == server && server_ != nullptr) server_->OnGone(peer);
  });
}

void Network::BreakLink(ClientNumber number) {
  Client& client = clients_[number];
  const link::PeerId peer = std::exchange(client.peer, {});
  if (peer.value == 0) return;
  timeline_.Note(client.key, "link broken");
  Close(peer);
  if (!faults_.calm()) {
    client.cut_until = std::max(client.cut_until, timeline_.now().steady + faults_.Outage());
  }
  const std::uint64_t dial = ++client.dials;
  timeline_.After(timeline_.Between(kAtOnce, kSlow), [this, number, dial] {
    if (clients_[number].dials != dial) return;
    clients_[number].end->OnLink(link::LinkEvent::kDown);
    Dial(number, timeline_.Between(Duration(100), Duration(1'000)));
  });
}

// What is lost would end the connection: it does, when the time is over.
void Network::MakeOneWay(ClientNumber number, Duration how_long) {
  const link::PeerId peer = clients_[number].peer;
  const auto found = connections_.find(peer);
  if (found == connections_.end()) return;
  timeline_.Note(clients_[number].key, "one way only");
  found->second.deaf_until[timeline_.Below(2)] = timeline_.now().steady + how_long;
  timeline_.After(how_long, [this, peer, number] {
    if (clients_[number].peer == peer) BreakLink(number);
  });
}

void Network::Cut(ClientNumber number, Duration how_long) {
  clients_[number].cut_until = timeline_.now().steady + how_long;
  BreakLink(number);
}

void Network::DeliverAgain(ClientNumber number) {
  const Client& client = clients_[number];
  if (client.peer.value == 0 || client.delivered.empty()) return;
  Arrive(client.peer, Towards::kClient, client.delivered[timeline_.Below(client.delivered.size())]);
}

bool Network::IsDeaf(const Connection& connection, Towards towards) const {
  return timeline_.now().steady < connection.deaf_until[static_cast<std::size_t>(towards)];
}

void Network::ServerDown() {
  server_ = nullptr;
  for (auto& [peer, connection] : connections_) {
    connection.server_alive = false;
    if (!connection.client_alive) continue;
    // What it had sent before may still arrive.
    timeline_.At(connection.last[1] + timeline_.Between(kAtOnce, kFast),
                 [this, peer = peer, number = connection.client] {
                   if (clients_[number].peer == peer) BreakLink(number);
                 });
  }
}

}  // namespace eris::sim
