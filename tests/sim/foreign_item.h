// What a planner on an old or copied journal sends to a worker, past the broker that knows better:
// an item under an epoch that is over, an attempt below one that has been seen, or another body
// under a known id. A worker refuses each (design D1, D3, D4).
#pragma once

#include <cstdint>
#include <optional>

#include "schema/values/ledger.h"
#include "schema/values/message.h"

namespace eris::sim {

// Counts its calls, for variety without chance: runs without it stay as they are.
class ForeignPlanner {
 public:
  // As a worker with this ledger gets it; nothing when no such item exists.
  std::optional<Message> NextItem(const LedgerState& ledger);

 private:
  std::uint64_t calls_ = 0;
};

}  // namespace eris::sim
