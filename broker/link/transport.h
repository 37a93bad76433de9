// Moving frames between a server (broker, depot) and its clients: the interface behind which ZeroMQ
// is, and another transport can be. It owns delivery between two connected ends, at most once, in
// order; sessions, acknowledgements and authorisation per verb are built upon it.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string_view>

#include "broker/link/curve.h"
#include "broker/link/frame.h"

namespace eris::link {

// One connection of a client, named by the server's transport. A client that reconnects has another
// one. Not durable, and meaningless to another process.
struct PeerId {
  std::uint64_t value = 0;
  auto operator<=>(const PeerId&) const = default;
};

enum class SendResult : std::uint8_t {
  kSent,  // handed over or queued; it arrives unless the connection dies
  kFull,  // the peer's queue is at its limit and the frame was not taken: busy, or too slow to keep
  kGone,  // no such connection (any more); nothing was taken
};

struct ServerHandlers {
  // `user` is the key that the connection has authenticated with. The frame is valid during the
  // call only, and untrusted.
  std::function<void(PeerId peer, const PublicKey& user, Bytes frame)> on_frame;
  // A peer with queued frames has gone and the frames are lost. A silent peer that nothing is sent
  // to may vanish unnoticed: sessions end by missed renewals.
  std::function<void(PeerId peer)> on_gone;
};

// What listens. Constructed and owned by main; every call comes from the loop's thread.
class ServerTransport {
 public:
  virtual ~ServerTransport() = default;
  // Once, before the loop runs.
  virtual void SetHandlers(ServerHandlers handlers) = 0;
  // Never blocks. Precondition: the frame is at most kMaxFrameBytes long.
  virtual SendResult Send(PeerId peer, Frame frame) = 0;
  // Bytes that wait for this peer beyond what the transport has taken; 0 for unknown ones.
  virtual std::size_t QueuedBytes(PeerId peer) const = 0;
  // Throws away what waits for the peer: its session is over.
  virtual void Forget(PeerId peer) = 0;
};

enum class LinkEvent : std::uint8_t {
  kUp,           // connected and authenticated: say hello; also after each reconnection
  kDown,         // the connection is lost, with everything in flight; reconnecting by itself
  kUnreachable,  // an attempt to connect failed; trying again by itself
  kRefused,  // the server is there but the keys do not fit: this key is not authorised, or its key
             // is another
};

std::string_view ToString(LinkEvent event);

struct ClientHandlers {
  // The frame is valid during the call only, and untrusted.
  std::function<void(Bytes frame)> on_frame;
  std::function<void(LinkEvent event)> on_link;
};

// What dials out to one server, and dials again by itself. Constructed and owned by main; every
// call comes from the loop's thread.
class ClientTransport {
 public:
  virtual ~ClientTransport() = default;
  virtual void SetHandlers(ClientHandlers handlers) = 0;
  // Never blocks. kGone while the link is down: nothing is kept for a connection to come.
  virtual SendResult Send(Frame frame) = 0;
  virtual std::size_t QueuedBytes() const = 0;
  // Gives the connection up and dials anew: for a server that is connected but silent. A later
  // on_link tells what became of it.
  virtual void Reconnect() = 0;
};

}  // namespace eris::link

template <>
struct std::hash<eris::link::PeerId> {
  std::size_t operator()(const eris::link::PeerId& peer) const noexcept {
    return std::hash<std::uint64_t>{}(peer.value);
  }
};
