#include "broker/link/zap.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>
#include <utility>

#include "broker/link/internal/socket.h"
#include "broker/link/pace.h"

namespace eris::link {
namespace {

constexpr char kEndpoint[] = "inproc://zeromq.zap.01";
constexpr int kRequestsPerTurn = 64;

// The parts of a ZAP request, in order.
enum RequestPart {
  kVersion,
  kRequestId,
  kDomain,
  kAddress,
  kRoutingId,
  kMechanism,
  kCredentials,
  kParts
};

using Request = std::array<std::string, kParts>;

class ZapSocket final : public ZapHandler, public LoopSource {
 public:
  ZapSocket(Loop& loop, Socket socket, AdmissionRate rate)
      : loop_(loop), socket_(std::move(socket)), pace_(rate.per_second, rate.at_once) {}
  ~ZapSocket() override {
    loop_.Cancel(turn_);
    loop_.RemoveSource(*this);
  }

  void Serve(const std::string& domain, Authorizer authorizer) override {
    authorizers_[domain] = std::move(authorizer);
  }

  int fd() const override { return socket_.fd(); }
  bool Ready() override { return !waiting_ && socket_.Readable(); }
  void Work() override {
    Request request;
    for (int i = 0; i < kRequestsPerTurn && !waiting_ && ReceiveRequest(request); ++i) {
      PublicKey key;
      if (Judge(request, key) == Verdict::kDeny) {
        Reply(request, {});
      } else {
        Admit({request, key});
      }
    }
  }

 private:
  struct Admission {
    Request request;
    PublicKey key;
  };

  // Now, or when it is its turn. The socket gives the next request after the answer only.
  void Admit(Admission admission) {
    if (pace_.Take(loop_.now().steady)) {
      Reply(admission.request, admission.key.ToText());
      return;
    }
    waiting_ = std::move(admission);
    turn_ = loop_.After(pace_.Wait(), [this] {
      turn_ = {};
      Admit(*std::exchange(waiting_, std::nullopt));
    });
  }

  // False when nothing waits. A request of another shape than ZAP's comes out with empty parts.
  bool ReceiveRequest(Request& request) {
    request = {};
    Part part;
    if (!socket_.Receive(part)) return false;
    std::size_t i = 0;
    request[i++] = part.text();
    while (part.more() && socket_.Receive(part)) {
      if (i < request.size()) request[i++] = part.text();
    }
    return true;
  }

  Verdict Judge(const Request& request, PublicKey& key) const {
    const auto authorizer = authorizers_.find(request[kDomain]);
    if (authorizer == authorizers_.end()) return Verdict::kDeny;
    if (request[kVersion] != "1.0" || request[kMechanism] != "CURVE") return Verdict::kDeny;
    if (request[kCredentials].size() != kKeyBytes) return Verdict::kDeny;
    std::copy(request[kCredentials].begin(), request[kCredentials].end(), key.bytes.begin());
    return authorizer->second(key);
  }

  // An empty user id denies.
  void Reply(const Request& request, const std::string& user_id) {
    const bool allowed = !user_id.empty();
    SendPart("1.0", ZMQ_SNDMORE);
    SendPart(request[kRequestId], ZMQ_SNDMORE);
    SendPart(allowed ? "200" : "400", ZMQ_SNDMORE);
    SendPart(allowed ? "OK" : "this key is not authorised", ZMQ_SNDMORE);
    SendPart(user_id, ZMQ_SNDMORE);
    SendPart("", 0);
  }

  // Failure means that the connection has gone meanwhile.
  void SendPart(std::string_view part, int flags) {
    static_cast<void>(zmq_send(socket_.get(), part.data(), part.size(), flags | ZMQ_DONTWAIT));
  }

  Loop& loop_;
  Socket socket_;
  Pace pace_;
  std::optional<Admission> waiting_;  // for its turn
  TimerId turn_;
  std::map<std::string, Authorizer> authorizers_;
};

}  // namespace

Result<std::unique_ptr<ZapHandler>> ZapHandler::Open(Loop& loop, Context& context,
                                                     AdmissionRate rate) {
  ERIS_ASSIGN(Socket socket, Socket::Open(context, ZMQ_REP));
  if (zmq_bind(socket.get(), kEndpoint) != 0) return ZmqFailure("cannot start the ZAP handler");
  auto handler = std::make_unique<ZapSocket>(loop, std::move(socket), rate);
  ERIS_TRY(loop.AddSource(*handler));
  return handler;
}

}  // namespace eris::link
