#include "planner/depot_rules.h"

#include <algorithm>
#include <map>
#include <set>
#include <span>
#include <utility>

#include "schema/base/digest.h"
#include "schema/codec/codec.h"
#include "schema/values/base_snapshot.h"
#include "state/store_path.h"

namespace eris::planner {
namespace {

constexpr std::string_view kBuilderPrefix = "builder.";

std::string TicketOf(const std::string& secret, const ItemId& item) {
  const std::string text = "eris depot ticket" + Encode(Header{.item = item});
  const auto* key = reinterpret_cast<const std::uint8_t*>(secret.data());
  const Sha256Digest ticket = HmacSha256(std::span(key, secret.size()), text);
  return {ticket.begin(), ticket.end()};
}

bool SameText(const std::string& a, const std::string& b) {
  Sha256Digest left{};
  Sha256Digest right{};
  if (a.size() != left.size() || b.size() != right.size()) return false;
  std::copy(a.begin(), a.end(), left.begin());
  std::copy(b.begin(), b.end(), right.begin());
  return EqualDigests(left, right);
}

bool MovesState(const ItemBody& body, TransferStateItem::Way way) {
  const auto* moved = std::get_if<TransferStateItem>(&body);
  return moved != nullptr && moved->way == way;
}

// `asked` means the newest or all snapshots of a state, and this is one of it.
bool IsOfSameState(std::string_view snapshot, std::string_view asked) {
  if (!asked.ends_with("/") && !asked.ends_with("/*")) return false;
  const std::string_view state = asked.substr(0, asked.rfind('/') + 1);
  return snapshot.starts_with(state) && snapshot.find('/', state.size()) == std::string_view::npos;
}

// What the increment that is asked for may bring along.
bool IsBaseFor(std::string_view snapshot, std::string_view asked) {
  const std::string_view state = asked.substr(0, asked.rfind('/') + 1);
  return IsBaseSnapshot(snapshot) && !IsBaseSnapshot(asked) && IsOfSameState(snapshot, state);
}

bool IsBrought(const ItemBody& body) {
  const auto* transfer = std::get_if<TransferItem>(&body);
  return transfer != nullptr && transfer->way == TransferItem::Way::kFromTarget;
}

}  // namespace

std::vector<std::string> NamesOf(const ItemBody& body, ObjectKind kind) {
  std::vector<std::string> names;
  if (kind == ObjectKind::kStorePath) {
    if (const auto* transfer = std::get_if<TransferItem>(&body)) {
      for (const StorePath& path : transfer->paths) names.push_back(path.text);
    }
    if (const auto* build = std::get_if<BuildItem>(&body)) {
      for (const auto& one : build->derivations) names.push_back(one.derivation.text);
    }
  } else if (const auto* moved = std::get_if<TransferStateItem>(&body)) {
    if (!moved->snapshot.empty()) names.push_back(moved->profile.text + "/" + moved->snapshot);
  }
  return names;
}

void DepotRules::OnPresence(const Presence& presence) {
  keys_.erase(presence.queue);
  if (presence.state == Presence::State::kConnected) keys_[presence.queue] = presence.keys;
}

bool DepotRules::Admits(std::string_view public_key) const {
  return std::any_of(keys_.begin(), keys_.end(), [&](const auto& queue) {
    return std::find(queue.second.begin(), queue.second.end(), public_key) != queue.second.end();
  });
}

std::string DepotRules::Allow(const PublishItem& publish) {
  const ItemBody& body = publish.item.body;
  // Who builds for itself has had its derivations by a transfer, and keeps what it makes, unless it
  // is trusted to build for others, too: then they may have it.
  const auto* build = std::get_if<BuildItem>(&body);
  const auto serving = keys_.find(publish.queue);
  const bool builds_for_others =
      build != nullptr &&
      (publish.queue.starts_with(kBuilderPrefix) ||
       (serving != keys_.end() &&
        std::any_of(serving->second.begin(), serving->second.end(),
                    [&](const std::string& key) { return IsBuilder(key, *build); })));
  const bool names_objects = builds_for_others || std::holds_alternative<TransferItem>(body) ||
                             !NamesOf(body, ObjectKind::kSnapshot).empty();
  if (!names_objects) return {};
  items_.insert_or_assign(publish.item.id, Item{publish.queue, body});
  return TicketOf(secret_, publish.item.id);
}

bool DepotRules::IsBuilder(std::string_view public_key, const BuildItem& build) const {
  const auto builders = keys_.find(std::string(kBuilderPrefix) + build.system.text);
  return builders != keys_.end() && std::find(builders->second.begin(), builders->second.end(),
                                              public_key) != builders->second.end();
}

void DepotRules::Forget(TransactionId transaction) {
  std::erase_if(items_, [transaction](const auto& item) {
    return item.first.step.transaction == transaction;
  });
}

Result<const ItemBody*> DepotRules::Judge(std::string_view public_key, const BulkOpen& open) const {
  const auto found = items_.find(open.item);
  if (found == items_.end()) {
    return Fail(ErrorCode::kUnavailable, "the planner has not handed out this item");
  }
  if (!SameText(open.ticket, TicketOf(secret_, open.item))) {
    return Fail(ErrorCode::kInvalid, "this is not the ticket of the item");
  }
  const auto& [queue, body] = found->second;
  const auto serving = keys_.find(queue);
  if (serving == keys_.end() || std::find(serving->second.begin(), serving->second.end(),
                                          public_key) == serving->second.end()) {
    return Fail(ErrorCode::kUnavailable, "this key does not serve " + queue + " now");
  }
  if (open.direction == BulkOpen::Direction::kPush) {
    const auto* build = std::get_if<BuildItem>(&body);
    const bool may = open.kind == ObjectKind::kStorePath
                         ? IsBrought(body) || (build != nullptr && IsBuilder(public_key, *build))
                         : MovesState(body, TransferStateItem::Way::kToDepot);
    if (!may) return Fail(ErrorCode::kInvalid, "this item brings nothing");
    return &body;
  }
  if (IsBrought(body)) return Fail(ErrorCode::kInvalid, "this item fetches nothing");
  if (open.kind == ObjectKind::kSnapshot && !MovesState(body, TransferStateItem::Way::kFromDepot)) {
    return Fail(ErrorCode::kInvalid, "this item fetches no snapshot");
  }
  const std::vector<std::string> names = NamesOf(body, open.kind);
  for (const std::string& name : open.names) {
    if (std::find(names.begin(), names.end(), name) == names.end()) {
      return Fail(ErrorCode::kInvalid, "the item does not name " + name);
    }
  }
  return &body;
}

Status JudgeSnapshots(const std::vector<ObjectInfo>& objects, const ItemBody& body) {
  const std::vector<std::string> names = NamesOf(body, ObjectKind::kSnapshot);
  for (const ObjectInfo& object : objects) {
    const bool is_named = std::any_of(names.begin(), names.end(), [&](const std::string& name) {
      return name == object.name || IsOfSameState(object.name, name) ||
             IsBaseFor(object.name, name);
    });
    if (!is_named) {
      return Fail(ErrorCode::kInvalid, object.name + " is not the snapshot of this item");
    }
  }
  return {};
}

Status JudgeBrought(const std::vector<ObjectInfo>& objects, const std::vector<std::string>& names) {
  std::map<std::string_view, const ObjectInfo*> offered;
  for (const ObjectInfo& object : objects) offered[object.name] = &object;
  std::set<std::string_view> wanted;
  std::vector<std::string_view> left(names.begin(), names.end());
  while (!left.empty()) {
    const std::string_view name = left.back();
    left.pop_back();
    const auto found = offered.find(name);
    if (found == offered.end() || !wanted.insert(name).second) continue;
    for (const StorePath& reference : found->second->references) left.push_back(reference.text);
  }
  const auto store_of = [](std::string_view path) { return path.substr(0, path.rfind('/')); };
  for (const ObjectInfo& object : objects) {
    const bool is_path = !ComponentOf(StorePath(object.name)).empty() && !names.empty() &&
                         store_of(object.name) == store_of(names.front());
    if (is_path && wanted.contains(object.name)) continue;
    return Fail(ErrorCode::kInvalid, object.name + " was not asked for");
  }
  return {};
}

Status JudgeOffer(const std::vector<ObjectInfo>& objects, const std::set<StorePath>& outputs) {
  for (const ObjectInfo& object : objects) {
    if (outputs.contains(StorePath(object.name))) continue;
    if (object.content_address.empty()) {
      return Fail(ErrorCode::kInvalid, object.name + " is no output of what was to be built");
    }
    ERIS_TRY(CheckContentAddress(object));
  }
  return {};
}

}  // namespace eris::planner
