// A client's connection to the broker, for the shells of worker, planner and command line:
// transport, session, frames and codec put together. It decodes headers and the messages of the
// session itself; what items, requests and replies mean is its owner's business.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "broker/link/frame.h"
#include "broker/link/loop.h"
#include "broker/link/session.h"
#include "broker/link/transport.h"
#include "schema/base/log.h"
#include "schema/values/message.h"

namespace eris::link {

struct BrokerClientHandlers {
  std::function<Hello()> make_hello;  // asked for each time, because what is in flight changes
  // Resend at once whatever is unacknowledged.
  std::function<void(const Established&)> on_established;
  std::function<void(const Lost&)> on_lost;
  std::function<void(const Bye&)> on_ended;                   // final: stop
  std::function<void(const Message&)> on_message;             // all but the session's own
  std::function<void(LinkEvent)> on_link = [](LinkEvent) {};  // for people: refused, unreachable
};

// Owned by main; uses loop and transport, which outlive it. Messages are collected and sent as one
// frame by Flush, which the owner calls at the end of its turn, after its commit.
class BrokerClient {
 public:
  BrokerClient(Loop& loop, ClientTransport& transport, Log& log, BrokerClientHandlers handlers,
               SessionOptions options = {});
  ~BrokerClient();
  BrokerClient(const BrokerClient&) = delete;
  BrokerClient& operator=(const BrokerClient&) = delete;

  bool established() const { return session_.established(); }
  const Welcome& welcome() const { return session_.welcome(); }

  // Queues a message for the next Flush. Dropped when there is no session: whatever matters is sent
  // again on the next welcome.
  void Send(const Message& message);
  void Flush();
  // How much waits in this process; a bulk sender pauses while it is large.
  std::size_t QueuedBytes() const { return transport_.QueuedBytes() + backlog_bytes_; }

 private:
  void OnFrame(Bytes frame);
  void OnMessage(const Message& message);
  void Perform();
  void Perform(const SessionEffect& effect);
  void SendNow(MessageKind kind, std::string body);
  void Queue(const Message& message);
  void TakeBatch();
  void Drain();
  void DropBacklog();
  void ResetTimer();

  Loop& loop_;
  ClientTransport& transport_;
  Log& log_;
  BrokerClientHandlers handlers_;
  ClientSession session_;
  BatchWriter batch_;
  TimerId timer_;
  // Frames that the transport has no room for yet, oldest first.
  std::deque<Frame> backlog_;
  std::size_t backlog_bytes_ = 0;
  TimerId drain_timer_;
};

}  // namespace eris::link
