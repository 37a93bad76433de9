// The one ordering rule of every process: append to the durable log and sync, then send.
//
// A core takes inputs (value, Now) and collects Decisions. At the end of a turn the shell, or the
// simulator in its place, calls FinishTurn: all records of the turn become one synced append (group
// commit); only then are the effects released.
#pragma once

#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "schema/base/error.h"
#include "schema/base/planted.h"

namespace eris {

// What a core has decided since the last turn ended.
template <typename Record, typename Effect>
struct Decisions {
  std::vector<Record> records;  // to be durable before any effect is released
  std::vector<Effect> effects;  // sends, child processes, timers: in order
  bool empty() const { return records.empty() && effects.empty(); }
};

// A durable log. Owned by the shell.
template <typename Record>
class DurableLog {
 public:
  virtual ~DurableLog() = default;
  // All or nothing, synced when it returns. After a failure the log must not be used again: the
  // process stops and recovers at its next start (fail-stop).
  virtual Status Append(std::span<const Record> records) = 0;
};

// Told of each labelled point of a turn: a test kills the process there, the simulator ends the
// run.
class TurnObserver {
 public:
  virtual ~TurnObserver() = default;
  virtual void Reached(std::string_view point) = 0;
};

inline constexpr std::string_view kBeforeAppend = "before-append";
inline constexpr std::string_view kAfterAppend = "after-append";
inline constexpr std::string_view kBeforeSend = "before-send";
inline constexpr std::string_view kAfterSend = "after-send";

// Precondition: `decisions` are complete for this turn. Afterwards they are empty. On failure
// nothing has been released.
template <typename Record, typename Effect, typename Release>
Status FinishTurn(Decisions<Record, Effect>& decisions, DurableLog<Record>& log, Release&& release,
                  TurnObserver* observer = nullptr) {
  const auto reached = [observer](std::string_view point) {
    if (observer != nullptr) observer->Reached(point);
  };
  Decisions<Record, Effect> turn = std::exchange(decisions, {});
  if (IsPlanted(Bug::kSendBeforeAppend)) {
    for (const Effect& effect : std::exchange(turn.effects, {})) release(effect);
  }
  if (!turn.records.empty()) {
    reached(kBeforeAppend);
    ERIS_TRY(log.Append(turn.records));
    reached(kAfterAppend);
  }
  for (const Effect& effect : turn.effects) {
    reached(kBeforeSend);
    release(effect);
    reached(kAfterSend);
  }
  return {};
}

}  // namespace eris
