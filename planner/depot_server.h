// The depot on a socket: the server's end of schema/depot.capnp. Rights are DepotRules', bytes are
// broker/bulk's.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "broker/bulk/objects.h"
#include "broker/bulk/reader.h"
#include "broker/bulk/store_shelf.h"
#include "broker/bulk/transfer.h"
#include "broker/link/loop.h"
#include "broker/link/piped_program.h"
#include "broker/link/transport.h"
#include "planner/depot.h"
#include "planner/depot_rules.h"
#include "schema/base/log.h"
#include "schema/base/throttle.h"

namespace eris::planner {

struct DepotOptions {
  std::string endpoint;    // as workers dial it
  std::string server_key;  // Z85
  std::string secret;      // for tickets
  std::string roots_dir;   // what builders brought is rooted here until its transaction ends
  std::vector<std::string> environment;  // of Nix
};

// Owned by main; uses loop, transport and log, which outlive it.
class DepotServer final : public Depot {
 public:
  DepotServer(DepotOptions options, link::Loop& loop, link::ServerTransport& transport, Log& log);
  ~DepotServer() override;

  // For the ZAP handler.
  bool Admits(const link::PublicKey& key) const { return rules_.Admits(key.ToText()); }
  // Objects of another kind than store paths; the shelf outlives the depot.
  void Serve(ObjectKind kind, bulk::Shelf& shelf) { shelves_[kind] = &shelf; }

  DepotAccess Allow(const PublishItem& publish) override;
  void Forget(TransactionId transaction) override;
  void OnPresence(const Presence& presence) override;

 private:
  using RequestKey = std::pair<link::PeerId, std::uint64_t>;
  struct Request {
    BulkOpen open;
    std::string public_key;
    std::unique_ptr<bulk::Transfer> transfer;
    std::set<StorePath> outputs;  // push: of all derivations of the build
  };

  void OnFrame(link::PeerId peer, const link::PublicKey& user, link::Bytes frame);
  void Complain(std::string_view event, const std::string& public_key, const Error& error);
  void OnMessage(const RequestKey& key, const std::string& user, const Bulk& message,
                 std::string_view body);
  void Open(const RequestKey& key, const std::string& user, const BulkOpen& open);
  void Fetch(const RequestKey& key, Request& request);
  void Offer(const RequestKey& key, Result<std::vector<ObjectInfo>> objects);
  void AddOutputs(const RequestKey& key, std::vector<ObjectInfo> objects);
  void Push(const RequestKey& key, Request& request, const ItemBody& body);
  void OnDerivations(const RequestKey& key, Result<std::vector<ObjectInfo>> closure);
  bulk::Transfer::Handlers HandlersOf(const RequestKey& key);
  void OnEnd(const RequestKey& key, const Status& status);
  void KeepOutputs(const Request& request);
  void Send(const RequestKey& key, const Bulk& message, const bulk::Chunk* chunk);
  void Refuse(const RequestKey& key, const Error& error);
  void Close(const RequestKey& key);
  void CloseAllOf(link::PeerId peer);

  DepotOptions options_;
  link::Loop& loop_;
  link::ServerTransport& transport_;
  Log& log_;
  Throttle throttle_{20};  // lines about what is refused
  DepotRules rules_;
  bulk::StoreShelf store_;
  std::map<ObjectKind, bulk::Shelf*> shelves_;
  bulk::Reader reader_;
  std::map<RequestKey, std::unique_ptr<Request>> requests_;
  std::vector<std::unique_ptr<Request>> retired_;
  link::TimerId sweep_;
  std::map<std::uint64_t, std::unique_ptr<link::PipedProgram>> rooting_;
  std::uint64_t last_rooting_ = 0;
};

}  // namespace eris::planner
