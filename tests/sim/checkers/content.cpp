// P5 and its counterpart: what runs of a profile is what the journal says should run, exactly.
// Looked at whenever a generation is committed or a transaction has ended, and at the end. Targets
// that were set aside are excepted until their own verdict, those that were given up for ever.
#include <map>
#include <set>
#include <utility>

#include "tests/sim/checkers/all.h"
#include "tests/sim/checkers/set_aside.h"

namespace eris::sim {
namespace {

class ContentChecker final : public Checker {
 public:
  // Until a generation says otherwise, what there was in the beginning stays.
  ContentChecker(const World& world, Verdicts& verdicts)
      : Checker(world, verdicts), active_before_(world.active), profiles_before_(world.profiles) {}

  void OnJournaled(const Event& event) override {
    set_aside_.OnJournaled(event);
    if (const auto* accepted = std::get_if<SubmissionAccepted>(&event.body)) {
      profile_of_.try_emplace(event.transaction, accepted->submission.profile);
    }
    const auto* settled = std::get_if<ItemSettled>(&event.body);
    if (settled != nullptr && settled->item.grade.direction == Direction::kInverse &&
        settled->outcome.verdict == Verdict::kFailed) {
      refused_.insert(event.transaction);
    }
    if (std::holds_alternative<RollbackResumed>(event.body)) refused_.erase(event.transaction);
    const auto* verified = std::get_if<TargetVerified>(&event.body);
    if (verified != nullptr && !refused_.contains(event.transaction) &&
        verified->verdict == TargetVerified::Verdict::kDiffers) {
      verdicts_.Report("content",
                       verified->target.text + " is not as it was: " +
                           (verified->differences.empty() ? "" : verified->differences[0]));
    }
    if (const auto* planned = std::get_if<TransactionPlanned>(&event.body)) {
      next_[event.transaction] = planned->next;
      for (const auto& [key, unused] : planned->next.services) {
        owner_[key] = profile_of_[event.transaction];
      }
      for (const auto& [target, unused] : planned->next.targets) targets_.insert(target);
    }
    if (std::holds_alternative<GenerationCommitted>(event.body)) {
      current_[profile_of_[event.transaction]] = next_.at(event.transaction);
      Compare(profile_of_[event.transaction], "when it was committed", event.transaction);
    }
    const auto* ended = std::get_if<TransactionEnded>(&event.body);
    if (ended != nullptr && next_.contains(event.transaction) && IsWhole(ended->result)) {
      Compare(profile_of_[event.transaction], "when it had ended", event.transaction);
    }
  }

  void AtEnd(const EndSeen&) override {
    for (const auto& [profile, unused] : current_) Compare(profile, "at the end", {});
  }

 private:
  static bool IsWhole(TransactionResult result) {
    return result == TransactionResult::kCommitted || result == TransactionResult::kUnchanged ||
           result == TransactionResult::kAborted || result == TransactionResult::kRolledBack;
  }

  void Compare(const ProfileName& profile, const std::string& when, TransactionId transaction) {
    const std::string what = "transaction " + std::to_string(transaction.value) + " " + when + ": ";
    for (const TargetName& target : targets_) {
      if (set_aside_.Contains(target)) continue;
      const auto desired = Desired(target, profile);
      const auto active = ActiveOn(target, world_);
      for (const auto& [seat, instance] : desired) {
        const auto found = active.find(seat);
        if (found != active.end() && found->second == instance) continue;
        verdicts_.Report("content", what + Describe(seat, instance) + " is not active");
      }
      for (const auto& [seat, instance] : active) {
        if (desired.contains(seat) || owner_[instance.service] != profile) continue;
        verdicts_.Report("content",
                         what + Describe(seat, instance) + " is active, and should not be");
      }
      CompareProfile(what, target, profile);
    }
  }

  std::map<Seat, Instance> Desired(const TargetName& target, const ProfileName& profile) const {
    const auto current = current_.find(profile);
    if (current != current_.end()) return DesiredOn(target, current->second);
    std::map<Seat, Instance> desired = active_before_;
    std::erase_if(desired, [&target](const auto& entry) { return entry.first.target != target; });
    return desired;
  }

  void CompareProfile(const std::string& what, const TargetName& target,
                      const ProfileName& profile) {
    StorePath want;
    if (const auto current = current_.find(profile); current != current_.end()) {
      const auto wanted = current->second.profiles.find(target);
      if (wanted != current->second.profiles.end()) want = wanted->second.path;
    } else if (const auto before = profiles_before_.find({target, profile});
               before != profiles_before_.end()) {
      want = before->second;
    }
    const auto there = world_.profiles.find({target, profile});
    const StorePath have = there == world_.profiles.end() ? StorePath() : there->second;
    if (want != have) {
      verdicts_.Report("content", what + "the profile of " + target.text + " is '" + have.text +
                                      "', not '" + want.text + "'");
    }
  }

  const std::map<Seat, Instance> active_before_;
  const std::map<std::pair<TargetName, ProfileName>, StorePath> profiles_before_;
  SetAside set_aside_;
  std::map<TransactionId, ProfileName> profile_of_;
  std::map<TransactionId, Manifest> next_;
  std::set<TransactionId> refused_;  // with an inverse that a module refused
  std::map<ServiceKey, ProfileName> owner_;
  std::set<TargetName> targets_;
  std::map<ProfileName, Manifest> current_;
};

}  // namespace

std::unique_ptr<Checker> MakeContentChecker(const World& world, Verdicts& verdicts) {
  return std::make_unique<ContentChecker>(world, verdicts);
}

}  // namespace eris::sim
