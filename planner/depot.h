// The planner's server of bulk data to workers: store paths and snapshots travel here, never in
// items (design §2, §9). This is what the daemon sees of it: it says which item is handed out and
// who is connected; a depot serves that on its own socket and nothing else.
#pragma once

#include "planner/effect.h"
#include "schema/values/depot.h"
#include "schema/values/ids.h"
#include "schema/values/message.h"

namespace eris::planner {

// Owned by main, outlives the daemon. Called from the loop's thread.
class Depot {
 public:
  virtual ~Depot() = default;
  // The item is about to be published (again): whoever shows what is returned may read what the
  // item names, and bring what it asks for. Empty when there is nothing to serve.
  virtual DepotAccess Allow(const PublishItem& publish) = 0;
  // The transaction has ended: what only its items allowed is allowed no more.
  virtual void Forget(TransactionId transaction) = 0;
  // Which keys serve a queue now, as the broker says.
  virtual void OnPresence(const Presence& presence) = 0;
};

// Planner and targets share one store for certain: there is nothing to serve.
class SharedStore final : public Depot {
 public:
  DepotAccess Allow(const PublishItem&) override { return {}; }
  void Forget(TransactionId) override {}
  void OnPresence(const Presence&) override {}
};

}  // namespace eris::planner
