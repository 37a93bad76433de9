// What the kinds of items ask of a worker's state: facts about verbs, kept apart from the agent's
// course.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "schema/values/ledger.h"
#include "schema/values/work_item.h"

namespace eris {

// The lease an item needs. Inverses need none beyond what the way forward had: unlocking and
// looking are always allowed, the rest still runs under the confirmed lease.
enum class LeaseNeed : std::uint8_t {
  kNone,       // build, transfer, query, collect, unlock, and asking for the lease itself
  kHeld,       // component locks and confirming
  kConfirmed,  // whatever users notice
  kOwnOrFree,  // taking, bringing and cleaning snapshots: also outside of a deployment, while
               // nobody else is in the midst of one here
};
LeaseNeed LeaseNeedOf(const ItemBody& body);

// The activities an item runs, in order; empty for items that run none.
std::vector<const Activity*> ActivitiesOf(const ItemBody& body);

// What to record before an item starts, besides StepStarted.
std::vector<LedgerRecord> RecordsBefore(const ItemId& id, const ItemBody& body);

// What an item has changed here, given its outcome. `lease` is the target's lease or null.
std::vector<LedgerRecord> RecordsAfter(const ItemId& id, const Shared<ItemBody>& body,
                                       const Outcome& outcome, const LedgerLease* lease);

}  // namespace eris
