// Every transaction ends, and well: no core may give up. Stuck is no end here, because no module of
// this world refuses an inverse.
#include <map>
#include <optional>

#include "tests/sim/checkers/all.h"

namespace eris::sim {
namespace {

class EndChecker final : public Checker {
 public:
  using Checker::Checker;

  void OnJournaled(const Event& event) override {
    if (std::holds_alternative<SubmissionAccepted>(event.body)) ends_[event.transaction] = {};
    const auto* ended = std::get_if<TransactionEnded>(&event.body);
    if (ended == nullptr) return;
    ends_[event.transaction] = ended->result;
    if (ended->result == TransactionResult::kStuck ||
        ended->result == TransactionResult::kAbandoned) {
      verdicts_.Report("end", "transaction " + std::to_string(event.transaction.value) + " is " +
                                  std::string(ToString(ended->result)) + ": " + ended->message);
    }
  }

  void AtEnd(const EndSeen&) override {
    for (const auto& [transaction, result] : ends_) {
      const std::string name = "transaction " + std::to_string(transaction.value);
      if (!result) verdicts_.Report("end", name + " has not ended");
      if (result == TransactionResult::kCommittedStillLocked) {
        verdicts_.Report("end", name + " is still locked");
      }
    }
  }

 private:
  std::map<TransactionId, std::optional<TransactionResult>> ends_;
};

}  // namespace

std::unique_ptr<Checker> MakeEndChecker(const World& world, Verdicts& verdicts) {
  return std::make_unique<EndChecker>(world, verdicts);
}

}  // namespace eris::sim
