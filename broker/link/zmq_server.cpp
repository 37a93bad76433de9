#include <algorithm>
#include <cerrno>
#include <cstring>
#include <deque>
#include <unordered_map>
#include <utility>
#include <vector>

#include "broker/link/internal/socket.h"
#include "broker/link/zmq_transport.h"

namespace eris::link {
namespace {

constexpr int kBacklog = 4096;
// A draft constant of zmq.h, honoured by Debian's build: without a ZAP handler nobody is admitted,
// instead of everybody.
constexpr int kZapEnforceDomain = 93;
// ZeroMQ does not tell reliably when one peer of a ROUTER can be written to again: while frames are
// queued, it is tried at each sign of life of the socket and this often.
constexpr Duration kFlushInterval{5};
// A vanished machine is noticed by the kernel, so that its connection does not stay for ever.
constexpr int kKeepaliveIdleSeconds = 60;
constexpr int kKeepaliveIntervalSeconds = 20;
constexpr int kKeepaliveProbes = 5;

// ROUTER names its peers by a zero byte and a counter of 32 bits.
struct RoutingId {
  static constexpr std::size_t kSize = 5;

  static bool IsOurs(Bytes id) { return id.size() == kSize && id[0] == std::byte{0}; }
  static PeerId ToPeer(Bytes id) {
    std::uint32_t number = 0;
    std::memcpy(&number, id.data() + 1, sizeof number);
    return {number};
  }

  explicit RoutingId(PeerId peer) {
    const auto number = static_cast<std::uint32_t>(peer.value);
    std::memcpy(bytes.data() + 1, &number, sizeof number);
  }

  std::array<std::byte, kSize> bytes{};
};

class RouterServer final : public ZmqServer, public LoopSource {
 public:
  RouterServer(Loop& loop, Socket socket, const ServerOptions& options)
      : loop_(loop), socket_(std::move(socket)), options_(options) {}

  ~RouterServer() override {
    loop_.Cancel(flush_timer_);
    loop_.RemoveSource(*this);
  }

  std::string endpoint() const override { return socket_.LastEndpoint(); }

  void SetHandlers(ServerHandlers handlers) override { handlers_ = std::move(handlers); }

  SendResult Send(PeerId peer, Frame frame) override {
    ERIS_CHECK(frame.size() <= kMaxFrameBytes, "frames are bounded by their makers");
    const auto queue = queues_.find(peer);
    if (queue != queues_.end()) return Enqueue(queue->second, std::move(frame));
    const SendResult result = SendNow(peer, frame);
    if (result != SendResult::kFull) return result;
    if (queued_bytes_ + frame.size() > options_.max_queue_bytes) return SendResult::kFull;
    SetFlushTimer();
    return Enqueue(queues_[peer], std::move(frame));
  }

  std::size_t QueuedBytes(PeerId peer) const override {
    const auto queue = queues_.find(peer);
    return queue == queues_.end() ? 0 : queue->second.bytes;
  }

  void Forget(PeerId peer) override {
    const auto queue = queues_.find(peer);
    if (queue == queues_.end()) return;
    queued_bytes_ -= queue->second.bytes;
    queues_.erase(queue);
  }

  int fd() const override { return socket_.fd(); }
  bool Ready() override { return socket_.Readable(); }
  void Work() override {
    FlushQueues();
    for (int i = 0; i < kFramesPerTurn && ReceiveFrame(); ++i) {
    }
  }

 private:
  struct Queue {
    std::deque<Frame> frames;
    std::size_t bytes = 0;
  };

  SendResult Enqueue(Queue& queue, Frame frame) {
    const std::size_t size = frame.size();
    const bool full = queue.bytes + size > options_.max_peer_queue_bytes ||
                      queued_bytes_ + size > options_.max_queue_bytes;
    if (full) return SendResult::kFull;
    queue.bytes += size;
    queued_bytes_ += size;
    queue.frames.push_back(std::move(frame));
    return SendResult::kSent;
  }

  // kFull: ZeroMQ's own queue for the peer is full.
  SendResult SendNow(PeerId peer, const Frame& frame) {
    const RoutingId id(peer);
    while (zmq_send(socket_.get(), id.bytes.data(), id.bytes.size(), ZMQ_SNDMORE | ZMQ_DONTWAIT) <
           0) {
      if (errno == EAGAIN) return SendResult::kFull;
      if (errno != EINTR) return SendResult::kGone;  // EHOSTUNREACH
    }
    // Once the peer is found its frame is taken.
    while (zmq_send(socket_.get(), frame.data(), frame.size(), ZMQ_DONTWAIT) < 0) {
      ERIS_CHECK(errno == EINTR, "the second part of a message is always taken");
    }
    return SendResult::kSent;
  }

