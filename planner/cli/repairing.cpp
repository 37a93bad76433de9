// `eris deploy --repair`: asks the targets, plans the difference to the current generation, and has
// it done.
#include <map>
#include <memory>
#include <utility>

#include "planner/cli/asking.h"
#include "planner/cli/commands.h"
#include "planner/cli/drift.h"
#include "planner/cli/generation.h"
#include "planner/cli/json_text.h"
#include "planner/cli/operating.h"
#include "planner/cli/submitting.h"
#include "planner/plan/diff.h"
#include "planner/plan/plan_hash.h"
#include "planner/plan/plan_text.h"
#include "planner/plan/repair.h"

namespace eris::cli {
namespace {

// From older generations, newest first.
LookUpMapping LookUpIn(Client& client, const ProfileName& profile) {
  return [&client, profile](const Repair& foreign) -> Result<std::optional<KnownMapping>> {
    ERIS_ASSIGN(const std::vector<GenerationInfo> generations, AskGenerations(client, profile));
    for (auto info = generations.rbegin(); info != generations.rend(); ++info) {
      ERIS_ASSIGN(const DeployedGeneration generation,
                  FetchGeneration(client, profile, info->generation));
      if (auto known = FindMapping(generation.manifest, foreign)) return known;
    }
    return std::optional<KnownMapping>{};
  };
}

// What the planner will plan, made with its own pure code.
Result<Plan> Preview(Client& client, const DeployedGeneration& current,
                     const DeployOptions& options, const ProfileName& profile) {
  ERIS_ASSIGN(KnownBase known, FetchBase(client, profile));
  Manifest base = std::move(known.manifest).value_or(Manifest());
  ERIS_ASSIGN(const std::set<MappingPlace> down,
              ApplyRepairs(options.repair, LookUpIn(client, profile), base));
  return MakePlan({.profile = profile,
                   .base_generation = current.number,
                   .base = &base,
                   .next = current.manifest,
                   .options = PlanOptionsOf(options),
                   .down = down});
}

void Show(const Plan& plan, Context& context) {
  context.output.Print(context.output.json()
                           ? PlanToJson(plan)
                           : PlanToText(plan) + "\nplan " + PlanHash(plan) + "\n");
}

}  // namespace

Result<ExitCode> RunRepair(const RepairCommand& command, Context& context) {
  ERIS_ASSIGN(const std::unique_ptr<Session> session, Connect(context));
  Client& client = session->client();
  const ProfileName& profile = context.call.profile;
  ERIS_ASSIGN(DeployedGeneration current, FetchGeneration(client, profile, {}));
  if (!current.number) {
    return Fail(ErrorCode::kNotFound,
                "profile " + profile.text + " has no generation: nothing to repair",
                "deploy first");
  }
  ERIS_ASSIGN(const TargetsAnswered found,
              Inquire(client, QueryItem{profile}, ParticipantsOf(current.manifest),
                      Duration(command.submit.options.wait_ms)));
  if (found.code == ExitCode::kInterrupted) return found.code;
  SubmitArguments submit = command.submit;
  ERIS_ASSIGN(submit.options.repair, RepairsOf(current.manifest, found.answers));
  if (command.doing == RepairCommand::Doing::kRepairing) {
    for (const Discrepancy& one : DriftOf(current.manifest, found.answers)) {
      context.output.Say(one.subject + (one.what.empty() ? "" : ": " + one.what));
    }
  }
  ERIS_ASSIGN(const Plan plan, Preview(client, current, submit.options, profile));
  if (command.doing == RepairCommand::Doing::kShowing) {
    Show(plan, context);
    return ExitCode::kDone;
  }
  if (plan.empty()) {
    context.output.Say("nothing differs: there is nothing to repair");
    return ExitCode::kDone;
  }
  // What was found was found against this generation.
  submit.options.expected_plan_hash = PlanHash(plan);
  const Submission submission =
      MakeSubmission(submit, DeployManifest{std::move(current.manifest)}, context);
  return SubmitAndFollow(client, submission, {submit.following}, context);
}

}  // namespace eris::cli
