// The person at the command line: changes their mind while faults strike, and tidies up when all is
// calm. Sees what a person can see: the journal, and which machines are gone for good.
#pragma once

#include <cstdint>
#include <set>
#include <vector>

#include "tests/sim/client.h"
#include "tests/sim/process.h"

namespace eris::sim {

class Operator {
 public:
  Operator(Context& context, Client& client) : context_(context), client_(client) {}

  // While faults strike: once a second.
  void MayCancel();
  // Likewise: takes a target away from a transaction, in whatever phase that is.
  void MayBreakLock(const std::vector<TargetName>& targets);
  // When all is calm, now and then: retries what is stuck, gives up what waits for `gone` targets.
  void TidyUp(const std::set<TargetName>& gone);
  // Asks all targets but `gone` ones what is there, when nothing else is left to do, until all have
  // answered: with that item they learn that everything before is settled. True once they have.
  bool HasLooked(const std::vector<TargetName>& targets, const std::set<TargetName>& gone);

 private:
  Context& context_;
  Client& client_;
  std::uint64_t retries_ = 0;
  std::uint64_t looks_ = 0;
  std::uint64_t broken_ = 0;
};

}  // namespace eris::sim
