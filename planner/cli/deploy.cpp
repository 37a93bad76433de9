// `eris deploy` and `eris plan`: evaluate, make profiles, preview with the planner's own pure code,
// submit.
#include <optional>
#include <utility>
#include <variant>

#include "planner/cli/asking.h"
#include "planner/cli/commands.h"
#include "planner/cli/desired.h"
#include "planner/cli/generation.h"
#include "planner/cli/pending_roots.h"
#include "planner/cli/plan_preview.h"
#include "planner/cli/submitting.h"
#include "planner/cli/uploading.h"
#include "planner/plan/plan.h"
#include "planner/plan/plan_hash.h"

namespace eris::cli {
namespace {

Result<Plan> PlanFrom(const KnownBase& base, const Manifest& next, const DeployOptions& options,
                      const ProfileName& profile) {
  return MakePlan({.profile = profile,
                   .base_generation = base.number,
                   .base = base.manifest ? &*base.manifest : nullptr,
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
  std::optional<KnownBase> base;
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

// How long a planner may take to say what runs. Who does not wait for the end does not wait for a
// planner that hangs either: without its answer all profiles are made, and nothing is shown before.
constexpr Duration kDetachedPatience{2'000};
Duration PatienceOf(const DeployCommand& command) {
  const bool needs_answer = command.upgrade == DeployCommand::Upgrade::kRefused ||
                            !command.submit.options.expected_plan_hash.empty();
  const bool is_detached = command.submit.following == Following::kDetached;
  return is_detached && !needs_answer ? kDetachedPatience : kAnswerPatience;
}

Result<Prepared> Prepare(const ModelArguments& models, const DeployOptions& options,
                         Duration patience, Context& context) {
  // What needs no patience first: a missing key is known before anything is evaluated.
  ERIS_TRY(ResolveBroker(context.call.connection, context.surroundings, context.settings));
  ERIS_ASSIGN(std::vector<std::uint8_t> digest_key, ReadDigestKey(context.settings));
  Prepared prepared;
  ERIS_ASSIGN(prepared.next, EvaluateDesired(models, context.settings.store, context.output));
  ERIS_ASSIGN(prepared.session, Connect(context));
  Result<KnownBase> base = FetchBase(prepared.session->client(), context.call.profile, patience);
  if (!base && base.error().code != ErrorCode::kUnavailable) return Fail(base.error());
  const bool is_previewed = base.has_value();
  if (prepared.session->client().interrupted()) return Fail(base.error());
  const bool has_base = is_previewed && base->manifest;
  ERIS_TRY(AddProfiles(prepared.next,
                       has_base ? base->manifest->profiles : std::map<TargetName, TargetProfile>(),
                       std::move(digest_key), context.settings.store));
  if (!is_previewed) return prepared;
  prepared.base = *std::move(base);
  ERIS_ASSIGN(prepared.plan,
              PlanFrom(*prepared.base, prepared.next, options, context.call.profile));
  return prepared;
}

// What is to be built must be where the builders get it.
Status BringDerivations(const Prepared& prepared, Context& context) {
  if (context.settings.has_planners_store) return {};
  const bool is_away = !prepared.plan;
  if (!is_away && prepared.plan->empty()) return {};
  return UploadLacking(
      prepared.session->client(),
      {.next = prepared.next,
       .base = prepared.base && prepared.base->manifest ? &*prepared.base->manifest : nullptr,
       .profile = context.call.profile,
       .planner = is_away ? UploadWish::Planner::kAway : UploadWish::Planner::kThere},
      context);
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
  ERIS_ASSIGN(Prepared prepared, Prepare(command.models, options, PatienceOf(command), context));
  std::string announced;
  if (command.upgrade == DeployCommand::Upgrade::kRefused) ERIS_TRY(CheckInstall(prepared));
  if (prepared.plan) {
    DropOldRoots(prepared.session->client(), context);
    ERIS_TRY(CheckHash(*prepared.plan, options));
    if (!prepared.plan->empty()) {
      announced = AnnouncePlan(prepared.session->client(), *prepared.plan, context);
    }
  } else {
    context.output.Say("the planner is away: this will be planned and done when it is back");
  }
  ERIS_TRY(BringDerivations(prepared, context));
  const Submission submission =
      MakeSubmission(command.submit, DeployManifest{std::move(prepared.next)}, context);
  return SubmitAndFollow(
      prepared.session->client(), submission,
      {.following = command.submit.following,
       .announced = announced,
       .planner =
           prepared.plan ? HandOverOptions::Planner::kThere : HandOverOptions::Planner::kAway,
       .on_not_taken =
           [&context](const Submission& not_taken) { ProtectUntilTaken(not_taken, context); }},
      context);
}

Result<ExitCode> RunPlan(const PlanCommand& command, Context& context) {
  ERIS_ASSIGN(const Prepared prepared,
              Prepare(command.models, command.options, kAnswerPatience, context));
  if (!prepared.plan) {
    return Fail(ErrorCode::kUnavailable, "no planner is connected to the broker",
                "start eris-planner, or wait until it is back");
  }
  ShowPlan(prepared.session->client(), *prepared.plan, context);
  return ExitCode::kDone;
}

}  // namespace eris::cli
