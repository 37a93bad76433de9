// P3: nothing irreversible happens before the generation is committed: no state is deleted, nothing
// is collected, and no inverse runs after it.
#include <set>
#include <variant>

#include "tests/sim/checkers/all.h"

namespace eris::sim {
namespace {

class IrreversibleChecker final : public Checker {
 public:
  using Checker::Checker;

  void OnJournaled(const Event& event) override {
    if (std::holds_alternative<GenerationCommitted>(event.body)) {
      committed_.insert(event.transaction);
    }
    const auto* entered = std::get_if<PhaseEntered>(&event.body);
    if (entered != nullptr && entered->phase == TransactionPhase::kRollingBack &&
        committed_.contains(event.transaction)) {
      verdicts_.Report("irreversible", "transaction " + std::to_string(event.transaction.value) +
                                           " goes back after its commit");
    }
  }

  void OnWork(const WorkSeen& seen) override {
    const ItemId& id = seen.work.id;
    const bool is_final = std::holds_alternative<DeleteStateItem>(*seen.work.body);
    const bool committed = committed_.contains(id.step.transaction);
    if (is_final && !committed) {
      verdicts_.Report("irreversible", Describe(id) + " deletes state before the commit");
    }
    if (committed && id.grade.direction == Direction::kInverse) {
      verdicts_.Report("irreversible", Describe(id) + " is undone after the commit");
    }
  }

 private:
  std::set<TransactionId> committed_;
};

}  // namespace

std::unique_ptr<Checker> MakeIrreversibleChecker(const World& world, Verdicts& verdicts) {
  return std::make_unique<IrreversibleChecker>(world, verdicts);
}

}  // namespace eris::sim
