// D3, D5: a success that the planner journals is in a worker's ledger under that very body, and it
// is of the attempt that was published last: a late outcome settles nothing newer.
#include <map>
#include <set>
#include <utility>

#include "tests/sim/checkers/all.h"

namespace eris::sim {
namespace {

class SettledChecker final : public Checker {
 public:
  using Checker::Checker;

  void OnJournaled(const Event& event) override {
    if (const auto* published = std::get_if<ItemsPublished>(&event.body)) {
      for (const PublishedItem& item : published->items) {
        newest_[{event.transaction, item.index}] = item.grade;
      }
    }
    const auto* settled = std::get_if<ItemSettled>(&event.body);
    if (settled == nullptr) return;
    const std::string name = "transaction " + std::to_string(event.transaction.value) + " item " +
                             std::to_string(settled->item.index.value);
    if (newest_[{event.transaction, settled->item.index}] != settled->item.grade) {
      verdicts_.Report("settled", name + " was settled by a late outcome");
    }
    if (settled->outcome.verdict != Verdict::kSucceeded) return;
    if (!succeeded_.contains(Key{event.transaction, settled->item})) {
      verdicts_.Report("settled", name + " has succeeded, and no ledger says so");
    }
  }

  void OnLedgered(const LedgerRecord& record) override {
    const auto* settled = std::get_if<StepSettled>(&record);
    if (settled == nullptr || settled->outcome.verdict != Verdict::kSucceeded) return;
    const ItemId& id = settled->id;
    succeeded_.insert({id.step.transaction, {id.step.index, id.grade}});
  }

 private:
  using Key = std::pair<TransactionId, PublishedItem>;
  std::map<std::pair<TransactionId, ItemIndex>, Grade> newest_;
  std::set<Key> succeeded_;  // by ledger
};

}  // namespace

std::unique_ptr<Checker> MakeSettledChecker(const World& world, Verdicts& verdicts) {
  return std::make_unique<SettledChecker>(world, verdicts);
}

}  // namespace eris::sim
