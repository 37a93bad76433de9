#include "planner/upkeep.h"

#include <algorithm>
#include <array>
#include <string>

#include "schema/base/text.h"

namespace eris::planner {
namespace {

constexpr std::uint32_t kOldPerStep = 50;
constexpr std::uint32_t kYoungPerStep = 10;  // of a journal that is too large: not more than needed
constexpr std::int64_t kGivenBackPerStep = 8 * 1024 * 1024;
constexpr std::int64_t kFreeKept = 1024 * 1024;  // is used again soon

// Whether there is more to give.
Result<bool> GiveBack(Journal& journal) {
  ERIS_ASSIGN(const std::int64_t free, journal.GiveBack(0));
  if (free <= kFreeKept) return false;
  ERIS_ASSIGN(const std::int64_t left,
              journal.GiveBack(std::min(free - kFreeKept, kGivenBackPerStep)));
  return left > kFreeKept && left < free;
}

struct Unit {
  std::string_view name;
  std::int64_t bytes;  // 0: days
};
constexpr std::array<Unit, 3> kUnits{{{"d", 0}, {"MB", 1'000'000}, {"GB", 1'000'000'000}}};
constexpr std::uint64_t kMost = 1'000'000;

}  // namespace

Result<Upkeep> WithKept(Upkeep upkeep, std::string_view text) {
  const std::size_t digits = std::min(text.find_first_not_of("0123456789"), text.size());
  const auto unit =
      std::find_if(kUnits.begin(), kUnits.end(),
                   [name = text.substr(digits)](const Unit& known) { return known.name == name; });
  const Result<std::uint64_t> count = ParseUnsigned(text.substr(0, digits));
  if (unit == kUnits.end() || !count || *count < 1 || *count > kMost) {
    return Fail(ErrorCode::kInvalid, "cannot keep '" + std::string(text) + "'",
                "say a time or a size, like 90d, 500MB or 2GB");
  }
  const auto number = static_cast<std::int64_t>(*count);
  if (unit->bytes == 0) {
    upkeep.keep = std::chrono::days(number);
  } else {
    upkeep.keep_bytes = number * unit->bytes;
  }
  return upkeep;
}

Result<UpkeepStep> KeepJournalSmall(const Upkeep& upkeep, WallTime now, Journal& journal) {
  const std::int64_t keep_ms = std::chrono::milliseconds(upkeep.keep).count();
  UpkeepStep step;
  ERIS_ASSIGN(step.pruned,
              journal.Prune({.ended_before = {now.ms - keep_ms}, .max_transactions = kOldPerStep}));
  ERIS_ASSIGN(step.used_bytes, journal.UsedBytes());
  bool too_large = step.used_bytes > upkeep.keep_bytes;
  if (too_large && step.pruned == 0) {
    ERIS_ASSIGN(step.pruned,
                journal.Prune({.ended_before = now, .max_transactions = kYoungPerStep}));
    ERIS_ASSIGN(step.used_bytes, journal.UsedBytes());
    too_large = step.used_bytes > upkeep.keep_bytes;
  }
  ERIS_ASSIGN(const bool gives_more, GiveBack(journal));
  ERIS_TRY(journal.Checkpoint());
  if (step.pruned == kOldPerStep || (too_large && step.pruned > 0) || gives_more) {
    step.left = UpkeepStep::Left::kMore;
  } else if (too_large) {
    step.left = UpkeepStep::Left::kTooMuch;
  }
  return step;
}

}  // namespace eris::planner
