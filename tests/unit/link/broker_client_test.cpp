// Goal: a client keeps its session with the broker by itself and hands everything else to its
// owner. Method: the transport in memory, a clock moved by hand, a broker played by the test.
#include "broker/link/broker_client.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "broker/link/memory_transport.h"
#include "broker/link/message_frame.h"
#include "schema/codec/codec.h"

namespace eris::link {
namespace {

class ManualClock final : public Clock {
 public:
  Now Read() override { return now; }
  Now now{{1'000'000}, {1'000'000}};
};

class BrokerClientTest : public testing::Test {
 protected:
  void SetUp() override {
    network_.SetHandlers({.on_frame =
                              [this](PeerId peer, const PublicKey&, Bytes frame) {
                                peer_ = peer;
                                std::vector<Message> messages = ParseMessages(frame).value();
                                for (Message& m : messages) {
                                  heard_ += std::string(ToString(m.header.kind)) + " ";
                                  last_heard_ = std::move(m);
                                }
                              },
                          .on_gone = {}});
    loop_->OnTurnEnd([this] { link_.Flush(); });
  }

  BrokerClientHandlers Handlers() {
    return {.make_hello =
                [this] { return Hello{.role = Role::kWorker, .name = "w", .instance = ++hellos_}; },
            .on_established =
                [this](const Established& e) {
                  log_ += e.boot == Established::Boot::kNew ? "new-boot " : "established ";
                  link_.Send(MessageOf(MessageKind::kOutcome, "resent"));
                },
            .on_lost = [this](const Lost&) { log_ += "lost "; },
            .on_ended = [this](const Bye&) { log_ += "ended "; },
            .on_message = [this](const Message& m) { received_.push_back(m); }};
  }

  static Message MessageOf(MessageKind kind, std::string body) {
    Message message{.header = {}, .body = std::move(body)};
    message.header.kind = kind;
    return message;
  }

  // One turn after `seconds`: deliver, run timers, send.
  void Turn(int seconds = 0) {
    clock_.now.steady.ms += seconds * 1000;
    loop_->Turn(Duration(0));
    network_.Deliver();
    loop_->Turn(Duration(0));
    network_.Deliver();
  }
  std::string Heard() { return std::exchange(heard_, {}); }
  std::string Log() { return std::exchange(log_, {}); }

  void BrokerSays(const Message& message) {
    BatchWriter writer;
    ASSERT_EQ(writer.Add(EncodedMessage(message).view()), AddResult::kAdded);
    ASSERT_EQ(network_.Send(peer_, writer.Take()), SendResult::kSent);
    Turn();
  }
  void BrokerWelcomes(std::uint64_t boot) {
    BrokerSays(
        MessageOf(MessageKind::kWelcome, Encode(Welcome{.boot = boot, .session = SessionId{5}})));
  }
  void Establish() {
    Turn();
    ASSERT_EQ(Heard(), "hello ");
    BrokerWelcomes(1);
    ASSERT_EQ(Log(), "established ");
    ASSERT_EQ(Heard(), "outcome ");
  }

