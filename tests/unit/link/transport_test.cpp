// Goal: the promises of transport.h and zap.h over real sockets. Method: ROUTER and DEALER with
// CURVE on loopback, ports of the system's choice, all ends turned by one loop in this thread.
#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>

#include "broker/link/outbox.h"
#include "broker/link/zap.h"
#include "broker/link/zmq_transport.h"

namespace eris::link::transport_test {
namespace {

constexpr Duration kPatience{10'000};
constexpr char kDomain[] = "test";

Frame FrameOf(std::string_view text) {
  const Bytes bytes = std::as_bytes(std::span(text));
  return {bytes.begin(), bytes.end()};
}

std::string Text(Bytes bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

class TransportTest : public testing::Test {
 protected:
  struct Received {
    PeerId peer;
    PublicKey user;
    std::string text;
    bool operator==(const Received&) const = default;
  };

  struct TestClient {
    CurveKeys keys = GenerateKeys().value();
    std::vector<std::string> frames;
    std::vector<LinkEvent> events;
    std::unique_ptr<ZmqClient> link;

    bool Saw(LinkEvent event) const { return std::count(events.begin(), events.end(), event) > 0; }
  };

  // Turns the loop until `done`; false: patience is over.
  template <typename Done>
  bool TurnUntil(const Done& done) {
    const SteadyTime end = clock_.Read().steady + kPatience;
    while (!done()) {
      if (clock_.Read().steady > end) return false;
      loop_->Turn(Duration(20));
    }
    return true;
  }

  void StartZap(AdmissionRate rate = {}) {
    zap_ = ZapHandler::Open(*loop_, *context_, rate).value();
    zap_->Serve(kDomain, [this](const PublicKey& key) {
      return allowed_.contains(key) ? Verdict::kAllow : Verdict::kDeny;
    });
  }

  void StartServer(ServerOptions options = {}) {
    if (options.zap_domain.empty()) options.zap_domain = kDomain;
    auto server = ZmqServer::Listen(*loop_, *context_, options, server_keys_);
    ASSERT_TRUE(server) << server.error().message;
    server_ = std::move(*server);
    endpoint_ = server_->endpoint();
    server_->SetHandlers({.on_frame =
                              [this](PeerId peer, const PublicKey& user, Bytes frame) {
                                received_.push_back({peer, user, Text(frame)});
                              },
                          .on_gone = [this](PeerId peer) { gone_.push_back(peer); }});
  }

  // Connects with quick retries; the client is left as it is when it has no keys that the server
  // allows.
  void Connect(TestClient& client) {
    ClientOptions options{.endpoint = endpoint_, .server_key = server_keys_.public_key};
    options.reconnect_min = Duration(10);
    options.reconnect_max = Duration(40);
    auto link = ZmqClient::Connect(*loop_, *context_, options, client.keys);
    ASSERT_TRUE(link) << link.error().message;
    client.link = std::move(*link);
    client.link->SetHandlers(
        {.on_frame = [&client](Bytes frame) { client.frames.push_back(Text(frame)); },
         .on_link = [&client](LinkEvent event) { client.events.push_back(event); }});
  }

  void ConnectAllowed(TestClient& client) {
    allowed_.insert(client.keys.public_key);
    Connect(client);
    ASSERT_TRUE(TurnUntil([&] { return client.Saw(LinkEvent::kUp); }));
  }

  // The server's name for a client that is up.
  PeerId Greet(TestClient& client) {
    const std::size_t before = received_.size();
    EXPECT_EQ(client.link->Send(FrameOf("greeting")), SendResult::kSent);
    EXPECT_TRUE(TurnUntil([&] { return received_.size() > before; }));
    return received_.size() > before ? received_.back().peer : PeerId{};
  }

  SystemClock clock_;
  std::unique_ptr<Loop> loop_ = Loop::Open(clock_).value();
  std::unique_ptr<Context> context_ = Context::Open(IoThreads::kServer).value();
  std::unique_ptr<ZapHandler> zap_;
  CurveKeys server_keys_ = GenerateKeys().value();
  std::set<PublicKey> allowed_;
  std::unique_ptr<ZmqServer> server_;
  std::string endpoint_;
  std::vector<Received> received_;
  std::vector<PeerId> gone_;
};

TEST_F(TransportTest, EveryFrameNamesTheKeyThatSentItTheFirstToo) {
  StartZap();
  StartServer();
  TestClient one;
  TestClient two;
  ConnectAllowed(one);
  ConnectAllowed(two);
  for (int i = 0; i < 50; ++i) {
    EXPECT_EQ(one.link->Send(FrameOf("one")), SendResult::kSent);
    EXPECT_EQ(two.link->Send(FrameOf("two")), SendResult::kSent);
  }
  ASSERT_TRUE(TurnUntil([&] { return received_.size() == 100; }));
  for (const Received& r : received_) {
    EXPECT_EQ(r.user, r.text == "one" ? one.keys.public_key : two.keys.public_key);
  }
}

TEST_F(TransportTest, FramesArriveInOrderAndTheAnswerFindsItsPeer) {
  StartZap();
  StartServer();
  TestClient one;
  TestClient two;
  ConnectAllowed(one);
  ConnectAllowed(two);
  const PeerId first = Greet(one);
  const PeerId second = Greet(two);
  EXPECT_NE(first, second);
  EXPECT_EQ(server_->Send(first, FrameOf("1")), SendResult::kSent);
  EXPECT_EQ(server_->Send(second, FrameOf("x")), SendResult::kSent);
  EXPECT_EQ(server_->Send(first, FrameOf("2")), SendResult::kSent);
  ASSERT_TRUE(TurnUntil([&] { return one.frames.size() == 2 && two.frames.size() == 1; }));
  EXPECT_EQ(one.frames, (std::vector<std::string>{"1", "2"}));
  EXPECT_EQ(two.frames, (std::vector<std::string>{"x"}));
}

TEST_F(TransportTest, UnknownKeyIsRefusedAndAdmittedOnceItIsAuthorised) {
  StartZap();
  StartServer();
  TestClient client;
  Connect(client);
  ASSERT_TRUE(TurnUntil([&] { return client.Saw(LinkEvent::kRefused); }));
  EXPECT_FALSE(client.Saw(LinkEvent::kUp));
  EXPECT_EQ(client.link->Send(FrameOf("x")), SendResult::kGone);
  EXPECT_TRUE(received_.empty());

  allowed_.insert(client.keys.public_key);
  ASSERT_TRUE(TurnUntil([&] { return client.Saw(LinkEvent::kUp); })) << "without being told";
}

TEST_F(TransportTest, ThoseBeyondTheRateOfAdmissionsWaitForTheirTurn) {
  StartZap({.per_second = 20, .at_once = 1});
  StartServer();
  std::vector<TestClient> clients(4);
  for (TestClient& client : clients) {
    allowed_.insert(client.keys.public_key);
    Connect(client);
  }
  TestClient stranger;
  Connect(stranger);
  for (TestClient& client : clients) {
    EXPECT_TRUE(TurnUntil([&] { return client.Saw(LinkEvent::kUp); }));
    EXPECT_FALSE(client.Saw(LinkEvent::kRefused));
  }
  EXPECT_TRUE(TurnUntil([&] { return stranger.Saw(LinkEvent::kRefused); }));
}

TEST_F(TransportTest, DomainsThatNobodyServesAreDenied) {
  StartZap();
  StartServer({.zap_domain = "another"});
  TestClient client;
  allowed_.insert(client.keys.public_key);
  Connect(client);
  ASSERT_TRUE(TurnUntil([&] { return client.Saw(LinkEvent::kRefused); }));
  EXPECT_FALSE(client.Saw(LinkEvent::kUp));
}

TEST_F(TransportTest, WithoutAZapHandlerNobodyIsAdmitted) {
  StartServer();
  TestClient client;
  Connect(client);
  ASSERT_TRUE(TurnUntil([&] { return client.events.size() >= 2; }));
  EXPECT_FALSE(client.Saw(LinkEvent::kUp));
}

TEST_F(TransportTest, ServerWithAnotherKeyIsRefused) {
  StartZap();
  StartServer();
  TestClient client;
  allowed_.insert(client.keys.public_key);
  const CurveKeys real = std::exchange(server_keys_, GenerateKeys().value());
  Connect(client);
  ASSERT_TRUE(TurnUntil([&] { return client.events.size() >= 1; }));
  EXPECT_FALSE(client.Saw(LinkEvent::kUp));
}

TEST_F(TransportTest, LargestFrameArrives) {
  StartZap();
  StartServer();
  TestClient client;
  ConnectAllowed(client);
  const std::string largest(kMaxFrameBytes, 'x');
  EXPECT_EQ(client.link->Send(FrameOf(largest)), SendResult::kSent);
  ASSERT_TRUE(TurnUntil([&] { return received_.size() == 1; }));
  EXPECT_EQ(received_.back().text, largest);
}

TEST_F(TransportTest, SlowPeerFillsItsOwnQueueAndIsThenRefused) {
  StartZap();
  StartServer({.max_peer_queue_bytes = 2 << 20});
  TestClient slow;
  TestClient other;
  ConnectAllowed(slow);
  ConnectAllowed(other);
  const PeerId slow_peer = Greet(slow);
  const PeerId other_peer = Greet(other);

  // Nobody reads while this thread sends: sockets and ZeroMQ's queues fill, then ours.
  const Frame frame(256 << 10);
  int sent = 0;
  while (sent < 1000 && server_->Send(slow_peer, frame) == SendResult::kSent) ++sent;
  ASSERT_LT(sent, 1000);
  EXPECT_GT(server_->QueuedBytes(slow_peer), std::size_t{1} << 20);
  EXPECT_LE(server_->QueuedBytes(slow_peer), std::size_t{2} << 20);
  EXPECT_EQ(server_->Send(other_peer, FrameOf("not blocked")), SendResult::kSent);
  EXPECT_EQ(server_->QueuedBytes(other_peer), 0u);

  // Once it reads, all that was taken arrives.
  ASSERT_TRUE(TurnUntil([&] { return slow.frames.size() == static_cast<std::size_t>(sent); }));
  EXPECT_EQ(server_->QueuedBytes(slow_peer), 0u);
  EXPECT_EQ(server_->Send(slow_peer, FrameOf("again")), SendResult::kSent);
}

TEST_F(TransportTest, TotalOfAllQueuesIsBounded) {
  StartZap();
  StartServer({.max_queue_bytes = 1 << 20});
  TestClient slow;
  ConnectAllowed(slow);
  const PeerId peer = Greet(slow);
  const Frame frame(256 << 10);
  int sent = 0;
  while (sent < 1000 && server_->Send(peer, frame) == SendResult::kSent) ++sent;
  EXPECT_LT(sent, 1000);
  EXPECT_LE(server_->QueuedBytes(peer), std::size_t{1} << 20);
  server_->Forget(peer);
  EXPECT_EQ(server_->QueuedBytes(peer), 0u);
}

TEST_F(TransportTest, GonePeersAreReported) {
  StartZap();
  StartServer({.max_peer_queue_bytes = 64 << 20});
  EXPECT_EQ(server_->Send(PeerId{12345}, FrameOf("x")), SendResult::kGone);

  TestClient client;
  ConnectAllowed(client);
  const PeerId peer = Greet(client);
  // More than the kernel and ZeroMQ can swallow before the end is noticed.
  const Frame frame(256 << 10);
  while (server_->Send(peer, frame) == SendResult::kSent) {
  }
  client.link.reset();
  ASSERT_TRUE(TurnUntil([&] { return !gone_.empty(); }));
  EXPECT_EQ(gone_, std::vector<PeerId>{peer});
  EXPECT_EQ(server_->Send(peer, frame), SendResult::kGone);
}

TEST_F(TransportTest, FullClientReportsItAndDrains) {
  StartZap();
  StartServer();
  TestClient client;
  ConnectAllowed(client);
  const Frame frame(256 << 10);
  std::size_t sent = 0;
  while (sent < 1000 && client.link->Send(frame) == SendResult::kSent) ++sent;
  ASSERT_LT(sent, 1000u);
  EXPECT_GT(client.link->QueuedBytes(), std::size_t{15} << 20);
  ASSERT_TRUE(TurnUntil([&] { return received_.size() == sent; }));
  EXPECT_EQ(client.link->QueuedBytes(), 0u);
}

TEST_F(TransportTest, ClientFindsTheRestartedServerUnderANewPeerId) {
  StartZap();
  StartServer();
  TestClient client;
  ConnectAllowed(client);
  const PeerId before = Greet(client);
  server_.reset();
  ASSERT_TRUE(TurnUntil([&] { return client.Saw(LinkEvent::kUnreachable); }));
  EXPECT_TRUE(client.Saw(LinkEvent::kDown));
  EXPECT_EQ(client.link->Send(FrameOf("lost")), SendResult::kGone);

  client.events.clear();
  StartServer({.endpoint = endpoint_});
  ASSERT_TRUE(TurnUntil([&] { return client.Saw(LinkEvent::kUp); }));
  const PeerId after = Greet(client);
  EXPECT_NE(before, after);
  EXPECT_EQ(received_.back(), (Received{after, client.keys.public_key, "greeting"}))
      << "nothing of the old connection comes after it";
}

TEST_F(TransportTest, ReconnectMakesANewConnection) {
  StartZap();
  StartServer();
  TestClient client;
  ConnectAllowed(client);
  const PeerId before = Greet(client);
  client.events.clear();
  client.link->Reconnect();
  EXPECT_EQ(client.link->Send(FrameOf("x")), SendResult::kGone);
  ASSERT_TRUE(TurnUntil([&] { return client.Saw(LinkEvent::kUp); }));
  EXPECT_NE(Greet(client), before);
}

TEST_F(TransportTest, AddressInUseIsAConflict) {
  StartZap();
  StartServer();
  const auto second = ZmqServer::Listen(
      *loop_, *context_, {.endpoint = endpoint_, .zap_domain = kDomain}, server_keys_);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, ErrorCode::kConflict);
}

TEST_F(TransportTest, MalformedEndpointIsInvalid) {
  const auto link = ZmqClient::Connect(
      *loop_, *context_, {.endpoint = "nonsense", .server_key = server_keys_.public_key},
      server_keys_);
  ASSERT_FALSE(link);
  EXPECT_EQ(link.error().code, ErrorCode::kInvalid);
}

TEST_F(TransportTest, OutboxesBatchWhatATurnSends) {
  StartZap();
  StartServer();
  TestClient client;
  ConnectAllowed(client);
  ClientOutbox outbox(*client.link);
  const Frame big(200 << 10);
  const Frame small = FrameOf("h");
  ASSERT_TRUE(outbox.Add({small, FrameOf("one")}));
  ASSERT_TRUE(outbox.Add({small, FrameOf("two")}));
  ASSERT_TRUE(outbox.Add({small, big}));
  ASSERT_TRUE(outbox.Add({small, big}));
  EXPECT_FALSE(outbox.Add({small, Frame(kMaxFrameBytes)}));
  EXPECT_EQ(outbox.Flush(), SendResult::kSent);
  ASSERT_TRUE(TurnUntil([&] { return received_.size() == 2; }));
  const std::string& text = received_[0].text;
  EXPECT_EQ(Batch::Parse(std::as_bytes(std::span(text))).value().size(), 3u);

  ServerOutbox server_outbox(*server_);
  std::vector<std::pair<PeerId, SendResult>> refused;
  ASSERT_TRUE(server_outbox.Add(received_[0].peer, {small, {}}));
  ASSERT_TRUE(server_outbox.Add(received_[0].peer, {small, {}}));
  ASSERT_TRUE(server_outbox.Add(PeerId{99}, {small, {}}));
  server_outbox.Flush([&](PeerId peer, SendResult result) { refused.emplace_back(peer, result); });
  ASSERT_TRUE(TurnUntil([&] { return client.frames.size() == 1; }));
  EXPECT_EQ(Batch::Parse(std::as_bytes(std::span(client.frames[0]))).value().size(), 2u);
  EXPECT_EQ(refused, (std::vector<std::pair<PeerId, SendResult>>{{PeerId{99}, SendResult::kGone}}));
}

}  // namespace
}  // namespace eris::link::transport_test
