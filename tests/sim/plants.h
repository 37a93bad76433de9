// The bugs that are planted to prove that the checkers see them. Those of the engine sit in the
// cores behind schema/base/planted.h, and are there only in the build with ERIS_PLANTED_BUGS; those
// of the simulated world (disks, modules) need no other build.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "schema/base/planted.h"

namespace eris::sim {

enum class Plant : std::uint8_t {
  kNone,
  // ---- of the world ----
  kSkipLedgerSync,   // a restarted worker lacks the last append of its ledger
  kSkipJournalSync,  // a restarted planner lacks the last append of its journal
  kSkipSpoolSync,    // a restarted broker lacks the last append of its spool
  kRunAgain,         // a restarted worker runs what it had started, without looking for its end
  kReportEarly,      // an activity is reported as done before it has taken effect
  kSkipUnlock,       // unlock is reported and not done
  kSkipRestore,      // restore is reported and not done
  // ---- of the engine ----
  kSendBeforeAppend,
  kIgnoreEpoch,
  kIgnoreGrade,
  kAnswerOtherBody,
  kForgetLease,
  kRunDuplicate,
  kRollBackInOrder,
  kUnlockTooLittle,
  kDropRoot,
  kSettleByLateOutcome,
  kTrustReceipt,
  kSnapshotEarly,
  kForgetSuperseded,
  kIgnoreEvents,
  kDeleteEarly,
  kOverfillLane,
  kIgnoreEdges,
};
// In the order of the enumeration; "none" first.
const std::vector<std::string_view>& PlantNames();
std::optional<Plant> ParsePlant(std::string_view name);
// Nothing for bugs of the world.
std::optional<Bug> BugOf(Plant plant);

}  // namespace eris::sim
