// Nothing is left behind: when all transactions are over no component is locked, no lease is held
// and no half-done step is kept in a ledger. A target that an operator has given up may stay locked
// until the next transaction there.
#include "tests/sim/checkers/all.h"
#include "tests/sim/checkers/set_aside.h"

namespace eris::sim {
namespace {

class LockChecker final : public Checker {
 public:
  using Checker::Checker;

  void OnJournaled(const Event& event) override { set_aside_.OnJournaled(event); }

  void AtEnd(const EndSeen& end) override {
    const bool some_given_up = set_aside_.HasGivenUp();
    for (const Seat& seat : world_.locked) {
      if (end.gone.contains(seat.target) || set_aside_.Contains(seat.target)) continue;
      verdicts_.Report("locks",
                       seat.component.text + " on " + seat.target.text + " is still locked");
    }
    for (const LedgerState* ledger : end.ledgers) {
      if (ledger->lease) {
        verdicts_.Report("locks", "a lease of transaction " +
                                      std::to_string(ledger->lease->transaction.value) +
                                      " is still held");
      }
      if (!ledger->may_be_locked.empty() && !some_given_up) {
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

 private:
  SetAside set_aside_;
};

}  // namespace

std::unique_ptr<Checker> MakeLockChecker(const World& world, Verdicts& verdicts) {
  return std::make_unique<LockChecker>(world, verdicts);
}

}  // namespace eris::sim
