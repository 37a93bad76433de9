// Nothing is left behind: when all transactions are over no component is locked, no lease is held
// and no half-done step is kept in a ledger.
#include "tests/sim/checkers/all.h"

namespace eris::sim {
namespace {

class LockChecker final : public Checker {
 public:
  using Checker::Checker;

  void AtEnd(const EndSeen& end) override {
    for (const Seat& seat : world_.locked) {
      if (end.gone.contains(seat.target)) continue;
      verdicts_.Report("locks",
                       seat.component.text + " on " + seat.target.text + " is still locked");
    }
    for (const LedgerState* ledger : end.ledgers) {
      if (ledger->lease) {
        verdicts_.Report("locks", "a lease of transaction " +
                                      std::to_string(ledger->lease->transaction.value) +
                                      " is still held");
      }
      if (!ledger->may_be_locked.empty()) {
        verdicts_.Report("locks", "a ledger believes that something may be locked");
      }
      for (const auto& [step, attempts] : ledger->steps) {
        for (const auto& [grade, attempt] : attempts) {
          if (attempt.outcome) continue;
          verdicts_.Report("locks", Describe(ItemId{step, grade}) + " was begun and never settled");
        }
      }
    }
  }
};

}  // namespace

std::unique_ptr<Checker> MakeLockChecker(const World& world, Verdicts& verdicts) {
  return std::make_unique<LockChecker>(world, verdicts);
}

}  // namespace eris::sim
