// Who may connect: the ZAP handler (ZeroMQ RFC 27) of the process, inside its loop. Denies whatever
// it is not told to allow; what an admitted key may do is decided per message by the server.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "broker/link/context.h"
#include "broker/link/curve.h"
#include "broker/link/loop.h"

namespace eris::link {

enum class Verdict : std::uint8_t { kDeny, kAllow };

// Asked once a connection, during its handshake.
using Authorizer = std::function<Verdict(const PublicKey& key)>;

// How fast connections are admitted: after a restart thousands of peers come at once, and each
// admitted one has a session to be resumed and a queue to be served. What is beyond waits in its
// handshake; who is denied is told at once and takes nobody's turn.
struct AdmissionRate {
  int per_second = 1'000;
  int at_once = 250;
};

// Answers libzmq's questions for all server sockets of the process; the user id of an admitted
// connection is the text of its public key. main owns it; it is made before the first
// ServerTransport is opened (which refuses to listen without one) and destroyed after the last.
class ZapHandler {
 public:
  static Result<std::unique_ptr<ZapHandler>> Open(Loop& loop, Context& context,
                                                  AdmissionRate rate = {});
  virtual ~ZapHandler() = default;

  // Connections to sockets of this domain are judged by `authorizer`; those of domains never named
  // are denied.
  virtual void Serve(const std::string& domain, Authorizer authorizer) = 0;

 protected:
  ZapHandler() = default;
};

}  // namespace eris::link
