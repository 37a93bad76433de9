// The planner's server of bulk data to workers: store paths and snapshots travel here, never in
// items (design §2, §9). This is the seam: the daemon says which item allows whom to read what, and
// a depot serves that on its own socket and nothing else. How many transfers run side by side
// (DeployOptions::max_concurrent_transfers) is a depot's business, too: it is the one that moves
// bytes.
#pragma once

#include "planner/effect.h"
#include "schema/values/ids.h"

namespace eris::planner {

// Owned by main, outlives the daemon. Called from the loop's thread.
class Depot {
 public:
  virtual ~Depot() = default;
  // The item is about to be published (again): whoever serves its queue may read what it names.
  virtual void Allow(const PublishItem& publish) = 0;
  // The transaction has ended: what only its items allowed is allowed no more.
  virtual void Forget(TransactionId transaction) = 0;
};

// Planner and targets share one store, as with `eris up`: there is nothing to serve.
class SharedStore final : public Depot {
 public:
  void Allow(const PublishItem&) override {}
  void Forget(TransactionId) override {}
};

}  // namespace eris::planner
