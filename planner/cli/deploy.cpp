// `eris deploy` and `eris plan`: evaluate, make profiles, preview with the planner's own pure code,
// submit.
#include <optional>
#include <utility>
#include <variant>

#include "planner/cli/commands.h"
#include "planner/cli/desired.h"
#include "planner/cli/generation.h"
#include "planner/cli/json_text.h"
#include "planner/cli/submitting.h"
#include "planner/plan/plan.h"
#include "planner/plan/plan_hash.h"
#include "planner/plan/plan_text.h"

namespace eris::cli {
namespace {

Result<Plan> PlanFrom(const DeployedGeneration& base, const Manifest& next,
                      const DeployOptions& options, const ProfileName& profile) {
  return MakePlan({.profile = profile,
                   .base_generation = base.number,
                   .base = base.number ? &base.manifest : nullptr,
                   .next = next,
                   .options = PlanOptionsOf(options)});
}

Status CheckHash(const Plan& plan, const DeployOptions& options) {
  if (options.expected_plan_hash.empty()) return {};
  const std::string hash = PlanHash(plan);
  if (hash == options.expected_plan_hash) return {};
  return Fail(ErrorCode::kInvalid,
              "the plan is another one now: " + hash + ", not " + options.expected_plan_hash,
              "look at it again with `eris plan`");
}

// The manifest with its profiles, and the plan that leads to it; no plan while no planner is there
// to ask.
struct Prepared {
  std::unique_ptr<Session> session;
  Manifest next;
  std::optional<Plan> plan;
};

Result<Prepared> Prepare(const ModelArguments& models, const DeployOptions& options,
                         Context& context) {
  // What needs no patience first: a missing key is known before anything is evaluated.
  ERIS_TRY(ResolveBroker(context.call.connection, context.surroundings, context.settings));
  ERIS_ASSIGN(std::vector<std::uint8_t> digest_key, ReadDigestKey(context.settings));
  Prepared prepared;
  ERIS_ASSIGN(prepared.next, EvaluateDesired(models, context.settings.store, context.output));
  ERIS_ASSIGN(prepared.session, Connect(context));
  Result<DeployedGeneration> base =
      FetchGeneration(prepared.session->client(), context.call.profile, {});
  if (!base && base.error().code != ErrorCode::kUnavailable) return Fail(base.error());
  const bool is_previewed = base.has_value();
  if (prepared.session->client().interrupted()) return Fail(base.error());
  ERIS_TRY(AddProfiles(
      prepared.next, is_previewed ? base->manifest.profiles : std::map<TargetName, TargetProfile>(),
      std::move(digest_key), context.settings.store));
  if (!is_previewed) return prepared;
  ERIS_ASSIGN(prepared.plan, PlanFrom(*base, prepared.next, options, context.call.profile));
  return prepared;
}

}  // namespace

Result<ExitCode> RunDeploy(const DeployCommand& command, Context& context) {
  const DeployOptions& options = command.submit.options;
  ERIS_ASSIGN(Prepared prepared, Prepare(command.models, options, context));
  std::string announced;
  if (prepared.plan) {
    ERIS_TRY(CheckHash(*prepared.plan, options));
    if (!prepared.plan->empty()) {
      announced = SummaryLine(prepared.plan->summary);
      context.output.Say(announced);
      for (const std::string& line : prepared.plan->summary.state) context.output.Say("  " + line);
    }
  } else {
    context.output.Say("the planner is away: this will be planned and done when it is back");
  }
  const Submission submission =
      MakeSubmission(command.submit, DeployManifest{std::move(prepared.next)}, context);
  return SubmitAndFollow(prepared.session->client(), submission,
                         {command.submit.following, announced}, context);
}

Result<ExitCode> RunPlan(const PlanCommand& command, Context& context) {
  ERIS_ASSIGN(const Prepared prepared, Prepare(command.models, command.options, context));
  if (!prepared.plan) {
    return Fail(ErrorCode::kUnavailable, "no planner is connected to the broker",
                "start eris-planner, or wait until it is back");
  }
  if (context.output.json()) {
    context.output.Print(PlanToJson(*prepared.plan));
  } else {
    context.output.Print(PlanToText(*prepared.plan) + "\nplan " + PlanHash(*prepared.plan) + "\n");
  }
  return ExitCode::kDone;
}

}  // namespace eris::cli
