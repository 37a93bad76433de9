#include "worker/depot_client.h"

#include <algorithm>
#include <span>
#include <utility>

#include "broker/link/frame.h"
#include "schema/base/check.h"
#include "schema/codec/codec.h"

namespace eris {
namespace {

std::string_view Text(link::Bytes bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}
link::Bytes AsBytes(std::string_view text) { return std::as_bytes(std::span(text)); }

}  // namespace

DepotClient::DepotClient(Dial dial, link::Loop& loop, Options options)
    : dial_(std::move(dial)), loop_(loop), options_(options), reader_(loop) {}

DepotClient::~DepotClient() {
  for (auto& [item, running] : running_) {
    loop_.Cancel(running->patience);
    loop_.Cancel(running->retry);
  }
  loop_.Cancel(sweep_);
}

void DepotClient::Start(DepotRequest request, Done done) {
  const ItemId item = request.item;
  ERIS_CHECK(!running_.contains(item), "one request an item");
  auto entry = std::make_unique<Running>();
  entry->request = std::move(request);
  entry->done = std::move(done);
  Running& running = *running_.emplace(item, std::move(entry)).first->second;
  const Result<Connection*> connection = ConnectionTo(running.request.access);
  if (!connection) {
    loop_.After(Duration(0),
                [this, item, error = connection.error()] { Finish(item, Fail(error)); });
    return;
  }
  running.connection = *connection;
  running.last_trouble = "the depot at " + running.request.access.endpoint + " cannot be reached";
  ArmPatience(item);
  if (running.connection->up) Open(item);
}

void DepotClient::Stop(const ItemId& item) {
  if (!running_.contains(item)) return;
  loop_.After(Duration(0),
              [this, item] { Finish(item, Fail(ErrorCode::kUnavailable, "stopped")); });
}

Result<DepotClient::Connection*> DepotClient::ConnectionTo(const DepotAccess& access) {
  std::unique_ptr<Connection>& known = connections_[access.endpoint + " " + access.server_key];
  if (known) return known.get();
  auto made = std::make_unique<Connection>();
  Connection* connection = made.get();
  ERIS_ASSIGN(made->transport, dial_(access));
  made->transport->SetHandlers(
      {.on_frame = [this](link::Bytes frame) { OnFrame(frame); },
       .on_link = [this, connection](link::LinkEvent event) { OnLink(*connection, event); }});
  known = std::move(made);
  return connection;
}

void DepotClient::OnLink(Connection& connection, link::LinkEvent event) {
  connection.up = event == link::LinkEvent::kUp;
  std::vector<ItemId> affected;
  for (const auto& [item, running] : running_) {
    if (running->connection == &connection) affected.push_back(item);
  }
  for (const ItemId& item : affected) {
    if (connection.up) {
      Open(item);
    } else {
      Running& running = *running_.at(item);
      Reset(running);
      running.last_trouble = "the depot at " + running.request.access.endpoint + ": " +
                             std::string(link::ToString(event));
    }
  }
}

void DepotClient::OnFrame(link::Bytes frame) {
  const Result<link::Batch> batch = link::Batch::Parse(frame);
  if (!batch) return;
  for (const link::MessageView& view : *batch) {
    const Result<Bulk> message = Decode<Bulk>(Text(view.header));
    if (!message) continue;
    const auto found = std::find_if(running_.begin(), running_.end(), [&](const auto& one) {
      return one.second->number != 0 && one.second->number == message->request;
    });
    if (found == running_.end() || !found->second->transfer) continue;
    found->second->transfer->OnMessage(*message, Text(view.body));
  }
}

void DepotClient::Open(const ItemId& item) {
  Running& running = *running_.at(item);
  Reset(running);
  running.number = ++last_number_;
  const DepotRequest& request = running.request;
  const bool fetches = request.direction == BulkOpen::Direction::kFetch;
  Send(running,
       {running.number, BulkOpen{.item = item,
                                 .ticket = request.access.ticket,
                                 .direction = request.direction,
                                 .kind = request.kind,
                                 .names = fetches ? request.names : std::vector<std::string>()}},
       nullptr);
  const bulk::Transfer::Parts parts{.loop = loop_, .shelf = *request.shelf, .reader = &reader_};
  if (fetches) {
    running.transfer =
        bulk::Transfer::MakeReceiver(running.number, request.kind, parts, HandlersOf(item));
    return;
  }
  running.transfer = bulk::Transfer::MakeSender(running.number, parts, HandlersOf(item));
  Offer(item, running.number);
}

void DepotClient::Offer(const ItemId& item, std::uint64_t number) {
  const DepotRequest& request = running_.at(item)->request;
  request.shelf->List(request.names, [this, item, number](Result<std::vector<ObjectInfo>> list) {
    const auto found = running_.find(item);
    if (found == running_.end() || found->second->number != number) return;
    if (!list) return found->second->transfer->Fail(list.error());
    found->second->transfer->Offer(std::move(*list));
  });
}

bulk::Transfer::Handlers DepotClient::HandlersOf(const ItemId& item) {
  return {
      .send = [this, item](const Bulk& message,
                           const bulk::Chunk* chunk) { Send(*running_.at(item), message, chunk); },
      .judge = {},
      .on_end = [this, item](Status status) { OnEnd(item, std::move(status)); },
      .on_progress = [this, item] { ArmPatience(item); }};
}

void DepotClient::OnEnd(const ItemId& item, Status status) {
  const auto found = running_.find(item);
  if (found == running_.end()) return;
  Running& running = *found->second;
  Send(running, {running.number, BulkClose{}}, nullptr);
  const bool is_final = status || status.error().code != ErrorCode::kUnavailable;
  if (is_final || ++running.retries > options_.retries) {
    loop_.After(Duration(0), [this, item, status = std::move(status)] { Finish(item, status); });
    return;
  }
  running.last_trouble = status.error().message;
  Reset(running);
  running.retry = loop_.After(options_.retry, [this, item] {
    const auto again = running_.find(item);
    if (again == running_.end()) return;
    again->second->retry = {};
    if (again->second->connection->up) Open(item);
  });
}

void DepotClient::Reset(Running& running) {
  running.number = 0;
  loop_.Cancel(running.retry);
  running.retry = {};
  if (!running.transfer) return;
  // Later, because this may be one of its handlers.
  retired_.push_back(std::move(running.transfer));
  Sweep();
}

void DepotClient::Sweep() {
  if (sweep_.number != 0) return;
  sweep_ = loop_.After(Duration(0), [this] {
    sweep_ = {};
    retired_.clear();
  });
}

void DepotClient::Finish(const ItemId& item, Status status) {
  const auto found = running_.find(item);
  if (found == running_.end()) return;
  const std::unique_ptr<Running> running = std::move(found->second);
  running_.erase(found);
  loop_.Cancel(running->patience);
  Reset(*running);
  // The shelf may go with the completion: nothing of the request may use it after that.
  retired_.clear();
  reader_.Sweep();
  running->done(std::move(status));
}

void DepotClient::ArmPatience(const ItemId& item) {
  const auto found = running_.find(item);
  if (found == running_.end()) return;
  loop_.Cancel(found->second->patience);
  found->second->patience = loop_.After(options_.patience, [this, item] {
    const auto late = running_.find(item);
    if (late == running_.end()) return;
    Finish(item, Fail(ErrorCode::kUnavailable, "no progress: " + late->second->last_trouble));
  });
}

void DepotClient::Send(Running& running, const Bulk& message, const bulk::Chunk* chunk) {
  const std::string header = Encode(message);
  const std::string_view body =
      chunk == nullptr ? std::string_view() : std::string_view(chunk->bytes);
  link::BatchWriter batch;
  ERIS_CHECK(batch.Add({AsBytes(header), AsBytes(body)}) == link::AddResult::kAdded,
             "lists and chunks fit into a frame");
  // Full or gone: what was not sent is asked for again, the link's end or the patience's will tell.
  if (running.connection != nullptr && running.connection->up &&
      running.connection->transport->Send(batch.Take()) == link::SendResult::kFull) {
    running.last_trouble = "the depot does not take what it asks for";
  }
}

}  // namespace eris
