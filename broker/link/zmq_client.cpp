#include <algorithm>
#include <cerrno>
#include <cstring>
#include <deque>
#include <string>
#include <utility>

#include "broker/link/internal/monitor.h"
#include "broker/link/internal/socket.h"
#include "broker/link/zmq_transport.h"
#include "schema/base/random.h"

namespace eris::link {
namespace {

class DealerClient final : public ZmqClient, public LoopSource {
 public:
  DealerClient(Loop& loop, Context& context, ClientOptions options, const CurveKeys& keys)
      : loop_(loop),
        context_(context),
        options_(std::move(options)),
        keys_{keys.public_key, SecretKey(keys.secret_key.bytes())},
        redial_delay_(options_.reconnect_min) {}

  ~DealerClient() override {
    StopRedial();
    Close();
  }

  // kInvalid: the endpoint is malformed.
  Status Open() {
    ERIS_ASSIGN(socket_, Socket::Open(context_, ZMQ_DEALER));
    SetOptions();
    // The monitor before the connection, or its first events are missed; before the socket in the
    // loop, so that on_link(kUp) precedes the first frame.
    ERIS_ASSIGN(monitor_, Monitor::Open(loop_, context_, socket_,
                                        [this](LinkEvent event) { OnLink(event); }));
    ERIS_TRY(loop_.AddSource(*this));
    if (zmq_connect(socket_.get(), options_.endpoint.c_str()) != 0) {
      return Fail(ErrorCode::kInvalid,
                  "cannot connect to " + options_.endpoint + ": " + zmq_strerror(errno),
                  "an endpoint looks like tcp://HOST:PORT");
    }
    return {};
  }

  void SetHandlers(ClientHandlers handlers) override { handlers_ = std::move(handlers); }

  SendResult Send(Frame frame) override {
    ERIS_CHECK(frame.size() <= kMaxFrameBytes, "frames are bounded by their makers");
    if (!up_) return SendResult::kGone;
    if (queue_.empty() && SendNow(frame)) return SendResult::kSent;
    if (queued_bytes_ + frame.size() > options_.max_queue_bytes) return SendResult::kFull;
    queued_bytes_ += frame.size();
    queue_.push_back(std::move(frame));
    return SendResult::kSent;
  }

  std::size_t QueuedBytes() const override { return queued_bytes_; }

  void Reconnect() override {
    DropConnection();
    closing_ = true;
    // In a later turn, because a handler may ask for it from within Work().
    StopRedial();
    redial_timer_ = loop_.After(Duration::zero(), [this] { Dial(); });
  }

  int fd() const override { return socket_.fd(); }
  bool Ready() override {
    return !closing_ && (socket_.Readable() || (!queue_.empty() && socket_.Writable()));
  }
  void Work() override {
    Flush();
    Part frame;
    for (int i = 0; i < kFramesPerTurn && !closing_ && socket_.Receive(frame); ++i) {
      if (frame.more()) {
        socket_.SkipRest(frame);
      } else if (handlers_.on_frame) {
        handlers_.on_frame(frame.bytes());
      }
    }
  }

 private:
  void SetOptions() {
    socket_.SetKey(ZMQ_CURVE_SERVERKEY, options_.server_key.bytes);
    socket_.SetKey(ZMQ_CURVE_PUBLICKEY, keys_.public_key.bytes);
    socket_.SetKey(ZMQ_CURVE_SECRETKEY, keys_.secret_key.bytes());
    // Frames are queued for a living connection only: what waited for a later one would reach it
    // before hello.
    socket_.Set(ZMQ_IMMEDIATE, 1);
    socket_.Set(ZMQ_SNDHWM, kHighWaterMark);
    socket_.Set(ZMQ_RCVHWM, kHighWaterMark);
    socket_.Set(ZMQ_RECONNECT_IVL, options_.reconnect_min);
    socket_.Set(ZMQ_RECONNECT_IVL_MAX, options_.reconnect_max);
    socket_.Set(ZMQ_CONNECT_TIMEOUT, options_.connect_timeout);
    // No HEARTBEAT_TTL: it would set a timer at the ROUTER for each ping.
    socket_.Set(ZMQ_HEARTBEAT_IVL, options_.heartbeat);
    socket_.Set(ZMQ_HEARTBEAT_TIMEOUT, options_.heartbeat_timeout);
    socket_.Set(ZMQ_IPV6, 1);
    const std::int64_t max_bytes = kMaxWireBytes;
    ERIS_CHECK(zmq_setsockopt(socket_.get(), ZMQ_MAXMSGSIZE, &max_bytes, sizeof max_bytes) == 0,
               "a limit");
  }

