// D1: the journal explains each effect: what is begun, and what takes effect, was journaled as
// published before, with the very body that was planned.
#include <map>
#include <set>
#include <utility>

#include "tests/sim/checkers/all.h"

namespace eris::sim {
namespace {

class ExplainedChecker final : public Checker {
 public:
  using Checker::Checker;

  void OnJournaled(const Event& event) override {
    if (const auto* planned = std::get_if<TransactionPlanned>(&event.body)) {
      plans_[event.transaction] = planned->plan;
    }
    if (const auto* published = std::get_if<ItemsPublished>(&event.body)) {
      for (const PublishedItem& item : published->items) {
        published_.insert({event.transaction, item});
      }
    }
  }

  void OnWork(const WorkSeen& seen) override {
    const ItemId& id = seen.work.id;
    // What is left of a journal that is lost was explained by that one; until when a target may
    // still run it is for the fences.
    if (id.step.journal != world_.journal) return;
    const PublishedItem item{id.step.index, id.grade};
    const auto plan = plans_.find(id.step.transaction);
    if (!published_.contains({id.step.transaction, item}) || plan == plans_.end()) {
      verdicts_.Report("explained",
                       "nothing was journaled of " + Describe(id) + " on " + seen.target.text);
      return;
    }
    const PlanItem& planned = plan->second.items.at(id.step.index.value);
    const bool forward = id.grade.direction == Direction::kForward;
    const ItemBody* body =
        forward ? &planned.body : (planned.inverse ? &*planned.inverse : nullptr);
    if (body == nullptr || body->index() != seen.work.body->index()) {
      verdicts_.Report("explained", Describe(id) + " is another item than was planned");
    }
  }

 private:
  std::map<TransactionId, Plan> plans_;
  std::set<std::pair<TransactionId, PublishedItem>> published_;
};

}  // namespace

std::unique_ptr<Checker> MakeExplainedChecker(const World& world, Verdicts& verdicts) {
  return std::make_unique<ExplainedChecker>(world, verdicts);
}

}  // namespace eris::sim
