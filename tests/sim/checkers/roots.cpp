// Nothing is missing, nothing is left: what is activated is in the target's store, whenever
// somebody collects garbage, and when a transaction is over its roots are gone.
#include <set>

#include "tests/sim/checkers/all.h"

namespace eris::sim {
namespace {

class RootChecker final : public Checker {
 public:
  using Checker::Checker;

  void OnWork(const WorkSeen& seen) override {
    const auto* activate = std::get_if<ActivateItem>(&*seen.work.body);
    if (activate == nullptr) return;
    const auto store = world_.store.find(seen.target);
    if (store != world_.store.end() && store->second.contains(activate->activity.package)) return;
    verdicts_.Report("roots", activate->activity.service_name.text + " is to be activated on " +
                                  seen.target.text + ", and its package is not there");
  }

  void AtEnd(const EndSeen& end) override {
    for (const LedgerState* ledger : end.ledgers) {
      for (const auto& [transaction, paths] : ledger->roots) {
        verdicts_.Report("roots", "transaction " + std::to_string(transaction.value) +
                                      " is over, and a ledger keeps its roots");
      }
    }
    for (const auto& [target, roots] : world_.roots) {
      if (roots.empty() || end.gone.contains(target)) continue;
      verdicts_.Report("roots", target.text + " keeps roots of transaction " +
                                    std::to_string(roots.begin()->first.value));
    }
  }
};

}  // namespace

std::unique_ptr<Checker> MakeRootChecker(const World& world, Verdicts& verdicts) {
  return std::make_unique<RootChecker>(world, verdicts);
}

}  // namespace eris::sim