  // Tries each waiting peer, at most kFlushesPerTurn frames in all; a peer that is still full costs
  // one try.
  void FlushQueues() {
    if (queues_.empty()) return;
    std::vector<PeerId> gone;
    int budget = kFlushesPerTurn;
    for (auto next = queues_.begin(); next != queues_.end() && budget > 0;) {
      auto& [peer, queue] = *next;
      SendResult result = SendResult::kSent;
      while (!queue.frames.empty() && result == SendResult::kSent && budget-- > 0) {
        result = SendNow(peer, queue.frames.front());
        if (result != SendResult::kSent) break;
        queue.bytes -= queue.frames.front().size();
        queued_bytes_ -= queue.frames.front().size();
        queue.frames.pop_front();
      }
      if (result == SendResult::kGone) gone.push_back(peer);
      queued_bytes_ -= result == SendResult::kGone ? queue.bytes : 0;
      const bool done = queue.frames.empty() || result == SendResult::kGone;
      next = done ? queues_.erase(next) : std::next(next);
    }
    for (const PeerId peer : gone) {
      if (handlers_.on_gone) handlers_.on_gone(peer);
    }
  }

  void SetFlushTimer() {
    if (flush_timer_.number != 0) return;
    flush_timer_ = loop_.After(kFlushInterval, [this] {
      flush_timer_ = {};
      FlushQueues();
      if (!queues_.empty()) SetFlushTimer();
    });
  }

  // One message, if there is one: routing id, frame. Anything of another shape is dropped.
  bool ReceiveFrame() {
    Part id;
    if (!socket_.Receive(id)) return false;
    Part body;
    if (!id.more() || !socket_.Receive(body)) return true;
    if (body.more()) {
      socket_.SkipRest(body);
      return true;
    }
    // From the body: libzmq 4.3.4 has no metadata on the first part after a poll.
    const char* user = zmq_msg_gets(body.get(), "User-Id");
    if (user == nullptr || !RoutingId::IsOurs(id.bytes())) return true;
    const Result<PublicKey> key = PublicKey::FromText(user);
    if (key && handlers_.on_frame)
      handlers_.on_frame(RoutingId::ToPeer(id.bytes()), *key, body.bytes());
    return true;
  }

  Loop& loop_;
  Socket socket_;
  ServerOptions options_;
  ServerHandlers handlers_;
  std::unordered_map<PeerId, Queue> queues_;  // of peers that wait; none is empty
  std::size_t queued_bytes_ = 0;
  TimerId flush_timer_;
};

}  // namespace

Result<std::unique_ptr<ZmqServer>> ZmqServer::Listen(Loop& loop, Context& context,
                                                     const ServerOptions& options,
                                                     const CurveKeys& keys) {
  ERIS_CHECK(!options.zap_domain.empty(), "without a domain ZeroMQ would admit everybody");
  ERIS_ASSIGN(Socket socket, Socket::Open(context, ZMQ_ROUTER));
  socket.Set(ZMQ_CURVE_SERVER, 1);
  socket.SetKey(ZMQ_CURVE_SECRETKEY, keys.secret_key.bytes());
  socket.Set(ZMQ_ZAP_DOMAIN, options.zap_domain);
  socket.Set(kZapEnforceDomain, 1);
  socket.Set(ZMQ_ROUTER_MANDATORY, 1);
  socket.Set(ZMQ_SNDHWM, kHighWaterMark);
  socket.Set(ZMQ_RCVHWM, kHighWaterMark);
  socket.Set(ZMQ_BACKLOG, kBacklog);
  socket.Set(ZMQ_HANDSHAKE_IVL, options.handshake_timeout);
  socket.Set(ZMQ_TCP_KEEPALIVE, 1);
  socket.Set(ZMQ_TCP_KEEPALIVE_IDLE, kKeepaliveIdleSeconds);
  socket.Set(ZMQ_TCP_KEEPALIVE_INTVL, kKeepaliveIntervalSeconds);
  socket.Set(ZMQ_TCP_KEEPALIVE_CNT, kKeepaliveProbes);
  socket.Set(ZMQ_IPV6, 1);
  // An integer of 64 bits, unlike the others.
  const std::int64_t max_bytes = kMaxWireBytes;
  ERIS_CHECK(zmq_setsockopt(socket.get(), ZMQ_MAXMSGSIZE, &max_bytes, sizeof max_bytes) == 0,
             "a limit");
  if (zmq_bind(socket.get(), options.endpoint.c_str()) != 0) {
    return ZmqFailure("cannot listen on " + options.endpoint);
  }
  auto server = std::make_unique<RouterServer>(loop, std::move(socket), options);
  ERIS_TRY(loop.AddSource(*server));
  return server;
}

}  // namespace eris::link
