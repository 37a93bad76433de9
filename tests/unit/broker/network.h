// A broker with peers in memory: what each of them receives, and what the spool would hold.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "broker/broker.h"
#include "schema/codec/codec.h"

namespace eris::testing {

using link::PeerId;

// Grants by key; a key is called like its name.
class TestKeys final : public KeyGrants {
 public:
  const KeyGrant* Find(std::string_view public_key) const override {
    const auto found = grants.find(std::string(public_key));
    return found == grants.end() ? nullptr : &found->second;
  }
  const KeyGrant* FindNamed(std::string_view name) const override { return Find(name); }
  std::map<std::string, KeyGrant> grants{
      {"planner", {.name = "planner", .role = Role::kPlanner}},
      {"worker-a", {.name = "worker-a", .role = Role::kWorker, .queues = {"target.a"}}},
      {"worker-b",
       {.name = "worker-b", .role = Role::kWorker, .queues = {"target.b", "builder.x86_64-linux"}}},
      {"builder", {.name = "builder", .role = Role::kWorker, .queues = {"builder.x86_64-linux"}}},
      {"alice",
       {.name = "alice",
        .role = Role::kClient,
        .level = KeyLevel::kAdmin,
        .profiles = {"*"},
        .targets = {"*"}}},
      {"bob",
       {.name = "bob",
        .role = Role::kClient,
        .level = KeyLevel::kDeploy,
        .profiles = {"default"},
        .targets = {"a"}}},
      {"reader", {.name = "reader", .role = Role::kClient, .level = KeyLevel::kRead}},
  };
};

// One connection. Its key is `key`; every peer starts without a session.
struct Peer {
  PeerId id;
  std::string key;
};

class Network {
 public:
  explicit Network(const BrokerOptions& options = {}, SpoolContent content = {})
      : broker(options, std::move(content), keys) {
    Tick();
  }

  Peer Connect(const std::string& key) { return {.id = {++last_peer}, .key = key}; }

  void Send(const Peer& peer, Header header, std::string body = {}) {
    broker.OnMessage(peer.id, peer.key, {.header = std::move(header), .body = std::move(body)},
                     now);
    Settle();
  }
  void SayHello(const Peer& peer, const Hello& hello) {
    Send(peer, {.kind = MessageKind::kHello}, Encode(hello));
  }

  // Sessions as most tests want them.
  Peer Planner(std::uint64_t epoch = 1, std::uint64_t journal = 9) {
    Peer peer = Connect("planner");
    SayHello(peer, {.role = Role::kPlanner,
                    .instance = ++last_instance,
                    .journal = {journal},
                    .epoch = {epoch}});
    return peer;
  }
  Hello WorkerHello(const std::string& key) {
    return {.role = Role::kWorker,
            .name = key,
            .instance = ++last_instance,
            .queues = keys.grants.at(key).queues,
            .ledger = {std::hash<std::string>{}(key)}};
  }
  Peer Worker(const std::string& key, std::uint32_t credit = 100) {
    Peer peer = Connect(key);
    SayHello(peer, WorkerHello(key));
    for (const std::string& queue : keys.grants.at(key).queues) Grant(peer, queue, credit);
    return peer;
  }
  Peer Client(const std::string& key = "alice") {
    Peer peer = Connect(key);
    SayHello(peer, {.role = Role::kClient, .name = key, .instance = ++last_instance});
    return peer;
  }

  void Grant(const Peer& worker, const std::string& queue, std::uint32_t items) {
    Send(worker, {.kind = MessageKind::kCredit, .queue = queue}, Encode(Credit{items}));
  }
  static ItemId Id(std::uint32_t index, std::uint16_t attempt = 1) {
    return {.step = {.journal = {9}, .transaction = {1}, .index = {index}},
            .grade = {.attempt = attempt}};
  }
  void Publish(const Peer& planner, ItemId id, const std::string& queue = "target.a",
               std::uint64_t epoch = 1) {
    Send(planner,
         {.kind = MessageKind::kPublish,
          .queue = queue,
          .item = id,
          .epoch = {epoch},
          .body_hash = 7},
         "item");
  }
  void Report(const Peer& worker, ItemId id, const std::string& queue = "target.a") {
    Send(worker, {.kind = MessageKind::kOutcome, .queue = queue, .item = id}, "outcome");
  }

  // Time goes by as in the daemon, with ticks.
  void Wait(Duration duration) {
    constexpr Duration kTick{1'000};
    for (; duration > kTick; duration -= kTick) Pass(kTick);
    Pass(duration);
  }
  void Pass(Duration duration) {
    now.steady = now.steady + duration;
    now.wall.ms += duration.count();
    Tick();
  }
  void Tick() {
    broker.OnTick(now);
    Settle();
  }
  void Lose(const Peer& peer) {
    broker.OnPeerGone(peer.id);
    Settle();
  }

  // Messages that a peer has received and not looked at, oldest first.
  std::vector<Message> Take(const Peer& peer) { return std::exchange(inboxes[peer.id], {}); }
  std::vector<MessageKind> TakeKinds(const Peer& peer) {
    std::vector<MessageKind> kinds;
    for (const Message& message : Take(peer)) kinds.push_back(message.header.kind);
    return kinds;
  }
  // The newest message of a kind, decoded; a test failure shows as its default.
  template <typename Body>
  Body Last(const Peer& peer, MessageKind kind) {
    Body body{};
    for (const Message& message : inboxes[peer.id]) {
      if (message.header.kind == kind) body = Decode<Body>(message.body).value_or(Body{});
    }
    return body;
  }

  // The end of a turn: records are durable, effects are released.
  void Settle() {
    BrokerDecisions turn = std::exchange(broker.decisions(), {});
    for (const SpoolRecord& record : turn.records) {
      Apply(spool, record);
      records.push_back(record);
    }
    for (const BrokerEffect& effect : turn.effects) {
      if (const auto* send = std::get_if<SendTo>(&effect)) {
        inboxes[send->peer].push_back(send->message);
      } else if (const auto* drop = std::get_if<DropPeer>(&effect)) {
        dropped.push_back(drop->peer);
      }
    }
  }

  TestKeys keys;
  Broker broker;
  Now now{.steady = {1'000'000}, .wall = {1'000'000}};
  SpoolContent spool;
  std::vector<SpoolRecord> records;
  std::map<PeerId, std::vector<Message>> inboxes;
  std::vector<PeerId> dropped;
  std::uint64_t last_peer = 0;
  std::uint64_t last_instance = 0;
};

}  // namespace eris::testing
