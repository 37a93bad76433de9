// The worker's end of the depot (schema/depot.capnp): dials the depot that an item names, fetches
// what the item needs or pushes what it has made, and goes on after lost connections for as long as
// there is progress now and then.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "broker/bulk/objects.h"
#include "broker/bulk/reader.h"
#include "broker/bulk/transfer.h"
#include "broker/link/loop.h"
#include "broker/link/transport.h"
#include "schema/base/error.h"
#include "schema/values/depot.h"
#include "schema/values/ids.h"

namespace eris {

struct DepotRequest {
  ItemId item;  // one request an item at a time
  DepotAccess access;
  BulkOpen::Direction direction = BulkOpen::Direction::kFetch;
  ObjectKind kind = ObjectKind::kStorePath;
  std::vector<std::string> names;  // fetch: to have; push: to bring
  bulk::Shelf* shelf = nullptr;    // of this end; outlives the request
};

// Owned by the executor; uses the loop that outlives it.
class DepotClient {
 public:
  // Connects to the depot with this worker's key.
  using Dial = std::function<Result<std::unique_ptr<link::ClientTransport>>(const DepotAccess&)>;
  // Exactly once, from the loop. kUnavailable: nothing came for `patience`.
  using Done = std::function<void(Status)>;
  struct Options {
    Duration patience{600'000};
    Duration retry{1'000};
    int retries = 600;  // of one request, besides those after a lost connection
  };

  DepotClient(Dial dial, link::Loop& loop) : DepotClient(std::move(dial), loop, Options{}) {}
  DepotClient(Dial dial, link::Loop& loop, Options options);
  ~DepotClient();
  DepotClient(const DepotClient&) = delete;
  DepotClient& operator=(const DepotClient&) = delete;

  void Start(DepotRequest request, Done done);
  // Ends it; its completion follows. Unknown items are ignored.
  void Stop(const ItemId& item);

 private:
  struct Connection {
    std::unique_ptr<link::ClientTransport> transport;
    bool up = false;
  };
  struct Running {
    DepotRequest request;
    Done done;
    Connection* connection = nullptr;
    std::uint64_t number = 0;  // of the request as it is open now; 0 = is not
    std::unique_ptr<bulk::Transfer> transfer;
    link::TimerId patience;
    link::TimerId retry;
    int retries = 0;
    std::string last_trouble;
  };

  Result<Connection*> ConnectionTo(const DepotAccess& access);
  void OnFrame(link::Bytes frame);
  void OnLink(Connection& connection, link::LinkEvent event);
  void Open(const ItemId& item);
  void Offer(const ItemId& item, std::uint64_t number);
  bulk::Transfer::Handlers HandlersOf(const ItemId& item);
  void OnEnd(const ItemId& item, Status status);
  void Reset(Running& running);
  // From timers only: never inside a handler of what it destroys.
  void Finish(const ItemId& item, Status status);
  void ArmPatience(const ItemId& item);
  void Send(Running& running, const Bulk& message, const bulk::Chunk* chunk);
  void Sweep();

  Dial dial_;
  link::Loop& loop_;
  Options options_;
  bulk::Reader reader_;
  std::map<std::string, std::unique_ptr<Connection>> connections_;  // by endpoint and key
  std::map<ItemId, std::unique_ptr<Running>> running_;
  std::uint64_t last_number_ = 0;
  std::vector<std::unique_ptr<bulk::Transfer>> retired_;
  link::TimerId sweep_;
};

}  // namespace eris
