// The network between the broker and its clients. It keeps the promises of broker/link/transport.h
// about sessions: within a connection what concerns the session comes in order or not at all, and
// everything in flight is lost with the connection. Messages about items are also lost, doubled and
// overtaken while the connection lives; a connection that lost something breaks later, as TCP
// would.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "broker/link/transport.h"
#include "schema/values/message.h"
#include "tests/sim/faults.h"
#include "tests/sim/timeline.h"

namespace eris::sim {

class ClientEnd {
 public:
  virtual ~ClientEnd() = default;
  virtual void OnLink(link::LinkEvent event) = 0;
  virtual void OnMessage(Message message) = 0;
};

class ServerEnd {
 public:
  virtual ~ServerEnd() = default;
  virtual void OnMessage(link::PeerId peer, std::string_view key, Message message) = 0;
  virtual void OnGone(link::PeerId peer) = 0;
};

// Owned by the simulation. What a dead process has sent may still arrive; nothing reaches it.
class Network {
 public:
  using ClientNumber = std::size_t;

  Network(Timeline& timeline, Faults& faults) : timeline_(timeline), faults_(faults) {}

  // ---- clients ----
  ClientNumber AddClient(std::string key);
  // The process is there: from now on it is connected again and again, by itself.
  void ClientUp(ClientNumber client, ClientEnd& end);
  void ClientDown(ClientNumber client);
  // Gives the connection up and makes another one.
  void Redial(ClientNumber client);
  void ToServer(ClientNumber client, const Message& message);

  // ---- the server ----
  void ServerUp(ServerEnd& end) { server_ = &end; }
  void ServerDown();
  void ToClient(link::PeerId peer, const Message& message);

  // ---- faults ----
  void BreakLink(ClientNumber client);
  // For that long nothing arrives in one of the two directions, and nobody is told.
  void MakeOneWay(ClientNumber client, Duration how_long);
  // Broken, and not made again for that long.
  void Cut(ClientNumber client, Duration how_long);
  // An item that was sent to it at any time before, arrived or not, arrives now: what is delivered
  // at least once may come at any time.
  void DeliverAgain(ClientNumber client);

 private:
  enum class Towards : std::uint8_t { kServer, kClient };
  struct Client {
    std::string key;
    ClientEnd* end = nullptr;
    link::PeerId peer;        // 0 = not connected
    std::uint64_t dials = 0;  // the newest counts
    SteadyTime cut_until;
    std::deque<Message> delivered;  // the last kRemembered items
  };
  struct Connection {
    ClientNumber client = 0;
    bool client_alive = true;
    bool server_alive = true;
    bool half_open = false;                  // the client has given it up, the server not yet
    std::array<SteadyTime, 2> last{};        // arrival of the last ordered message, each way
    std::array<SteadyTime, 2> deaf_until{};  // each way
  };

  void Dial(ClientNumber client, Duration delay);
  void Connect(ClientNumber client);
  void Post(link::PeerId peer, Towards towards, const Message& message);
  void Arrive(link::PeerId peer, Towards towards, Message message);
  bool IsDeaf(const Connection& connection, Towards towards) const;
  // Both ends lose it; the server may never be told.
  void Close(link::PeerId peer);

  Timeline& timeline_;
  Faults& faults_;
  ServerEnd* server_ = nullptr;
  std::vector<Client> clients_;
  std::map<link::PeerId, Connection> connections_;
  std::uint64_t last_peer_ = 0;
};

}  // namespace eris::sim
