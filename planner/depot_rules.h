// Who may have what of the depot (design §9). Pure: keys, items and tickets go in, verdicts come
// out.
//
// A key is admitted while the broker says that a worker with it serves a queue. What an admitted
// key may do follows from the item it works on, proved by that item's ticket, which only whoever
// was handed the item has seen: read what the item names, or bring what it names: the snapshot that
// it takes away, the closure that it asks for; with a build for builders, its outputs.
#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "planner/effect.h"
#include "schema/base/error.h"
#include "schema/values/depot.h"
#include "schema/values/ids.h"
#include "schema/values/message.h"
#include "schema/values/work_item.h"

namespace eris::planner {

class DepotRules {
 public:
  // `secret` stays the same over restarts, so that tickets do.
  explicit DepotRules(std::string secret) : secret_(std::move(secret)) {}

  void OnPresence(const Presence& presence);
  bool Admits(std::string_view public_key) const;

  // The ticket; empty for an item that names no objects.
  std::string Allow(const PublishItem& publish);
  void Forget(TransactionId transaction);

  // The item's body when all of this is allowed; kUnavailable when it may be later.
  Result<const ItemBody*> Judge(std::string_view public_key, const BulkOpen& open) const;

 private:
  // Whether this key may build for others, and somebody with it does so now.
  bool IsBuilder(std::string_view public_key, const BuildItem& build) const;

  struct Item {
    std::string queue;
    ItemBody body;
  };
  std::string secret_;
  std::map<std::string, std::vector<std::string>> keys_;  // by queue
  std::map<ItemId, Item> items_;
};

// What an item names, of one kind.
std::vector<std::string> NamesOf(const ItemBody& body, ObjectKind kind);

// Whether these objects are the snapshot that the item brings.
Status JudgeSnapshots(const std::vector<ObjectInfo>& objects, const ItemBody& body);

// Whether these objects are what a target was asked to bring: paths of `names` and what they refer
// to. Their content is believed: only an operator asks for that.
Status JudgeBrought(const std::vector<ObjectInfo>& objects, const std::vector<std::string>& names);

// Whether these objects may be taken from a builder: each is content-addressed, or one of `outputs`
// (all outputs of all derivations that the build needs).
Status JudgeOffer(const std::vector<ObjectInfo>& objects, const std::set<StorePath>& outputs);

}  // namespace eris::planner
