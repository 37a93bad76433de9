// What runs have reached: how often each fault struck in each phase of a transaction, how often
// each labelled point of a turn was passed, and marks of rare branches. Summed over the runs of a
// campaign; pairs that no run has reached fail it.
#pragma once

#include <array>
#include <bitset>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "schema/values/event.h"

namespace eris::sim {

enum class Fault : std::uint8_t {
  kCrash,          // of a process, at a labelled point of a turn
  kSuddenCrash,    // of a process, between two turns
  kLoseMessage,    // about items, on a living link
  kDoubleMessage,  // likewise
  kOvertake,       // likewise: it arrives later than what was sent after it
  kSlowMessage,    // any
  kBreakLink,      // both ways
  kOneWay,         // nothing arrives in one direction, and nobody is told
  kStaleItem,      // an item that was once sent comes again
  kOldSession,     // the old connection of who has come back is not over yet
  kClockJump,      // the wall clock of a process, forwards or backwards
  kFailingSync,    // the disk is full or refuses to sync: fail-stop
  kModuleFails,    // it says no
  kModuleHangs,    // it runs into its deadline
  kModuleDies,     // it leaves no outcome
  kModuleSlow,     // it takes most of its deadline
  kInverseFails,   // a module refuses to go back
  kTargetAway,     // for longer than it is waited for
  kCancel,         // an operator changes their mind
  kTargetGone,     // for good: whoever waits for it waits for ever
  kForeignItem,    // a planner on an old or copied journal reaches a worker
  kBreakLock,      // an operator takes a target away from whoever holds it
};
inline constexpr std::size_t kFaults = 22;
using FaultSet = std::bitset<kFaults>;
inline constexpr std::size_t kPhases = 9;

std::string_view NameOf(Fault fault);
// Whether the fault can strike while a transaction is in this phase.
bool CanStrike(Fault fault, TransactionPhase phase);

class Coverage {
 public:
  void Struck(Fault fault, TransactionPhase phase);
  void Passed(const std::string& point) { ++named_[point]; }

  void Add(const Coverage& other);
  std::uint64_t strikes(Fault fault, TransactionPhase phase) const;
  std::uint64_t named(const std::string& name) const;
  // Pairs that can be reached and were not.
  std::vector<std::string> Missing() const;
  std::string Table() const;

  // One line, for another process.
  std::string Encode() const;
  void AddEncoded(const std::string& line);

 private:
  std::array<std::array<std::uint64_t, kPhases>, kFaults> strikes_{};
  std::map<std::string, std::uint64_t> named_;  // points and marks
};

}  // namespace eris::sim
