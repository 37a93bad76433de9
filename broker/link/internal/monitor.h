// What happens to the connection of a client's socket, told by ZeroMQ's socket monitor; private to
// broker/link.
#pragma once

#include <functional>
#include <memory>

#include "broker/link/internal/socket.h"
#include "broker/link/loop.h"
#include "broker/link/transport.h"

namespace eris::link {

// Owned by the client, destroyed before its socket is closed. kDown is reported also for a
// connection that ends in mid-handshake.
class Monitor final : public LoopSource {
 public:
  using Callback = std::function<void(LinkEvent event)>;

  static Result<std::unique_ptr<Monitor>> Open(Loop& loop, Context& context, Socket& watched,
                                               Callback callback);
  ~Monitor() override;

  int fd() const override { return events_.fd(); }
  bool Ready() override { return events_.Readable(); }
  void Work() override;

 private:
  Monitor(Loop& loop, Socket& watched, Callback callback);

  Loop& loop_;
  Socket& watched_;
  Callback callback_;
  Socket events_;
};

}  // namespace eris::link
