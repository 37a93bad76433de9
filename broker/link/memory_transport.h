// The transport's twin in memory, for tests: one server and its clients in one process, without
// sockets, threads or time. Frames move only when Deliver is called, connections change only when
// told.
#pragma once

#include <cstddef>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "broker/link/transport.h"

namespace eris::link {

class MemoryClient;

// Owned by the test; outlives its clients. Keeps the promises of transport.h: order within a
// connection, loss of everything in flight when it ends, kFull at the limit, kGone without a
// connection.
class MemoryNetwork final : public ServerTransport {
 public:
  explicit MemoryNetwork(std::size_t max_queue_bytes = std::size_t{4} << 20)
      : max_queue_bytes_(max_queue_bytes) {}

  // A client that authenticates as `user`. Its link comes up at the next Deliver; after Reconnect
  // too.
  std::unique_ptr<MemoryClient> Connect(const PublicKey& user);

  // Brings up the links that wait, then delivers, in the order of sending, what was sent before the
  // call; what handlers send meanwhile waits for the next one. Returns the number of frames and
  // links.
  std::size_t Deliver();

  // The connection breaks, or the server falls (all do): both ends lose what is in flight. Down
  // clients come up again by Restore.
  void Break(MemoryClient& client);
  void Restore(MemoryClient& client);

  // ServerTransport
  void SetHandlers(ServerHandlers handlers) override { handlers_ = std::move(handlers); }
  SendResult Send(PeerId peer, Frame frame) override;
  std::size_t QueuedBytes(PeerId peer) const override;
  void Forget(PeerId peer) override;

 private:
  friend class MemoryClient;
  enum class Towards { kServer, kClient };
  struct Parcel {
    PeerId peer;
    Towards towards;
    Frame frame;
  };

  SendResult Post(Parcel parcel);
  std::size_t Waiting(PeerId peer, Towards towards) const;
  void Hand(Parcel parcel);
  void Disconnect(PeerId peer);

  std::size_t max_queue_bytes_;
  ServerHandlers handlers_;
  std::map<PeerId, MemoryClient*> connected_;
  std::vector<MemoryClient*> dialling_;
  std::deque<Parcel> parcels_;
  std::uint64_t next_peer_ = 1;
};

class MemoryClient final : public ClientTransport {
 public:
  ~MemoryClient() override;

  void SetHandlers(ClientHandlers handlers) override { handlers_ = std::move(handlers); }
  SendResult Send(Frame frame) override;
  std::size_t QueuedBytes() const override;
  void Reconnect() override;

  // Its name at the server while the link is up.
  std::optional<PeerId> peer() const { return peer_; }

 private:
  friend class MemoryNetwork;
  MemoryClient(MemoryNetwork& network, const PublicKey& user) : network_(network), user_(user) {}

  MemoryNetwork& network_;
  PublicKey user_;
  ClientHandlers handlers_;
  std::optional<PeerId> peer_;
};

}  // namespace eris::link
