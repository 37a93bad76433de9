#include "tests/sim/faults.h"

#include <algorithm>

namespace eris::sim {
namespace {

constexpr Duration kShortestPhase{60'000};
constexpr Duration kLongestPhase{300'000};
constexpr std::uint32_t kMoreOnTheWayBack = 8;
constexpr std::uint64_t kForeignItemEvery = 4;  // deliveries
constexpr std::uint64_t kBreakLockEvery = 4;    // seconds in which one could be broken

// Per mille at its worst; the occasion stands beside it.
std::uint32_t MuchOf(Fault fault) {
  switch (fault) {
    case Fault::kCrash:  // a labelled point of a turn
      return 16;
    case Fault::kSuddenCrash:  // a second of a process
    case Fault::kBreakLink:    // a second of a link
      return 20;
    case Fault::kLoseMessage:  // a message
    case Fault::kSlowMessage:
      return 30;
    case Fault::kDoubleMessage:
      return 100;
    case Fault::kOvertake:
      return 200;
    case Fault::kOneWay:  // a second of a link
      return 8;
    case Fault::kStaleItem:  // a second of a worker
      return 60;
    case Fault::kOldSession:  // a connection that ends
      return 300;
    case Fault::kClockJump:  // a second of a process
      return 10;
    case Fault::kFailingSync:  // an append
      return 4;
    case Fault::kModuleFails:  // an activity
    case Fault::kModuleHangs:
      return 8;
    case Fault::kModuleDies:
    case Fault::kModuleSlow:
      return 40;
    case Fault::kInverseFails:
      return 60;
    case Fault::kTargetAway:  // a second of a target
    case Fault::kCancel:      // a second
      return 4;
    case Fault::kTargetGone:   // once in a run, in one family
    case Fault::kForeignItem:  // by count, not by chance
    case Fault::kBreakLock:    // likewise
      return 0;
  }
  return 0;
}

// Often nothing of a kind, sometimes a little, sometimes much.
std::uint32_t Draw(Timeline& timeline, std::uint32_t much) {
  const std::array<std::uint32_t, 4> levels = {0, (much + 7) / 8, (much + 1) / 2, much};
  return levels[timeline.Below(levels.size())];
}

}  // namespace

Faults::Faults(Timeline& timeline, const FaultSet& without) : timeline_(timeline) {
  none_ = timeline.Below(8) == 0;
  if (none_) return;
  calm_from_ = SteadyTime{} + timeline.Between(kShortestPhase, kLongestPhase);
  for (std::size_t i = 0; i < kFaults; ++i) {
    if (MuchOf(static_cast<Fault>(i)) == 0) continue;
    const std::uint32_t rate = Draw(timeline, MuchOf(static_cast<Fault>(i)));
    rates_[i] = without.test(i) ? 0 : rate;
  }
  foreign_items_ = !without.test(static_cast<std::size_t>(Fault::kForeignItem));
  break_locks_ = !without.test(static_cast<std::size_t>(Fault::kBreakLock));
  targets_go_ = !without.test(static_cast<std::size_t>(Fault::kTargetGone));
}

// Few appends are made on the way back, and most of what can go wrong there begins with one; and
// few components are locked by what is aborted.
std::uint32_t Faults::RateOf(Fault fault) const {
  const std::uint32_t rate = rates_[static_cast<std::size_t>(fault)];
  const bool may_be_more = fault == Fault::kFailingSync || fault == Fault::kModuleSlow;
  if (!may_be_more) return rate;
  const auto& open = phases_.open();
  const bool is_more = std::any_of(open.begin(), open.end(), [fault](const auto& entry) {
    return entry.second == TransactionPhase::kAborting ||
           (entry.second == TransactionPhase::kRollingBack && fault == Fault::kFailingSync);
  });
  return is_more ? rate * kMoreOnTheWayBack : rate;
}

bool Faults::Strikes(Fault fault) {
  if (!timeline_.Chance(RateOf(fault))) return false;
  Count(fault);
  return true;
}

bool Faults::WantsForeignItem() { return foreign_items_ && ++deliveries_ % kForeignItemEvery == 0; }

bool Faults::WantsBrokenLock() {
  return break_locks_ && !calm() && ++breakable_ % kBreakLockEvery == 0;
}

void Faults::Count(Fault fault) {
  if (phases_.open().empty()) coverage_.Struck(fault, TransactionPhase::kEnded);
  for (const auto& [transaction, phase] : phases_.open()) coverage_.Struck(fault, phase);
}

bool Faults::CrashesAt(std::string_view process, std::string_view point) {
  if (!Strikes(Fault::kCrash)) return false;
  coverage_.Passed("crash " + std::string(process) + " " + std::string(point));
  return true;
}

Duration Faults::Outage() {
  // Mostly short; now and then longer than a target is waited for.
  if (timeline_.Chance(150)) return timeline_.Between(Duration(10'000), Duration(60'000));
  return timeline_.Between(Duration(100), Duration(5'000));
}

}  // namespace eris::sim
