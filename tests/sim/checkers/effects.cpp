// D1, D3, D4: what is begun was journaled as published before, never under an older epoch than the
// worker knew, never of a grade below one that was begun; an attempt takes effect once; and a
// success that the planner journals is in the worker's ledger.
#include <map>
#include <set>
#include <utility>

#include "tests/sim/checkers/all.h"

namespace eris::sim {
namespace {

class EffectChecker final : public Checker {
 public:
  using Checker::Checker;

  void OnJournaled(const Event& event) override {
    if (const auto* started = std::get_if<PlannerStarted>(&event.body)) {
      if (started->epoch <= epoch_) verdicts_.Report("D4", "an epoch is used twice");
      epoch_ = started->epoch;
    }
    if (const auto* published = std::get_if<ItemsPublished>(&event.body)) {
      for (const PublishedItem& item : published->items) {
        published_.insert(Key{event.transaction, item});
      }
    }
    const auto* settled = std::get_if<ItemSettled>(&event.body);
    if (settled == nullptr || settled->outcome.verdict != Verdict::kSucceeded) return;
    if (!succeeded_.contains(Key{event.transaction, settled->item})) {
      verdicts_.Report("D3", "a success was journaled that no ledger has: transaction " +
                                 std::to_string(event.transaction.value) + " item " +
                                 std::to_string(settled->item.index.value));
    }
  }

  void OnLedgered(const LedgerRecord& record) override {
    const auto* settled = std::get_if<StepSettled>(&record);
    if (settled == nullptr || settled->outcome.verdict != Verdict::kSucceeded) return;
    succeeded_.insert(KeyOf(settled->id));
  }

  void OnWork(const WorkSeen& seen) override {
    const ItemId& id = seen.work.id;
    if (!published_.contains(KeyOf(id))) {
      verdicts_.Report("D1",
                       "the journal does not explain " + Describe(id) + " on " + seen.target.text);
    }
    if (seen.work.mode == StartMode::kResumed) return;
    if (seen.delivered < seen.newest) {
      verdicts_.Report("D4", Describe(id) + " was begun under an old epoch");
    }
    Grade& highest = highest_[{seen.target, id.step}];
    if (id.grade < highest)
      verdicts_.Report("D3", Describe(id) + " was begun after a higher grade");
    if (id.grade == highest) verdicts_.Report("D3", Describe(id) + " was begun twice");
    highest = std::max(highest, id.grade);
  }

  void OnEffect(const EffectSeen& effect) override {
    if (!effects_.insert({effect.id, effect.part}).second) {
      verdicts_.Report("D3", Describe(effect.id) + " took effect twice");
    }
  }

  void OnAttemptLost(const ItemId& id) override {
    std::erase_if(effects_, [&id](const auto& entry) { return entry.first == id; });
  }

 private:
  using Key = std::pair<TransactionId, PublishedItem>;
  static Key KeyOf(const ItemId& id) { return {id.step.transaction, {id.step.index, id.grade}}; }

  Epoch epoch_;
  std::set<Key> published_;
  std::set<Key> succeeded_;  // by ledger
  std::map<std::pair<TargetName, StepId>, Grade> highest_;
  std::set<std::pair<ItemId, std::size_t>> effects_;
};

}  // namespace

std::unique_ptr<Checker> MakeEffectChecker(const World& world, Verdicts& verdicts) {
  return std::make_unique<EffectChecker>(world, verdicts);
}

}  // namespace eris::sim
