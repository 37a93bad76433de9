#include "planner/depot_socket.h"

#include <string>

#include "planner/depot_server.h"
#include "schema/base/files.h"
#include "schema/base/own_program.h"
#include "schema/base/process.h"

namespace eris::planner {
namespace {

constexpr const char* kZapDomain = "eris-depot";
// What one peer has granted credit for in all its requests fits.
constexpr std::size_t kPeerQueueBytes = std::size_t{32} << 20;

std::string TicketSecret(const link::CurveKeys& keys) {
  const auto bytes = keys.secret_key.bytes();
  return {bytes.begin(), bytes.end()};
}

}  // namespace

DepotSocket::DepotSocket() = default;
DepotSocket::~DepotSocket() = default;

Depot& DepotSocket::depot() {
  if (server_) return *server_;
  return none_;
}

Result<std::unique_ptr<DepotSocket>> DepotSocket::Open(const PlannerConfig& config,
                                                       const link::CurveKeys& keys,
                                                       link::Loop& loop, link::Context& context,
                                                       Log& log) {
  std::unique_ptr<DepotSocket> socket(new DepotSocket());
  if (config.depot_listen.empty()) return socket;
  const std::string roots = config.state_dir + "/depot-roots";
  ERIS_TRY(MakeDirectories(roots, 0700));
  ERIS_ASSIGN(socket->zap_, link::ZapHandler::Open(loop, context));
  DepotSocket* self = socket.get();
  socket->zap_->Serve(kZapDomain, [self](const link::PublicKey& key) {
    return self->server_ && self->server_->Admits(key) ? link::Verdict::kAllow
                                                       : link::Verdict::kDeny;
  });
  ERIS_ASSIGN(socket->transport_, link::ZmqServer::Listen(loop, context,
                                                          {.endpoint = config.depot_listen,
                                                           .zap_domain = kZapDomain,
                                                           .max_peer_queue_bytes = kPeerQueueBytes},
                                                          keys));
  const std::string endpoint =
      config.depot_advertise.empty() ? socket->transport_->endpoint() : config.depot_advertise;
  socket->server_ = std::make_unique<DepotServer>(
      DepotOptions{.endpoint = endpoint,
                   .server_key = keys.public_key.ToText(),
                   .secret = TicketSecret(keys),
                   .roots_dir = roots,
                   .environment = WithStore(CurrentEnvironment(), config.store)},
      loop, *socket->transport_, log);
  socket->snapshots_ = std::make_unique<bulk::SnapshotShelf>(
      bulk::SnapshotShelfOptions{.dysnomia = ProgramBeside("dysnomia"),
                                 .environment = CurrentEnvironment(),
                                 .place = bulk::PlacesBelow(config.state_dir + "/snapshots")},
      loop);
  socket->server_->Serve(ObjectKind::kSnapshot, *socket->snapshots_);
  log.Info("depot.started", {{"endpoint", endpoint}});
  return socket;
}

}  // namespace eris::planner
