#include "planner/depot_server.h"

#include <algorithm>

#include "broker/link/frame.h"
#include "schema/base/check.h"
#include "schema/base/files.h"
#include "schema/codec/codec.h"
#include "state/derivation.h"
#include "state/nix_commands.h"

namespace eris::planner {
namespace {

constexpr std::size_t kMaxDerivationBytes = std::size_t{16} << 20;

std::string_view Text(link::Bytes bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}
link::Bytes AsBytes(std::string_view text) { return std::as_bytes(std::span(text)); }

BulkRefusal RefusalOf(const Error& error) {
  BulkRefusal refusal{.message = error.message};
  if (error.code == ErrorCode::kInvalid) refusal.code = BulkRefusal::Code::kInvalid;
  if (error.code == ErrorCode::kNotFound) refusal.code = BulkRefusal::Code::kNotFound;
  return refusal;
}

bool IsDerivation(std::string_view name) { return name.ends_with(".drv"); }

// Those among the objects.
Result<DerivationSummaries> ReadDerivations(const std::vector<ObjectInfo>& objects) {
  DerivationSummaries derivations;
  for (const ObjectInfo& object : objects) {
    if (!IsDerivation(object.name)) continue;
    ERIS_ASSIGN(const std::string text, ReadFile(object.name, kMaxDerivationBytes));
    ERIS_ASSIGN(derivations[StorePath(object.name)], ParseDerivation(text));
  }
  return derivations;
}

std::set<StorePath> OutputsOf(const DerivationSummaries& derivations) {
  std::set<StorePath> outputs;
  for (const auto& [path, summary] : derivations) {
    for (const auto& [name, output] : summary.outputs) outputs.insert(output);
  }
  return outputs;
}

}  // namespace

DepotServer::DepotServer(DepotOptions options, link::Loop& loop, link::ServerTransport& transport,
                         Log& log)
    : options_(std::move(options)),
      loop_(loop),
      transport_(transport),
      log_(log),
      rules_(options_.secret),
      store_({.environment = options_.environment}, loop),
      reader_(loop) {
  shelves_[ObjectKind::kStorePath] = &store_;
  transport_.SetHandlers({.on_frame = [this](link::PeerId peer, const link::PublicKey& user,
                                             link::Bytes frame) { OnFrame(peer, user, frame); },
                          .on_gone = [this](link::PeerId peer) { CloseAllOf(peer); }});
}

DepotServer::~DepotServer() { loop_.Cancel(sweep_); }

DepotAccess DepotServer::Allow(const PublishItem& publish) {
  std::string ticket = rules_.Allow(publish);
  if (ticket.empty()) return {};
  return {.endpoint = options_.endpoint,
          .server_key = options_.server_key,
          .ticket = std::move(ticket)};
}

void DepotServer::Forget(TransactionId transaction) {
  rules_.Forget(transaction);
  const std::string roots = options_.roots_dir + "/" + std::to_string(transaction.value);
  if (const Status removed = RemoveTree(roots); !removed) {
    log_.Warn("depot.roots", {{"error", removed.error().message}});
  }
}

// Who has lost its right is cut off in the middle.
void DepotServer::OnPresence(const Presence& presence) {
  rules_.OnPresence(presence);
  std::vector<RequestKey> ended;
  for (const auto& [key, request] : requests_) {
    if (!rules_.Admits(request->public_key)) ended.push_back(key);
  }
  for (const RequestKey& key : ended) {
    Refuse(key, {ErrorCode::kUnavailable, "this key serves nothing now", {}});
    Close(key);
  }
}

void DepotServer::OnFrame(link::PeerId peer, const link::PublicKey& user, link::Bytes frame) {
  const std::string key = user.ToText();
  // Admitted once is not admitted for ever.
  if (!rules_.Admits(key)) {
    const Result<link::Batch> batch = link::Batch::Parse(frame);
    if (!batch) return;
    for (const link::MessageView& view : *batch) {
      const Result<Bulk> message = Decode<Bulk>(Text(view.header));
      if (message && std::holds_alternative<BulkOpen>(message->what)) {
        Refuse({peer, message->request},
               {ErrorCode::kUnavailable, "this key serves nothing now", {}});
      }
    }
    return;
  }
  const Result<link::Batch> batch = link::Batch::Parse(frame);
  if (!batch) {
    return Complain("depot.frame", key, batch.error());
  }
  for (const link::MessageView& view : *batch) {
    const Result<Bulk> message = Decode<Bulk>(Text(view.header));
    if (!message) return Complain("depot.message", key, message.error());
    OnMessage({peer, message->request}, key, *message, Text(view.body));
  }
}

void DepotServer::Complain(std::string_view event, const std::string& public_key,
                           const Error& error) {
  const auto silenced = throttle_.Take(loop_.now().steady);
  if (!silenced) return;
  log_.Warn(event, {{"key", public_key}, {"error", error.message}, {"silenced", *silenced}});
}

void DepotServer::OnMessage(const RequestKey& key, const std::string& user, const Bulk& message,
                            std::string_view body) {
  if (const auto* open = std::get_if<BulkOpen>(&message.what)) return Open(key, user, *open);
  const auto found = requests_.find(key);
  if (found == requests_.end()) return;  // closed meanwhile
  if (std::holds_alternative<BulkClose>(message.what)) return Close(key);
  if (found->second->transfer) found->second->transfer->OnMessage(message, body);
}

void DepotServer::Open(const RequestKey& key, const std::string& user, const BulkOpen& open) {
  const auto refuse = [&](const Error& error) {
    Complain("depot.refused", user, error);
    Refuse(key, error);
  };
  Close(key);
  const auto mine = std::count_if(requests_.begin(), requests_.end(),
                                  [&](const auto& one) { return one.second->public_key == user; });
  if (static_cast<std::size_t>(mine) >= limits::kBulkRequests) {
    return refuse({ErrorCode::kUnavailable, "too many requests of one key", {}});
  }
  const Result<const ItemBody*> body = rules_.Judge(user, open);
  if (!body) return refuse(body.error());
  if (!shelves_.contains(open.kind)) {
    return refuse(
        {ErrorCode::kInvalid, "this depot has no " + std::string(ToString(open.kind)), {}});
  }
  auto request = std::make_unique<Request>(Request{open, user, nullptr, {}});
  Request& entry = *requests_.emplace(key, std::move(request)).first->second;
  if (open.direction == BulkOpen::Direction::kFetch) {
    Fetch(key, entry);
  } else {
    Push(key, entry, **body);
  }
}

bulk::Transfer::Handlers DepotServer::HandlersOf(const RequestKey& key) {
  return {.send = [this, key](const Bulk& message,
                              const bulk::Chunk* chunk) { Send(key, message, chunk); },
          .judge = [this, key](const std::vector<ObjectInfo>& objects) -> Status {
            const Request& request = *requests_.at(key);
            ERIS_ASSIGN(const ItemBody* body, rules_.Judge(request.public_key, request.open));
            if (request.open.kind != ObjectKind::kStorePath) return JudgeSnapshots(objects, *body);
            if (std::holds_alternative<BuildItem>(*body)) {
              return JudgeOffer(objects, request.outputs);
            }
            return JudgeBrought(objects, NamesOf(*body, ObjectKind::kStorePath));
          },
          .on_end = [this, key](const Status& status) { OnEnd(key, status); }};
}

void DepotServer::Fetch(const RequestKey& key, Request& request) {
  bulk::Shelf& shelf = *shelves_.at(request.open.kind);
  request.transfer = bulk::Transfer::MakeSender(
      key.second, {.loop = loop_, .shelf = shelf, .reader = &reader_}, HandlersOf(key));
  const bool is_for_building =
      request.open.kind == ObjectKind::kStorePath &&
      std::any_of(request.open.names.begin(), request.open.names.end(), IsDerivation);
  shelf.List(request.open.names,
             [this, key, is_for_building](Result<std::vector<ObjectInfo>> objects) {
               if (objects && is_for_building) return AddOutputs(key, std::move(*objects));
               Offer(key, std::move(objects));
             });
}

void DepotServer::Offer(const RequestKey& key, Result<std::vector<ObjectInfo>> objects) {
  const auto found = requests_.find(key);
  if (found == requests_.end()) return;
  if (!objects) return found->second->transfer->Fail(objects.error());
  found->second->transfer->Offer(std::move(*objects));
}

// Whoever is to build gets what has been built already: it would build all of it again. A help, not
// a need: where it cannot be found out, the derivations alone are offered.
void DepotServer::AddOutputs(const RequestKey& key, std::vector<ObjectInfo> objects) {
  const Result<DerivationSummaries> read = ReadDerivations(objects);
  if (!read) return Offer(key, std::move(objects));
  const std::set<StorePath> outputs = OutputsOf(*read);
  store_.Valid({outputs.begin(), outputs.end()}, [this, key, objects = std::move(objects),
                                                  derivations = *read](
                                                     Result<std::vector<StorePath>> answer) {
    const auto found = requests_.find(key);
    if (found == requests_.end()) return;
    std::vector<std::string> names = found->second->open.names;
    const std::size_t asked = names.size();
    if (answer) {
      const std::vector<StorePath> wanted(names.begin(), names.end());
      for (const StorePath& output : OutputsToStartFrom(
               wanted, derivations, std::set<StorePath>(answer->begin(), answer->end()))) {
        names.push_back(output.text);
      }
    }
    if (names.size() == asked) return Offer(key, objects);
    store_.List(names,
                [this, key](Result<std::vector<ObjectInfo>> all) { Offer(key, std::move(all)); });
  });
}

// Which outputs may come is known before anything is granted.
void DepotServer::Push(const RequestKey& key, Request& request, const ItemBody& body) {
  if (!std::holds_alternative<BuildItem>(body)) {
    bulk::Shelf& shelf = *shelves_.at(request.open.kind);
    request.transfer = bulk::Transfer::MakeReceiver(
        key.second, request.open.kind, {.loop = loop_, .shelf = shelf}, HandlersOf(key));
    return;
  }
  store_.List(NamesOf(body, ObjectKind::kStorePath),
              [this, key](Result<std::vector<ObjectInfo>> closure) {
                OnDerivations(key, std::move(closure));
              });
}

void DepotServer::OnDerivations(const RequestKey& key, Result<std::vector<ObjectInfo>> closure) {
  const auto found = requests_.find(key);
  if (found == requests_.end()) return;
  if (!closure) return OnEnd(key, Fail(closure.error()));
  const Result<DerivationSummaries> derivations = ReadDerivations(*closure);
  if (!derivations) return OnEnd(key, Fail(derivations.error()));
  found->second->outputs = OutputsOf(*derivations);
  found->second->transfer = bulk::Transfer::MakeReceiver(
      key.second, ObjectKind::kStorePath, {.loop = loop_, .shelf = store_}, HandlersOf(key));
}

void DepotServer::OnEnd(const RequestKey& key, const Status& status) {
  const auto found = requests_.find(key);
  if (found == requests_.end()) return;
  const Request& request = *found->second;
  if (!status) {
    log_.Warn("depot.failed", {{"key", request.public_key},
                               {"transaction", request.open.item.step.transaction.value},
                               {"error", status.error().message}});
    Refuse(key, status.error());
    return Close(key);
  }
  if (request.open.direction == BulkOpen::Direction::kPush &&
      request.open.kind == ObjectKind::kStorePath) {
    KeepOutputs(request);
  }
}

// The process that took them in protects them until this has been done.
void DepotServer::KeepOutputs(const Request& request) {
  const auto found = rules_.Judge(request.public_key, request.open);
  if (!found) return;
  std::vector<StorePath> outputs;
  if (const auto* build = std::get_if<BuildItem>(*found)) {
    for (const auto& one : build->derivations) outputs.push_back(one.output);
  } else if (const auto* transfer = std::get_if<TransferItem>(*found)) {
    outputs = transfer->paths;
  }
  const std::string prefix = options_.roots_dir + "/" +
                             std::to_string(request.open.item.step.transaction.value) + "/" +
                             std::to_string(request.open.item.step.index.value);
  for (const NixCommand& command : AddRootsCommands(outputs, prefix)) {
    const std::uint64_t number = ++last_rooting_;
    auto program = link::PipedProgram::Start(
        loop_, {.argv = command, .environment = options_.environment},
        {.on_end = [this, number](const Status& status) {
          if (!status) log_.Warn("depot.roots", {{"error", status.error().message}});
          loop_.After(Duration(0), [this, number] { rooting_.erase(number); });
        }});
    if (program) rooting_[number] = std::move(*program);
  }
}

void DepotServer::Send(const RequestKey& key, const Bulk& message, const bulk::Chunk* chunk) {
  const std::string header = Encode(message);
  link::BatchWriter batch;
  const std::string_view body =
      chunk == nullptr ? std::string_view() : std::string_view(chunk->bytes);
  ERIS_CHECK(batch.Add({AsBytes(header), AsBytes(body)}) == link::AddResult::kAdded,
             "lists and chunks fit into a frame");
  if (transport_.Send(key.first, batch.Take()) == link::SendResult::kSent) return;
  // Gone, or not taking what it has granted credit for.
  loop_.After(Duration(0), [this, peer = key.first] { CloseAllOf(peer); });
}

void DepotServer::Refuse(const RequestKey& key, const Error& error) {
  Send(key, {key.second, RefusalOf(error)}, nullptr);
}

// Later, because this may be one of its handlers.
void DepotServer::Close(const RequestKey& key) {
  const auto found = requests_.find(key);
  if (found == requests_.end()) return;
  retired_.push_back(std::move(found->second));
  requests_.erase(found);
  if (sweep_.number != 0) return;
  sweep_ = loop_.After(Duration(0), [this] {
    sweep_ = {};
    retired_.clear();
  });
}

void DepotServer::CloseAllOf(link::PeerId peer) {
  transport_.Forget(peer);
  std::vector<RequestKey> ended;
  for (const auto& [key, request] : requests_) {
    if (key.first == peer) ended.push_back(key);
  }
  for (const RequestKey& key : ended) Close(key);
}

}  // namespace eris::planner
