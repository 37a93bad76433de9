// P1: at every instant, each active service's ordered interdependencies are active. Targets that
// were set aside are excepted until their own verdict.
#include <algorithm>
#include <map>
#include <vector>

#include "tests/sim/checkers/all.h"
#include "tests/sim/checkers/set_aside.h"

namespace eris::sim {
namespace {

class OrderChecker final : public Checker {
 public:
  using Checker::Checker;

  void OnJournaled(const Event& event) override {
    set_aside_.OnJournaled(event);
    const auto* planned = std::get_if<TransactionPlanned>(&event.body);
    if (planned == nullptr) return;
    for (const auto& [key, service] : planned->next.services) {
      std::vector<Interdependency>& needs = needs_[key];
      needs = service.depends_on;
      needs.insert(needs.end(), service.activates_after.begin(), service.activates_after.end());
    }
  }

  void OnEffect(const EffectSeen& effect) override {
    for (const auto& [seat, instance] : world_.active) {
      if (set_aside_.Contains(seat.target)) continue;
      for (const Interdependency& need : needs_[instance.service]) {
        if (IsActive(need) || set_aside_.Contains(need.target)) continue;
        verdicts_.Report("order", Describe(seat, instance) + " is active without " +
                                      need.service.text.substr(0, 6) + " on " + need.target.text +
                                      ", after " + Describe(effect.id));
      }
    }
  }

 private:
  bool IsActive(const Interdependency& need) const {
    return std::any_of(world_.active.begin(), world_.active.end(), [&need](const auto& entry) {
      return entry.first.target == need.target && entry.first.container == need.container &&
             entry.second.service == need.service;
    });
  }

  SetAside set_aside_;
  std::map<ServiceKey, std::vector<Interdependency>> needs_;
};

}  // namespace

std::unique_ptr<Checker> MakeOrderChecker(const World& world, Verdicts& verdicts) {
  return std::make_unique<OrderChecker>(world, verdicts);
}

}  // namespace eris::sim
