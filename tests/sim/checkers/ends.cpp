// Every transaction ends, and well: no core may give up. Stuck is an end only after a module has
// refused an inverse, and not the last one: the operator tries again.
#include <map>
#include <optional>
#include <set>

#include "tests/sim/checkers/all.h"

namespace eris::sim {
namespace {

class EndChecker final : public Checker {
 public:
  using Checker::Checker;

  void OnJournaled(const Event& event) override {
    if (std::holds_alternative<SubmissionAccepted>(event.body)) ends_[event.transaction] = {};
    const auto* settled = std::get_if<ItemSettled>(&event.body);
    if (settled != nullptr && settled->item.grade.direction == Direction::kInverse &&
        settled->outcome.verdict == Verdict::kFailed) {
      refused_.insert(event.transaction);
    }
    if (std::holds_alternative<Abandoned>(event.body)) given_up_.insert(event.transaction);
    const auto* ended = std::get_if<TransactionEnded>(&event.body);
    if (ended == nullptr) return;
    ends_[event.transaction] = ended->result;
    const bool by_an_operator = given_up_.contains(event.transaction);
    const bool gave_up =
        ended->result == TransactionResult::kStuck && !refused_.contains(event.transaction);
    if (gave_up || (ended->result == TransactionResult::kAbandoned && !by_an_operator)) {
      verdicts_.Report("ends", "transaction " + std::to_string(event.transaction.value) + " is " +
                                   std::string(ToString(ended->result)) + ": " + ended->message);
    }
  }

  void AtEnd(const EndSeen&) override {
    for (const auto& [transaction, result] : ends_) {
      const std::string name = "transaction " + std::to_string(transaction.value);
      if (!result) verdicts_.Report("ends", name + " has not ended");
      if (result == TransactionResult::kStuck) verdicts_.Report("ends", name + " is still stuck");
      if (result == TransactionResult::kCommittedStillLocked) {
        verdicts_.Report("ends", name + " is still locked");
      }
    }
  }

 private:
  std::map<TransactionId, std::optional<TransactionResult>> ends_;
  std::set<TransactionId> refused_;
  std::set<TransactionId> given_up_;
};

}  // namespace

std::unique_ptr<Checker> MakeEndChecker(const World& world, Verdicts& verdicts) {
  return std::make_unique<EndChecker>(world, verdicts);
}

}  // namespace eris::sim