  bool SendNow(const Frame& frame) {
    while (zmq_send(socket_.get(), frame.data(), frame.size(), ZMQ_DONTWAIT) < 0) {
      if (errno == EAGAIN) return false;
      ERIS_CHECK(errno == EINTR, "sending on an open socket");
    }
    return true;
  }

  void Flush() {
    for (int i = 0; i < kFlushesPerTurn && !queue_.empty() && SendNow(queue_.front()); ++i) {
      queued_bytes_ -= queue_.front().size();
      queue_.pop_front();
    }
  }

  void DropConnection() {
    up_ = false;
    queue_.clear();
    queued_bytes_ = 0;
  }

  void OnLink(LinkEvent event) {
    if (closing_) return;
    const bool was_up = up_;
    if (event == LinkEvent::kUp) {
      up_ = true;
      redial_delay_ = options_.reconnect_min;
    } else {
      DropConnection();
    }
    // After a handshake that failed, ZeroMQ makes no further attempt; after anything else it
    // announces one.
    if (event == LinkEvent::kDown || event == LinkEvent::kRefused) {
      RedialLater();
    } else {
      StopRedial();
    }
    // A connection that ends before it was up is an attempt that failed.
    if (event == LinkEvent::kDown && !was_up) event = LinkEvent::kUnreachable;
    if (handlers_.on_link) handlers_.on_link(event);
  }

  void RedialLater() {
    if (redial_timer_.number != 0) return;
    const auto spread = static_cast<std::uint64_t>(redial_delay_.count()) + 1;
    const Duration jitter(static_cast<Duration::rep>(random_.Below(spread)));
    redial_timer_ = loop_.After(redial_delay_ + jitter, [this] { Dial(); });
    redial_delay_ = std::min(redial_delay_ * 2, options_.reconnect_max);
  }

  void StopRedial() {
    loop_.Cancel(redial_timer_);
    redial_timer_ = {};
  }

  void Dial() {
    redial_timer_ = {};
    Close();
    closing_ = false;
    if (Open()) return;
    // Out of descriptors, most likely.
    Close();
    OnLink(LinkEvent::kDown);
  }

  void Close() {
    monitor_.reset();
    if (socket_.get() != nullptr) loop_.RemoveSource(*this);
    socket_.Close();
  }

  Loop& loop_;
  Context& context_;
  ClientOptions options_;
  CurveKeys keys_;
  Socket socket_;
  std::unique_ptr<Monitor> monitor_;
  ClientHandlers handlers_;
  bool up_ = false;
  std::deque<Frame> queue_;
  std::size_t queued_bytes_ = 0;
  bool closing_ = false;  // the connection was given up; a new one is dialled in the next turn
  TimerId redial_timer_;
  Duration redial_delay_;
  SystemRandom random_;
};

}  // namespace

Result<std::unique_ptr<ZmqClient>> ZmqClient::Connect(Loop& loop, Context& context,
                                                      ClientOptions options,
                                                      const CurveKeys& keys) {
  auto client = std::make_unique<DealerClient>(loop, context, std::move(options), keys);
  ERIS_TRY(client->Open());
  return client;
}

}  // namespace eris::link