  ManualClock clock_;
  NullLog null_log_;
  std::unique_ptr<Loop> loop_ = Loop::Open(clock_).value();
  MemoryNetwork network_{std::size_t{16} << 20};
  std::unique_ptr<MemoryClient> client_ = network_.Connect(PublicKey{});
  BrokerClient link_{*loop_, *client_, null_log_, Handlers()};
  PeerId peer_;
  std::uint64_t hellos_ = 0;
  std::string heard_;
  std::string log_;
  Message last_heard_;
  std::vector<Message> received_;
};

TEST_F(BrokerClientTest, SaysHelloAsOfNowAndResendsOnWelcome) {
  link_.Send(MessageOf(MessageKind::kOutcome, "too early"));
  Turn();
  EXPECT_EQ(Heard(), "hello ");
  const Hello hello = Decode<Hello>(last_heard_.body).value();
  EXPECT_EQ(hello.role, Role::kWorker);
  EXPECT_EQ(hello.instance, 1u);
  BrokerWelcomes(1);
  EXPECT_EQ(Log(), "established ");
  EXPECT_EQ(Heard(), "outcome ");
  EXPECT_EQ(last_heard_.body, "resent");
  EXPECT_EQ(link_.welcome().session, SessionId{5});
}

TEST_F(BrokerClientTest, MessagesReachTheOwnerInOrderAndOnlyWithinASession) {
  Turn();
  BrokerSays(MessageOf(MessageKind::kDeliver, "of another session"));
  EXPECT_TRUE(received_.empty());
  BrokerWelcomes(1);
  BrokerSays(MessageOf(MessageKind::kDeliver, "one"));
  BrokerSays(MessageOf(MessageKind::kRevoke, "two"));
  ASSERT_EQ(received_.size(), 2u);
  EXPECT_EQ(received_[0].body, "one");
  EXPECT_EQ(received_[1].header.kind, MessageKind::kRevoke);
}

TEST_F(BrokerClientTest, HeartbeatsThenLossThenANewSession) {
  Establish();
  Turn(5);
  EXPECT_EQ(Heard(), "heartbeat ");
  BrokerSays(MessageOf(MessageKind::kHeartbeat, {}));
  Turn(5);
  Turn(5);
  EXPECT_EQ(Heard(), "heartbeat heartbeat ");
  Turn(5);
  EXPECT_EQ(Log(), "lost ") << "15 s after the broker's last word";
  link_.Send(MessageOf(MessageKind::kOutcome, "of no session"));
  Turn();
  EXPECT_EQ(Heard(), "hello ");
  BrokerWelcomes(2);
  EXPECT_EQ(Log(), "new-boot ");
}

TEST_F(BrokerClientTest, BrokenConnectionIsGreetedAgain) {
  Establish();
  network_.Break(*client_);
  EXPECT_EQ(Log(), "lost ");
  network_.Restore(*client_);
  Turn();
  EXPECT_EQ(Heard(), "hello ");
}

TEST_F(BrokerClientTest, WhoAreYouIsAnsweredWithHello) {
  Establish();
  BrokerSays(MessageOf(MessageKind::kWhoAreYou, {}));
  EXPECT_EQ(Log(), "lost ");
  EXPECT_EQ(Heard(), "hello ");
}

TEST_F(BrokerClientTest, SupersededEndsForGood) {
  Establish();
  BrokerSays(
      MessageOf(MessageKind::kBye, Encode(Bye{.reason = ByeReason::kSuperseded, .message = {}})));
  EXPECT_EQ(Log(), "ended ");
  Turn(100);
  EXPECT_EQ(Heard(), "");
}

TEST_F(BrokerClientTest, GarbageIsIgnored) {
  Establish();
  ASSERT_EQ(network_.Send(peer_, Frame(100)), SendResult::kSent);
  Turn();
  BrokerSays(MessageOf(MessageKind::kWelcome, "garbage"));
  BrokerSays(MessageOf(MessageKind::kBye, "garbage"));
  EXPECT_TRUE(link_.established());
  EXPECT_EQ(Log(), "");
  EXPECT_EQ(Heard(), "");
}

TEST_F(BrokerClientTest, WhatTheTransportHasNoRoomForWaitsAndArrivesInOrder) {
  Establish();
  for (int i = 0; i < 20; ++i) {
    Message message = MessageOf(MessageKind::kOutcome, std::string(limits::kBodyBytes, 'x'));
    message.header.request = static_cast<std::uint64_t>(i);
    link_.Send(message);
  }
  loop_->Turn(Duration(0));
  EXPECT_GT(link_.QueuedBytes(), 19 * limits::kBodyBytes);
  EXPECT_LT(client_->QueuedBytes(), std::size_t{6} << 20) << "the transport's queue stays short";
  for (int i = 0; i < 5; ++i) Turn(1);
  EXPECT_EQ(link_.QueuedBytes(), 0u);
  std::string expected;
  for (int i = 0; i < 20; ++i) expected += "outcome ";
  EXPECT_EQ(Heard().substr(0, expected.size()), expected);
  EXPECT_EQ(Log(), "");
}

TEST(MessageFrame, UnknownMessagesAreAnswered) {
  const Message reply = UnimplementedReply({.kind = MessageKind::kUnspecified, .request = 7});
  EXPECT_EQ(reply.header.kind, MessageKind::kFault);
  EXPECT_EQ(reply.header.request, 7u);
  EXPECT_EQ(Decode<Fault>(reply.body).value().code, Fault::Code::kUnimplemented);
}

}  // namespace
}  // namespace eris::link
