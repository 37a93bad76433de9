// P6: only edges and stages order items, and these always do: nothing is published forwards before
// all that it comes after has succeeded. (That the rest may run in any order is seen in
// content.cpp: orders differ from seed to seed, the final state does not.)
#include <map>
#include <set>
#include <utility>

#include "tests/sim/checkers/all.h"

namespace eris::sim {
namespace {

class EdgeChecker final : public Checker {
 public:
  using Checker::Checker;

  void OnJournaled(const Event& event) override {
    Transaction& transaction = transactions_[event.transaction];
    if (const auto* planned = std::get_if<TransactionPlanned>(&event.body)) {
      transaction.plan = planned->plan;
    }
    if (const auto* settled = std::get_if<ItemSettled>(&event.body)) {
      const Verdict verdict = settled->outcome.verdict;
      if (verdict == Verdict::kSucceeded || verdict == Verdict::kUnimplemented) {
        transaction.succeeded.insert(settled->item.index);
      }
    }
    if (const auto* verified = std::get_if<TargetVerified>(&event.body)) {
      // What waits for the target's return holds nobody up.
      if (verified->verdict == TargetVerified::Verdict::kUnverified) {
        transaction.aside.insert(verified->target.text);
      }
    }
    if (const auto* abandoned = std::get_if<Abandoned>(&event.body)) {
      transaction.aside.insert(abandoned->target.text);
    }
    if (const auto* published = std::get_if<ItemsPublished>(&event.body)) {
      for (const PublishedItem& item : published->items) {
        if (item.grade.direction == Direction::kForward) Check(event.transaction, item.index);
      }
    }
  }

 private:
  struct Transaction {
    Plan plan;
    std::set<ItemIndex> succeeded;
    std::set<std::string> aside;
  };

  // Help, never a condition: what fails of it counts as done.
  static bool IsBase(const ItemBody& body) {
    const auto* snapshot = std::get_if<SnapshotItem>(&body);
    const auto* transfer = std::get_if<TransferStateItem>(&body);
    return (snapshot != nullptr && snapshot->part == SnapshotPart::kBase) ||
           (transfer != nullptr && transfer->part == SnapshotPart::kBase);
  }

  void Check(TransactionId id, ItemIndex item) {
    const Transaction& transaction = transactions_[id];
    for (const ItemIndex before : transaction.plan.items.at(item.value).after) {
      const PlanItem& other = transaction.plan.items.at(before.value);
      if (transaction.succeeded.contains(before)) continue;
      if (transaction.aside.contains(other.queue.name) || IsBase(other.body)) continue;
      verdicts_.Report("edges", "item " + std::to_string(item.value) + " of transaction " +
                                    std::to_string(id.value) + " was published before item " +
                                    std::to_string(before.value) + " had succeeded");
    }
  }

  std::map<TransactionId, Transaction> transactions_;
};

}  // namespace

std::unique_ptr<Checker> MakeEdgeChecker(const World& world, Verdicts& verdicts) {
  return std::make_unique<EdgeChecker>(world, verdicts);
}

}  // namespace eris::sim
