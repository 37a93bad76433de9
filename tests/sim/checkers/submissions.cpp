// D6: a submission that was answered `accepted` becomes a transaction, and one only.
#include <map>

#include "tests/sim/checkers/all.h"

namespace eris::sim {
namespace {

class SubmissionChecker final : public Checker {
 public:
  using Checker::Checker;

  void OnJournaled(const Event& event) override {
    const auto* accepted = std::get_if<SubmissionAccepted>(&event.body);
    if (accepted == nullptr) return;
    if (++transactions_[accepted->submission.id] > 1) {
      verdicts_.Report("D6", accepted->submission.id.text + " was run twice");
    }
  }

  void AtEnd(const EndSeen& end) override {
    for (const SubmissionId& id : end.accepted) {
      if (!transactions_.contains(id)) {
        verdicts_.Report("D6", id.text + " was accepted and lost");
      }
    }
  }

 private:
  std::map<SubmissionId, int> transactions_;
};

}  // namespace

std::unique_ptr<Checker> MakeSubmissionChecker(const World& world, Verdicts& verdicts) {
  return std::make_unique<SubmissionChecker>(world, verdicts);
}

}  // namespace eris::sim
