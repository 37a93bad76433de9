// Which snapshots of a store are needed by transactions that are still open, so that no retention
// takes them away:
//
//   needed/TRANSACTION/CONTAINER/COMPONENT/ID   an empty file
//
// Whoever executes transactions at this store says what they need, and drops it with their end.
// SnapshotStore::Collect spares what stands here.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <set>
#include <string>

#include "schema/base/error.h"
#include "state/snapshots/copy.h"
#include "state/snapshots/store.h"

namespace eris::snapshots {

// A view of the store's directory; as cheap as its path.
class SnapshotNeeds {
 public:
  explicit SnapshotNeeds(const std::filesystem::path& state_dir) : root_(state_dir / "needed") {}

  // Adding it again changes nothing. `name` has an id.
  Status Add(std::uint64_t transaction, const SnapshotName& name) const;
  // Those of all transactions that are meant.
  Status Drop(const std::function<bool(std::uint64_t transaction)>& is_meant) const;
  // Of one key, of whichever transaction.
  std::set<std::string> IdsOf(const StateKey& key) const;

 private:
  std::filesystem::path root_;
};

}  // namespace eris::snapshots
