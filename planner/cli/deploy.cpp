// `eris deploy` and `eris plan`: evaluate, make profiles, preview with the planner's own pure code,
// submit.
#include <optional>
#include <utility>
#include <variant>

#include "planner/cli/asking.h"
#include "planner/cli/commands.h"
#include "planner/cli/desired.h"
#include "planner/cli/generation.h"
#include "planner/cli/json_text.h"
#include "planner/cli/pending_roots.h"
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

// Without an upgrade there is nothing but a first installation.
Status CheckInstall(const Prepared& prepared) {
  if (!prepared.plan) {
    return Fail(ErrorCode::kUnavailable,
                "no planner is there to tell whether anything is deployed already",
                "start it, or leave --no-upgrade out");
  }
  if (!prepared.plan->base) return {};
  return Fail(ErrorCode::kInvalid,
              "generation " + std::to_string(prepared.plan->base.value) +
                  " is deployed: with --no-upgrade nothing can be",
              "leave it out to upgrade, or undeploy first");
}

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

// Whether something was given up since the newest generation, and says so: then only the planner's
// journal tells what runs (planner/doubt.h), and its plan is a longer one than that made here.
bool IsInDoubt(Client& client, Context& context) {
  constexpr std::uint32_t kLast = 100;
  Request request;
  request.profile = context.call.profile;
  request.limit = kLast;
  const Result<std::vector<TransactionStatus>> newest_first = AskStatus(client, request);
  if (!newest_first) return false;
  for (const TransactionStatus& status : *newest_first) {
    if (status.generation) break;  // with which all was settled
    if (status.result != TransactionResult::kAbandoned) continue;
    context.output.Note("transaction " + std::to_string(status.transaction.value) +
                        " was given up: the planner adds to this plan what that left in doubt, and "
                        "the hash is another one then; it is in the refusal of `deploy --plan`");
    return true;
  }
  return false;
}

PendingRoots RootsOf(const Context& context) {
  return {StateDirectoryOf(context.settings, context.surroundings),
          NixEnvironmentOf(context.settings, context.surroundings)};
}

// Nobody else knows of its derivations until a planner takes it.
void ProtectUntilTaken(const Submission& submission, Context& context) {
  const auto* deploy = std::get_if<DeployManifest>(&submission.action);
  if (deploy == nullptr) return;
  const Status done = RootsOf(context).Protect(submission.id, deploy->manifest);
  if (done) return;
  context.output.Note("its derivations are not protected from a garbage collection: " +
                      done.error().message);
}

// Of submissions that a planner protects now, and of those that never arrived.
void DropOldRoots(Client& client, Context& context) {
  constexpr std::size_t kMost = 16;
  constexpr Duration kTakenFor = std::chrono::minutes(1);  // so long planners need at most for it
  constexpr Duration kForgotten = std::chrono::days(90);
  const PendingRoots roots = RootsOf(context);
  std::size_t asked = 0;
  for (const PendingRoots::Entry& entry : roots.Entries()) {
    if (entry.age < kTakenFor || ++asked > kMost || client.interrupted()) return;
    const Result<TransactionStatus> status =
        AskStatusOf(client, {.transaction = {}, .submission = entry.submission});
    if (!status && status.error().code != ErrorCode::kNotFound) return;
    if (status || entry.age > kForgotten) (void)roots.Drop(entry.submission);
  }
}

}  // namespace

Result<ExitCode> RunDeploy(const DeployCommand& command, Context& context) {
  const DeployOptions& options = command.submit.options;
  ERIS_ASSIGN(Prepared prepared, Prepare(command.models, options, context));
  std::string announced;
  if (command.upgrade == DeployCommand::Upgrade::kRefused) ERIS_TRY(CheckInstall(prepared));
  if (prepared.plan) {
    DropOldRoots(prepared.session->client(), context);
    const bool has_hash = !options.expected_plan_hash.empty();
    const bool is_known = !has_hash || !IsInDoubt(prepared.session->client(), context);
    if (is_known) ERIS_TRY(CheckHash(*prepared.plan, options));  // else the planner alone can
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
  return SubmitAndFollow(
      prepared.session->client(), submission,
      {.following = command.submit.following,
       .announced = announced,
       .on_not_taken =
           [&context](const Submission& not_taken) { ProtectUntilTaken(not_taken, context); }},
      context);
}

Result<ExitCode> RunPlan(const PlanCommand& command, Context& context) {
  ERIS_ASSIGN(const Prepared prepared, Prepare(command.models, command.options, context));
  if (!prepared.plan) {
    return Fail(ErrorCode::kUnavailable, "no planner is connected to the broker",
                "start eris-planner, or wait until it is back");
  }
  static_cast<void>(IsInDoubt(prepared.session->client(), context));
  if (context.output.json()) {
    context.output.Print(PlanToJson(*prepared.plan));
  } else {
    context.output.Print(PlanToText(*prepared.plan) + "\nplan " + PlanHash(*prepared.plan) + "\n");
  }
  return ExitCode::kDone;
}

}  // namespace eris::cli
