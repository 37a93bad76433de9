// D6: a submission that was answered `accepted` becomes a transaction, and one only.
#include <map>
#include <set>

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
      verdicts_.Report("submissions", accepted->submission.id.text + " was run twice");
    }
  }

  void OnSpooled(const SpoolRecord& record) override {
    const auto* taken = std::get_if<SpoolTaken>(&record);
    if (taken != nullptr && !taken->refused.empty()) refused_.insert(taken->id);
  }

  void AtEnd(const EndSeen& end) override {
    for (const SubmissionId& id : end.accepted) {
      if (!transactions_.contains(id) && !refused_.contains(id)) {
        verdicts_.Report("submissions", id.text + " was accepted and lost");
      }
    }
  }

 private:
  std::map<SubmissionId, int> transactions_;
  std::set<SubmissionId> refused_;  // the planner has said why
};

}  // namespace

std::unique_ptr<Checker> MakeSubmissionChecker(const World& world, Verdicts& verdicts) {
  return std::make_unique<SubmissionChecker>(world, verdicts);
}

}  // namespace eris::sim
