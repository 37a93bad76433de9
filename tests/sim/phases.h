// In which phases transactions are, by what is journaled; for the coverage of faults. And which are
// open at all, for whoever plays the operator.
#pragma once

#include <map>
#include <optional>
#include <set>

#include "schema/values/event.h"
#include "schema/values/ids.h"

namespace eris::sim {

class Phases {
 public:
  void OnJournaled(const Event& event) {
    if (std::holds_alternative<SubmissionAccepted>(event.body)) {
      open_.try_emplace(event.transaction, TransactionPhase::kSubmitted);
      const Submission& submission = std::get<SubmissionAccepted>(event.body).submission;
      profiles_.try_emplace(event.transaction, submission.profile);
      transactions_.try_emplace(submission.id, event.transaction);
    }
    if (const auto* entered = std::get_if<PhaseEntered>(&event.body)) {
      open_[event.transaction] = entered->phase;
    }
    if (std::holds_alternative<RollbackResumed>(event.body)) {
      open_[event.transaction] = TransactionPhase::kRollingBack;
      stuck_.erase(event.transaction);
    }
    if (const auto* ended = std::get_if<TransactionEnded>(&event.body)) {
      open_.erase(event.transaction);
      stuck_.erase(event.transaction);
      if (ended->result == TransactionResult::kStuck) stuck_.insert(event.transaction);
      ends_[event.transaction] = ended->result;
    }
  }

  const std::map<TransactionId, TransactionPhase>& open() const { return open_; }
  const std::set<TransactionId>& stuck() const { return stuck_; }
  const ProfileName& ProfileOf(TransactionId transaction) const {
    return profiles_.at(transaction);
  }
  // Nothing while it goes on.
  std::optional<TransactionResult> EndOf(const SubmissionId& submission) const {
    const auto transaction = transactions_.find(submission);
    if (transaction == transactions_.end()) return std::nullopt;
    const auto end = ends_.find(transaction->second);
    return end == ends_.end() ? std::nullopt : std::optional(end->second);
  }
  // Every transaction, and its profile.
  const std::map<TransactionId, ProfileName>& all() const { return profiles_; }

 private:
  std::map<TransactionId, TransactionPhase> open_;
  std::set<TransactionId> stuck_;
  std::map<TransactionId, ProfileName> profiles_;
  std::map<SubmissionId, TransactionId> transactions_;
  std::map<TransactionId, TransactionResult> ends_;
};

}  // namespace eris::sim
