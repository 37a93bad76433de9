// P5 and its counterpart: what runs is what the journal says should run, exactly. Looked at
// whenever a generation is committed or a transaction has ended, and at the end. Targets that were
// set aside are excepted until their own verdict.
#include <map>
#include <optional>
#include <set>

#include "tests/sim/checkers/all.h"
#include "tests/sim/checkers/set_aside.h"

namespace eris::sim {
namespace {

class ContentChecker final : public Checker {
 public:
  using Checker::Checker;

  void OnJournaled(const Event& event) override {
    set_aside_.OnJournaled(event);
    const auto* verified = std::get_if<TargetVerified>(&event.body);
    if (verified != nullptr && verified->verdict == TargetVerified::Verdict::kDiffers) {
      verdicts_.Report("P5", verified->target.text + " is not as it was: " +
                                 (verified->differences.empty() ? "" : verified->differences[0]));
    }
    if (const auto* planned = std::get_if<TransactionPlanned>(&event.body)) {
      next_[event.transaction] = planned->next;
      for (const auto& [target, unused] : planned->next.targets) targets_.insert(target);
    }
    if (std::holds_alternative<GenerationCommitted>(event.body)) {
      current_ = next_.at(event.transaction);
      Compare("when it was committed", event.transaction);
    }
    if (std::holds_alternative<TransactionEnded>(event.body)) {
      Compare("when it had ended", event.transaction);
    }
  }

  void AtEnd(const EndSeen&) override { Compare("at the end", {}); }

 private:
  void Compare(const std::string& when, TransactionId transaction) {
    const std::string what = "transaction " + std::to_string(transaction.value) + " " + when + ": ";
    for (const TargetName& target : targets_) {
      if (set_aside_.Contains(target)) continue;
      const auto desired = DesiredOn(target, current_);
      const auto active = ActiveOn(target, world_);
      for (const auto& [seat, instance] : desired) {
        const auto found = active.find(seat);
        if (found != active.end() && found->second == instance) continue;
        verdicts_.Report("P5", what + Describe(seat, instance) + " is not active");
      }
      for (const auto& [seat, instance] : active) {
        if (desired.contains(seat)) continue;
        verdicts_.Report("P5", what + Describe(seat, instance) + " is active, and should not be");
      }
      CompareProfile(what, target);
    }
  }

  void CompareProfile(const std::string& what, const TargetName& target) {
    const auto wanted = current_.profiles.find(target);
    const auto there = world_.profiles.find(target);
    const StorePath want = wanted == current_.profiles.end() ? StorePath() : wanted->second.path;
    const StorePath have = there == world_.profiles.end() ? StorePath() : there->second;
    if (want != have) {
      verdicts_.Report("P5", what + "the profile of " + target.text + " is '" + have.text +
                                 "', not '" + want.text + "'");
    }
  }

  SetAside set_aside_;
  std::map<TransactionId, Manifest> next_;
  std::set<TargetName> targets_;
  Manifest current_;
};

}  // namespace

std::unique_ptr<Checker> MakeContentChecker(const World& world, Verdicts& verdicts) {
  return std::make_unique<ContentChecker>(world, verdicts);
}

}  // namespace eris::sim
