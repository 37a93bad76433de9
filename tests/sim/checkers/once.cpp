// D3: an attempt takes effect once. Only when its process has died and left no outcome it may be
// run again, because activities are idempotent by contract.
#include <set>
#include <utility>

#include "tests/sim/checkers/all.h"

namespace eris::sim {
namespace {

class OnceChecker final : public Checker {
 public:
  using Checker::Checker;

  void OnEffect(const EffectSeen& effect) override {
    if (!effects_.insert({effect.id, effect.part}).second) {
      verdicts_.Report("once", Describe(effect.id) + " took effect twice");
    }
  }

  void OnAttemptLost(const ItemId& id) override {
    std::erase_if(effects_, [&id](const auto& entry) { return entry.first == id; });
  }

 private:
  std::set<std::pair<ItemId, std::size_t>> effects_;
};

}  // namespace

std::unique_ptr<Checker> MakeOnceChecker(const World& world, Verdicts& verdicts) {
  return std::make_unique<OnceChecker>(world, verdicts);
}

}  // namespace eris::sim
