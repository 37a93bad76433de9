// Which targets a rollback goes on without (design §6), and which an operator has given up: until
// their own verdict, or until the next generation is committed there, they are excepted from
// promises about the whole system.
#pragma once

#include <algorithm>
#include <map>
#include <set>
#include <variant>

#include "schema/values/event.h"
#include "schema/values/ids.h"

namespace eris::sim {

class SetAside {
 public:
  void OnJournaled(const Event& event) {
    const TransactionId transaction = event.transaction;
    if (const auto* accepted = std::get_if<SubmissionAccepted>(&event.body)) {
      profiles_.try_emplace(transaction, accepted->submission.profile);
    } else if (const auto* planned = std::get_if<TransactionPlanned>(&event.body)) {
      for (const PlanItem& item : planned->plan.items) {
        takes_part_[transaction].emplace(item.queue.name);
      }
    } else if (const auto* verified = std::get_if<TargetVerified>(&event.body)) {
      if (verified->verdict == TargetVerified::Verdict::kUnverified) {
        targets_[transaction].insert(verified->target);
      } else {
        targets_[transaction].erase(verified->target);
      }
    } else if (const auto* abandoned = std::get_if<Abandoned>(&event.body)) {
      all_ = all_ || abandoned->target.empty();
      given_up_[abandoned->target].insert(profiles_[transaction]);
    } else if (std::holds_alternative<GenerationCommitted>(event.body)) {
      for (const TargetName& target : takes_part_[transaction]) PutRight(target, transaction);
    }
  }
  bool HasGivenUp() const { return !given_up_.empty(); }
  bool Contains(const TargetName& target) const {
    return all_ || given_up_.contains(target) ||
           std::any_of(targets_.begin(), targets_.end(),
                       [&target](const auto& entry) { return entry.second.contains(target); });
  }
  // That are not over there.
  std::set<TransactionId> TransactionsAt(const TargetName& target) const {
    std::set<TransactionId> left;
    for (const auto& [transaction, targets] : targets_) {
      if (targets.contains(target)) left.insert(transaction);
    }
    return left;
  }

 private:
  // By the next generation of the profile that was given up there.
  void PutRight(const TargetName& target, TransactionId transaction) {
    const auto found = given_up_.find(target);
    if (found == given_up_.end()) return;
    found->second.erase(profiles_[transaction]);
    if (found->second.empty()) given_up_.erase(found);
  }

  std::map<TransactionId, std::set<TargetName>> targets_;
  std::map<TransactionId, std::set<TargetName>> takes_part_;
  std::map<TransactionId, ProfileName> profiles_;
  std::map<TargetName, std::set<ProfileName>> given_up_;
  bool all_ = false;  // given up, for ever
};

}  // namespace eris::sim
