#include "tests/sim/reconstruction.h"

#include <string>
#include <utility>

#include "planner/models/check_manifest.h"
#include "planner/plan/plan.h"
#include "planner/plan/plan_hash.h"

namespace eris::sim {
namespace {

const ProfileName kReconstructedProfile("default");

}  // namespace

Reconstruction::Reconstruction(Context& context, Client& client,
                               std::map<TargetName, Target> targets)
    : context_(context), client_(client), targets_(std::move(targets)) {
  for (auto& [name, target] : targets_) {
    target.properties = {{.name = target.target_property, .text = name.text, .json = {}}};
  }
}

SubmissionId Reconstruction::NameOf(const char* what) const {
  return SubmissionId(what + std::to_string(tries_));
}

void Reconstruction::Tick() {
  const Phases& phases = context_.faults.phases();
  switch (stage_) {
    case Stage::kBegins:
      return Ask();
    case Stage::kAsks:
      if (const auto end = phases.EndOf(NameOf("ask"))) {
        *end == TransactionResult::kCommitted ? Adopt() : Ask();
      }
      return;
    case Stage::kAdopts:
      if (const auto end = phases.EndOf(NameOf("adopt"))) {
        // Still locked, too, there is a generation then, which no adoption begins with.
        const bool is_committed = *end == TransactionResult::kCommitted ||
                                  *end == TransactionResult::kCommittedStillLocked;
        is_committed ? Finish() : Ask();
      }
      return;
    case Stage::kDone:
      return;
  }
}

void Reconstruction::Ask() {
  stage_ = Stage::kAsks;
  ++tries_;
  evidence_.clear();
  question_ = {};
  Operate question{.body = QueryItem{kReconstructedProfile, QueryItem::What::kManifest},
                   .targets = {}};
  for (const auto& [target, unused] : targets_) question.targets.push_back(target);
  question.takes_over = true;
  client_.SubmitFirst({.id = NameOf("ask"),
                       .profile = kReconstructedProfile,
                       .author = {},
                       .options = {},
                       .action = std::move(question)});
}

void Reconstruction::OnJournaled(const Event& event) {
  if (const auto* accepted = std::get_if<SubmissionAccepted>(&event.body)) {
    if (accepted->submission.id == NameOf("ask")) question_ = event.transaction;
  }
  if (!question_ || event.transaction != question_) return;
  if (const auto* planned = std::get_if<TransactionPlanned>(&event.body)) plan_ = planned->plan;
  if (const auto* settled = std::get_if<ItemSettled>(&event.body)) {
    const auto* report = std::get_if<TargetReport>(&settled->outcome.report);
    if (report == nullptr) return;
    const TargetName target(plan_.items.at(settled->item.index.value).queue.name);
    evidence_[target] = {.report = *report, .profile_text = report->manifest};
  }
}

void Reconstruction::Adopt() {
  Result<Manifest> manifest = ReconstructManifest(evidence_, targets_);
  if (!manifest) return context_.verdicts.Report("content", manifest.error().message);
  for (const Finding& finding : CheckManifest(*manifest)) {
    context_.verdicts.Report("content", "what targets say does not fit: " + ToString(finding));
  }
  if (manifest->profiles.empty()) return Finish();
  stage_ = Stage::kAdopts;
  DeployOptions options;
  options.expected_plan_hash = PlanHash(
      MakeAdoption({.profile = kReconstructedProfile, .base_generation = {}, .next = *manifest},
                   AdoptManifest::Origin::kOwn));
  client_.SubmitFirst({.id = NameOf("adopt"),
                       .profile = kReconstructedProfile,
                       .author = {},
                       .options = std::move(options),
                       .action = AdoptManifest{*std::move(manifest)}});
}

void Reconstruction::Finish() {
  stage_ = Stage::kDone;
  context_.faults.Mark("a deployment is reconstructed");
  client_.Resume();
}

}  // namespace eris::sim
