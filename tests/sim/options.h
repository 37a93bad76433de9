// What one run is asked for, and what it tells. Values only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tests/sim/timeline.h"

namespace eris::sim {

// A bug that the harness plants to prove that a checker sees it. Never in product code.
enum class Plant : std::uint8_t {
  kNone,
  kLoseLedgerTail,    // a restarted worker lacks the last append of its ledger
  kLoseJournalTail,   // a restarted planner lacks the last append of its journal
  kLoseSpoolTail,     // a restarted broker lacks the last append of its spool
  kSendBeforeAppend,  // a turn releases its effects before its records are durable
  kRunAgain,          // a restarted worker runs what it had started, without looking for its end
  kReportEarly,       // an activity is reported as done before it has taken effect
  kSkipUnlock,        // unlock is reported and not done
};
// In the order of the enumeration; "none" first.
const std::vector<std::string_view>& PlantNames();
std::optional<Plant> ParsePlant(std::string_view name);

struct RunOptions {
  std::uint64_t seed = 0;
  Plant plant = Plant::kNone;
  Timeline::TraceSink trace;
};

// How often something was reached: "planner after-append", "crash worker after-send", "network
// lost" …
using Coverage = std::map<std::string, std::uint64_t>;

struct RunReport {
  std::uint64_t seed = 0;
  std::uint64_t hash = 0;               // of the trace
  std::int64_t virtual_ms = 0;          // how long it took in its own time
  std::vector<std::string> violations;  // each said once, with its moment
  Coverage coverage;
};

}  // namespace eris::sim
