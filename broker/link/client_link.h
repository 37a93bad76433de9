// What worker, planner and CLI hold to talk to the broker: transport, session and codec put
// together. It answers for the session's messages; all others are the owner's.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "broker/link/loop.h"
#include "broker/link/outbox.h"
#include "broker/link/session.h"
#include "broker/link/transport.h"
#include "schema/base/log.h"
#include "schema/values/message.h"

namespace eris::link {

struct ClientLinkHandlers {
  // Required: who we are, as of now (what is in flight changes).
  std::function<Hello()> hello;
  // Required: a message that is not the session's. Its body is not decoded yet.
  std::function<void(Message message)> on_message;
  // Every welcome: resend whatever is unacknowledged.
  std::function<void(const Established& established)> on_established;
  std::function<void(const Lost& lost)> on_lost;
  // Final: stop.
  std::function<void(const Ended& ended)> on_ended;
  // How the connection fares, for people: `unreachable`, `keys refused` …
  std::function<void(LinkEvent event)> on_link;
};

// Owned by main beside its transport and loop, which outlive it. Handlers run within the loop's
// turns, from the transport or a timer; what they Send is collected until Flush.
class ClientLink {
 public:
  ClientLink(Loop& loop, ClientTransport& transport, Log& log, SessionOptions options = {});
  ~ClientLink();
  ClientLink(const ClientLink&) = delete;
  ClientLink& operator=(const ClientLink&) = delete;

  // Once, before the loop runs.
  void Start(ClientLinkHandlers handlers);

  // Collected for the turn's end. False, and nothing is kept, without an established session:
  // on_established comes before the next chance. Precondition: header and body fit into a frame
  // (limits::kBodyBytes).
  bool Send(const Message& message);
  // Sends what the turn has collected. The owner calls it in its turn-end hook, after its log is
  // synced. If the transport refuses, the connection is made anew, and with the next welcome
  // everything is resent.
  void Flush();

  bool established() const { return session_.established(); }
  const Welcome& welcome() const { return session_.welcome(); }
  // Waits for a slow broker: pause making more while it grows.
  std::size_t QueuedBytes() const { return transport_.QueuedBytes(); }

 private:
  void OnFrame(Bytes frame);
  void OnMessage(Message message);
  void Perform();
  void PerformOne(const SessionEffect& effect);
  void Say(MessageKind kind, std::string body);
  void SetTimer();
  SteadyTime now() const { return loop_.now().steady; }

  Loop& loop_;
  ClientTransport& transport_;
  Log& log_;
  ClientSession session_;
  ClientOutbox outbox_;
  ClientLinkHandlers handlers_;
  TimerId timer_;
  std::optional<LinkEvent> last_link_;  // logged once, not at each attempt
};

}  // namespace eris::link
