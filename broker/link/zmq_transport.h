// The transports of transport.h over ZeroMQ: ROUTER and DEALER, CURVE always. Figures and pitfalls
// behind the options stand beside them in the sources.
#pragma once

#include <memory>
#include <string>

#include "broker/link/context.h"
#include "broker/link/loop.h"
#include "broker/link/transport.h"
#include "schema/base/clock.h"

namespace eris::link {

struct ServerOptions {
  std::string endpoint = "tcp://127.0.0.1:*";  // `*`: a port of the system's choice
  std::string zap_domain;                      // as told to ZapHandler::Serve; not empty
  // Frames beyond what ZeroMQ has taken (16 a peer), per peer and together.
  std::size_t max_peer_queue_bytes = std::size_t{4} << 20;
  std::size_t max_queue_bytes = std::size_t{256} << 20;
  Duration handshake_timeout{60'000};  // of a handshake; a storm of 10,000 clients takes some 9 s
};

// Peers are told apart by ROUTER's own routing ids; frames of peers that choose theirs are dropped.
class ZmqServer : public ServerTransport {
 public:
  // kConflict: the address is in use. Precondition: the context has a ZapHandler. The keys are
  // copied.
  static Result<std::unique_ptr<ZmqServer>> Listen(Loop& loop, Context& context,
                                                   const ServerOptions& options,
                                                   const CurveKeys& keys);
  // What clients connect to, with the real port.
  virtual std::string endpoint() const = 0;
};

struct ClientOptions {
  std::string endpoint;
  PublicKey server_key;
  Duration reconnect_min{1'000};  // doubled at each failure, with jitter
  Duration reconnect_max{30'000};
  Duration connect_timeout{10'000};
  Duration heartbeat{10'000};  // ZMTP's; only clients send them (the ROUTER's cost O(n²))
  Duration heartbeat_timeout{30'000};
  std::size_t max_queue_bytes = std::size_t{16} << 20;
};

class ZmqClient : public ClientTransport {
 public:
  // Starts to connect; on_link tells what becomes of it. kInvalid: the endpoint is malformed.
  static Result<std::unique_ptr<ZmqClient>> Connect(Loop& loop, Context& context,
                                                    ClientOptions options, const CurveKeys& keys);
};

}  // namespace eris::link
