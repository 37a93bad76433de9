// Which targets a rollback goes on without (design §6): until their own verdict they are excepted
// from promises about the whole system.
#pragma once

#include <map>
#include <set>
#include <variant>

#include "schema/values/event.h"
#include "schema/values/ids.h"

namespace eris::sim {

class SetAside {
 public:
  void OnJournaled(const Event& event) {
    if (const auto* verified = std::get_if<TargetVerified>(&event.body)) {
      if (verified->verdict == TargetVerified::Verdict::kUnverified) {
        targets_[event.transaction].insert(verified->target);
      } else {
        targets_[event.transaction].erase(verified->target);
      }
    }
    if (const auto* abandoned = std::get_if<Abandoned>(&event.body)) {
      (abandoned->target.empty() ? all_ : given_up_[abandoned->target]) = true;
    }
  }
  bool Contains(const TargetName& target) const {
    if (all_ || given_up_.contains(target)) return true;
    for (const auto& [transaction, targets] : targets_) {
      if (targets.contains(target)) return true;
    }
    return false;
  }

 private:
  std::map<TransactionId, std::set<TargetName>> targets_;
  std::map<TargetName, bool> given_up_;  // by an operator, for ever
  bool all_ = false;
};

}  // namespace eris::sim
