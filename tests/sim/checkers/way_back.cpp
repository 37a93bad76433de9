// P4: the way back is a function of the plan and of what may have taken effect: only inverses of
// such items are published, each after all that was built upon it is undone; and a rollback that
// says it is complete has undone all of it.
#include <map>
#include <set>
#include <string>

#include "planner/plan/rollback.h"
#include "tests/sim/checkers/all.h"

namespace eris::sim {
namespace {

class WayBackChecker final : public Checker {
 public:
  using Checker::Checker;

  void OnJournaled(const Event& event) override {
    Transaction& transaction = transactions_[event.transaction];
    if (const auto* planned = std::get_if<TransactionPlanned>(&event.body)) {
      transaction.plan = planned->plan;
    } else if (const auto* settled = std::get_if<ItemSettled>(&event.body)) {
      OnSettled(transaction, *settled);
    } else if (const auto* published = std::get_if<ItemsPublished>(&event.body)) {
      for (const PublishedItem& item : published->items) {
        if (item.grade.direction == Direction::kInverse) {
          CheckInverse(event.transaction, transaction, item.index);
        } else {
          transaction.out.insert(item.index);
        }
      }
    } else if (const auto* verified = std::get_if<TargetVerified>(&event.body)) {
      if (verified->verdict == TargetVerified::Verdict::kUnverified) {
        transaction.aside.insert(verified->target.text);
      }
    } else if (const auto* abandoned = std::get_if<Abandoned>(&event.body)) {
      transaction.abandoned = true;
      transaction.aside.insert(abandoned->target.text);
    } else if (const auto* ended = std::get_if<TransactionEnded>(&event.body)) {
      if (ended->result == TransactionResult::kRolledBack) {
        CheckComplete(event.transaction, transaction);
      }
    }
  }

 private:
  struct Transaction {
    Plan plan;
    std::set<ItemIndex> out;       // forwards, not settled
    std::set<ItemIndex> possible;  // may have taken effect
    std::set<ItemIndex> undone;
    std::set<std::string> aside;
    bool abandoned = false;
  };

  static void OnSettled(Transaction& transaction, const ItemSettled& settled) {
    const ItemIndex item = settled.item.index;
    const Verdict verdict = settled.outcome.verdict;
    if (settled.item.grade.direction == Direction::kInverse) {
      // A query changes nothing, the last dump of a new place is taken if it can be.
      const PlanItem& planned = transaction.plan.items.at(item.value);
      const bool is_a_try = std::holds_alternative<QueryItem>(*planned.inverse) ||
                            std::holds_alternative<TransferStateItem>(planned.body);
      const bool counts = verdict == Verdict::kSucceeded || verdict == Verdict::kUnimplemented;
      if (counts || is_a_try) transaction.undone.insert(item);
      return;
    }
    transaction.out.erase(item);
    const bool nothing_done = verdict == Verdict::kUnavailable || verdict == Verdict::kRefused ||
                              verdict == Verdict::kUnimplemented;
    const ItemBody& body = transaction.plan.items.at(item.value).body;
    const bool has_no_locks =
        verdict == Verdict::kUnimplemented && std::holds_alternative<LockItem>(body);
    if (!nothing_done || has_no_locks) transaction.possible.insert(item);
  }

  void CheckInverse(TransactionId id, const Transaction& transaction, ItemIndex item) {
    const std::string name = "the inverse of item " + std::to_string(item.value) +
                             " of transaction " + std::to_string(id.value);
    if (!transaction.possible.contains(item)) {
      verdicts_.Report("way-back", name + " was published, and nothing had been done");
    }
    if (transaction.aside.contains(QueueOf(transaction, item))) return;
    for (const ItemIndex later : transaction.possible) {
      const PlanItem& other = transaction.plan.items[later.value];
      if (!other.inverse || transaction.undone.contains(later)) continue;
      if (transaction.aside.contains(QueueOf(transaction, later))) continue;
      if (IsLastDump(other)) continue;  // nothing comes after it
      for (const ItemIndex before : other.after) {
        if (before == item) {
          verdicts_.Report("way-back", name + " was published before item " +
                                           std::to_string(later.value) + " was undone");
        }
      }
    }
  }

  void CheckComplete(TransactionId id, const Transaction& transaction) {
    for (const ItemIndex item : transaction.possible) {
      if (!transaction.plan.items[item.value].inverse || transaction.undone.contains(item)) {
        continue;
      }
      if (transaction.aside.contains(QueueOf(transaction, item)) || transaction.abandoned) continue;
      verdicts_.Report("way-back", "transaction " + std::to_string(id.value) +
                                       " is rolled back without its item " +
                                       std::to_string(item.value));
    }
  }

  static const std::string& QueueOf(const Transaction& transaction, ItemIndex item) {
    return transaction.plan.items[item.value].queue.name;
  }

  std::map<TransactionId, Transaction> transactions_;
};

}  // namespace

std::unique_ptr<Checker> MakeWayBackChecker(const World& world, Verdicts& verdicts) {
  return std::make_unique<WayBackChecker>(world, verdicts);
}

}  // namespace eris::sim
