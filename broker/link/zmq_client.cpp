#include <cerrno>
#include <cstring>
#include <deque>
#include <string>
#include <utility>

#include "broker/link/internal/monitor.h"
#include "broker/link/internal/socket.h"
#include "broker/link/zmq_transport.h"

namespace eris::link {
namespace {

constexpr int kHighWaterMark = 16;
constexpr int kFramesPerTurn = 128;
constexpr int kFlushesPerTurn = 256;

class DealerClient final : public ZmqClient, public LoopSource {
 public:
  DealerClient(Loop& loop, Context& context, ClientOptions options, const CurveKeys& keys)
      : loop_(loop),
        context_(context),
        options_(std::move(options)),
        keys_{keys.public_key, SecretKey(keys.secret_key.bytes())} {}

  ~DealerClient() override {
    loop_.Cancel(reconnect_timer_);
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
    OnDown();
    // Later, because a handler may ask for it from within Work().
    if (reconnect_timer_.number != 0) return;
    reconnect_timer_ = loop_.After(Duration::zero(), [this] {
      reconnect_timer_ = {};
      Close();
      const Status opened = Open();
      ERIS_CHECK(opened.has_value(), "what connected once can be opened again");
    });
  }

  int fd() const override { return socket_.fd(); }
  bool Ready() override {
    return !Closing() && (socket_.Readable() || (!queue_.empty() && socket_.Writable()));
  }
  void Work() override {
    Flush();
    Part frame;
    for (int i = 0; i < kFramesPerTurn && !Closing() && socket_.Receive(frame); ++i) {
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
    const std::int64_t max_bytes = kMaxFrameBytes;
    ERIS_CHECK(zmq_setsockopt(socket_.get(), ZMQ_MAXMSGSIZE, &max_bytes, sizeof max_bytes) == 0,
               "a limit");
  }

  bool Closing() const { return reconnect_timer_.number != 0; }

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

  void OnDown() {
    up_ = false;
    queue_.clear();
    queued_bytes_ = 0;
  }

  void OnLink(LinkEvent event) {
    if (Closing()) return;
    // A connection that ends before it was up is an attempt that failed.
    if (event == LinkEvent::kDown && !up_) event = LinkEvent::kUnreachable;
    if (event == LinkEvent::kUp) {
      up_ = true;
    } else {
      OnDown();
    }
    if (handlers_.on_link) handlers_.on_link(event);
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
  TimerId reconnect_timer_;
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
