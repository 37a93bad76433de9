// How much of the past the planner's journal keeps. Decides when to prune and by how much; what may
// go at all is the journal's business (state/journal.h).
#pragma once

#include <chrono>
#include <cstdint>
#include <string_view>

#include "schema/base/clock.h"
#include "schema/base/error.h"
#include "state/journal.h"

namespace eris::planner {

// What no generation and no open transaction needs goes when it is older than `keep`, and before
// that, the oldest first, while the journal is larger than `keep_bytes`.
struct Upkeep {
  std::chrono::hours keep{90 * 24};
  std::int64_t keep_bytes = 1'000'000'000;
  std::chrono::minutes interval{10};  // between two rounds
  std::chrono::seconds pause{1};      // between two steps of a round
};

// `upkeep` with what a person wrote: "90d", "500MB", "2GB". kInvalid otherwise.
Result<Upkeep> WithKept(Upkeep upkeep, std::string_view text);

struct UpkeepStep {
  std::uint32_t pruned = 0;  // transactions
  std::int64_t used_bytes = 0;
  enum class Left : std::uint8_t { kNothing, kMore, kTooMuch } left = Left::kNothing;
  bool operator==(const UpkeepStep&) const = default;
};

// One step of a round; short, so that it fits between two turns of a loop. kMore: another step
// would do more. kTooMuch: the journal is larger than it should be, and all of it is needed.
Result<UpkeepStep> KeepJournalSmall(const Upkeep& upkeep, WallTime now, Journal& journal);

}  // namespace eris::planner
