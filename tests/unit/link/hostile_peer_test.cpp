// Goal: what an authorised but broken or hostile peer sends does no harm to the server or to
// others. Method: bare DEALER sockets beside a well-behaved client, all on loopback.
#include <gtest/gtest.h>
#include <zmq.h>

#include <set>
#include <string>

#include "broker/link/zap.h"
#include "broker/link/zmq_transport.h"

namespace eris::link {
namespace {

constexpr Duration kPatience{10'000};

Frame FrameOf(std::string_view text) {
  const Bytes bytes = std::as_bytes(std::span(text));
  return {bytes.begin(), bytes.end()};
}

// A DEALER that sends what it likes.
class BareDealer {
 public:
  BareDealer(Context& context, const CurveKeys& keys, const PublicKey& server)
      : socket_(zmq_socket(context.handle(), ZMQ_DEALER)) {
    const int none = 0;
    zmq_setsockopt(socket_, ZMQ_LINGER, &none, sizeof none);
    zmq_setsockopt(socket_, ZMQ_CURVE_SERVERKEY, server.bytes.data(), kKeyBytes);
    zmq_setsockopt(socket_, ZMQ_CURVE_PUBLICKEY, keys.public_key.bytes.data(), kKeyBytes);
    zmq_setsockopt(socket_, ZMQ_CURVE_SECRETKEY, keys.secret_key.bytes().data(), kKeyBytes);
  }
  ~BareDealer() { zmq_close(socket_); }
  BareDealer(const BareDealer&) = delete;
  BareDealer& operator=(const BareDealer&) = delete;

  void ChooseRoutingId(const std::string& id) {
    ASSERT_EQ(zmq_setsockopt(socket_, ZMQ_ROUTING_ID, id.data(), id.size()), 0);
  }
  void Connect(const std::string& endpoint) {
    ASSERT_EQ(zmq_connect(socket_, endpoint.c_str()), 0);
  }
  void Send(const std::string& part, int flags = 0) {
    ASSERT_GE(zmq_send(socket_, part.data(), part.size(), flags | ZMQ_DONTWAIT), 0);
  }

 private:
  void* socket_;
};

class HostilePeerTest : public testing::Test {
 protected:
  void SetUp() override {
    zap_->Serve("test", [](const PublicKey&) { return Verdict::kAllow; });
    server_ = ZmqServer::Listen(*loop_, *context_, {.zap_domain = "test"}, server_keys_).value();
    server_->SetHandlers({.on_frame =
                              [this](PeerId peer, const PublicKey& user, Bytes frame) {
                                last_peer_ = peer;
                                if (user == hostile_keys_.public_key) ++hostile_frames_;
                                if (user == good_keys_.public_key) ++good_frames_;
                                hostile_bytes_ += frame.size();
                              },
                          .on_gone = {}});
    ClientOptions options{.endpoint = server_->endpoint(), .server_key = server_keys_.public_key};
    good_ = ZmqClient::Connect(*loop_, *context_, options, good_keys_).value();
    good_->SetHandlers(
        {.on_frame = [this](Bytes) { ++answers_; },
         .on_link = [this](LinkEvent event) { good_up_ = event == LinkEvent::kUp; }});
    ASSERT_TRUE(TurnUntil([&] { return good_up_; }));
  }

  template <typename Done>
  bool TurnUntil(const Done& done) {
    const SteadyTime end = clock_.Read().steady + kPatience;
    while (!done()) {
      if (clock_.Read().steady > end) return false;
      loop_->Turn(Duration(20));
    }
    return true;
  }

  // The good client still speaks and hears.
  void ExpectGoodClientServed() {
    const int frames = good_frames_;
    const int answers = answers_;
    ASSERT_EQ(good_->Send(FrameOf("still there")), SendResult::kSent);
    ASSERT_TRUE(TurnUntil([&] { return good_frames_ == frames + 1; }));
    ASSERT_EQ(server_->Send(last_peer_, FrameOf("yes")), SendResult::kSent);
    EXPECT_TRUE(TurnUntil([&] { return answers_ == answers + 1; }));
  }

  SystemClock clock_;
  std::unique_ptr<Loop> loop_ = Loop::Open(clock_).value();
  std::unique_ptr<Context> context_ = Context::Open(IoThreads::kServer).value();
  std::unique_ptr<ZapHandler> zap_ = ZapHandler::Open(*loop_, *context_).value();
  CurveKeys server_keys_ = GenerateKeys().value();
  CurveKeys good_keys_ = GenerateKeys().value();
  CurveKeys hostile_keys_ = GenerateKeys().value();
  std::unique_ptr<ZmqServer> server_;
  std::unique_ptr<ZmqClient> good_;
  bool good_up_ = false;
  PeerId last_peer_;
  int hostile_frames_ = 0;
  int good_frames_ = 0;
  int answers_ = 0;
  std::size_t hostile_bytes_ = 0;
};

TEST_F(HostilePeerTest, OversizedMessageCostsItsConnectionOnly) {
  BareDealer dealer(*context_, hostile_keys_, server_keys_.public_key);
  dealer.Connect(server_->endpoint());
  dealer.Send("small");
  ASSERT_TRUE(TurnUntil([&] { return hostile_frames_ == 1; }));
  dealer.Send(std::string(kMaxWireBytes + 1, 'x'));
  dealer.Send("after the reconnection");
  ExpectGoodClientServed();
  EXPECT_LT(hostile_bytes_, std::size_t{1024});
}

TEST_F(HostilePeerTest, MessagesOfSeveralPartsAreDropped) {
  BareDealer dealer(*context_, hostile_keys_, server_keys_.public_key);
  dealer.Connect(server_->endpoint());
  dealer.Send("one", ZMQ_SNDMORE);
  dealer.Send("two", ZMQ_SNDMORE);
  dealer.Send("three");
  dealer.Send("", ZMQ_SNDMORE);
  dealer.Send("as a REQ would");
  dealer.Send("whole");
  ASSERT_TRUE(TurnUntil([&] { return hostile_frames_ == 1; }));
  ExpectGoodClientServed();
  EXPECT_EQ(hostile_frames_, 1);
}

TEST_F(HostilePeerTest, PeersThatChooseTheirRoutingIdAreNotHeard) {
  BareDealer dealer(*context_, hostile_keys_, server_keys_.public_key);
  dealer.ChooseRoutingId("chosen");
  dealer.Connect(server_->endpoint());
  dealer.Send("a message");
  // A second peer of the same key proves that time enough has passed.
  BareDealer plain(*context_, hostile_keys_, server_keys_.public_key);
  plain.Connect(server_->endpoint());
  plain.Send("another");
  ASSERT_TRUE(TurnUntil([&] { return hostile_frames_ == 1; }));
  ExpectGoodClientServed();
  EXPECT_EQ(hostile_frames_, 1);
}

TEST_F(HostilePeerTest, EmptyFramesArriveAndAreNoBatch) {
  BareDealer dealer(*context_, hostile_keys_, server_keys_.public_key);
  dealer.Connect(server_->endpoint());
  dealer.Send("");
  ASSERT_TRUE(TurnUntil([&] { return hostile_frames_ == 1; }));
  EXPECT_FALSE(Batch::Parse({}));
  ExpectGoodClientServed();
}

}  // namespace
}  // namespace eris::link
