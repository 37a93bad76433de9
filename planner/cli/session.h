// Everything between this process and the broker for the time of one command, put together: loop,
// ZeroMQ, client. Ctrl-C becomes Client::Interrupt.
#pragma once

#include <functional>
#include <memory>

#include "broker/link/context.h"
#include "broker/link/loop.h"
#include "broker/link/zmq_transport.h"
#include "planner/cli/client.h"
#include "planner/cli/client_config.h"
#include "schema/base/clock.h"
#include "schema/base/log.h"
#include "schema/base/random.h"

namespace eris::cli {

// Owned by the command that needs the broker; one a process.
class Session {
 public:
  // Begins to dial. From here on SIGINT and SIGTERM interrupt the client, and `on_interrupt` hears
  // of it.
  static Result<std::unique_ptr<Session>> Open(const BrokerAddress& address, Clock& clock,
                                               Random& random, std::function<void()> on_interrupt);
  Client& client() { return *client_; }

 private:
  Session() = default;

  NullLog log_;
  std::unique_ptr<link::Loop> loop_;
  std::unique_ptr<link::Context> context_;
  std::unique_ptr<link::ZmqClient> transport_;
  std::unique_ptr<Client> client_;
};

}  // namespace eris::cli
