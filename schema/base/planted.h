// Bugs that are built into a second copy of the cores, to prove that the simulator's checkers see
// them (docs/SIMULATION.md). In the product IsPlanted is a constant, so nothing of them remains.
#pragma once

#include <cstdint>

namespace eris {

enum class Bug : std::uint8_t {
  kSendBeforeAppend,     // effects leave before their records are durable
  kIgnoreEpoch,          // a worker takes items of an older planner
  kIgnoreGrade,          // a worker runs an attempt though a higher one was seen
  kAnswerOtherBody,      // a known id is answered, whatever its body
  kForgetLease,          // a restarted worker has no lease
  kRunDuplicate,         // a repeat of a settled attempt is run again
  kRollBackInOrder,      // inverses run in the order of the way forward
  kUnlockTooLittle,      // the last component of each batch stays locked
  kDropRoot,             // a transfer adds no roots
  kSettleByLateOutcome,  // an outcome of an earlier grade settles a later one
  kTrustReceipt,         // what the broker has queued is believed to be safe there
  kSnapshotEarly,        // who only connects to a database is not taken for a writer of it
  kForgetSuperseded,     // a planner that was superseded starts again
  kIgnoreEvents,         // a broker does not look at the events that were seen of a journal
  kDeleteEarly,          // state is deleted before the commit
  kOverfillLane,         // a planner has more items out at a target than its window allows
  kIgnoreEdges,          // forwards, items wait for the stages before them only
};

#ifdef ERIS_PLANTED_BUGS
// Whether this run has the bug. Defined by the simulator.
bool IsPlanted(Bug bug);
#else
constexpr bool IsPlanted(Bug) { return false; }
#endif

}  // namespace eris
