// `eris restore`, `eris migrate` and `eris delete-state`: previewed with the planner's own pure
// code, submitted, followed.
#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "planner/cli/asking.h"
#include "planner/cli/commands.h"
#include "planner/cli/generation.h"
#include "planner/cli/plan_preview.h"
#include "planner/cli/snapshot_set.h"
#include "planner/cli/submitting.h"
#include "planner/plan/state_operation.h"
#include "state/snapshots/copy.h"

namespace eris::cli {
namespace {

using WorkJob = StateOperation::Job;

Status CheckScope(const StateCommand& command) {
  const StateFilter& which = command.operation.which;
  const bool names_any = !which.service.empty() || !which.container.empty() ||
                         !which.component.empty() || !which.targets.empty();
  const bool names_set = command.set != TransactionRef{};
  if (names_any || names_set || command.scope == StateCommand::Scope::kAllServices) return {};
  return Fail(ErrorCode::kInvalid, "of which services?",
              "say --all-services, or choose with --service, --component, --container, --target");
}

// The snapshots of a backup become what each copy is given.
Status NameSources(Client& client, const TransactionRef& set, StateOperation& operation) {
  if (set == TransactionRef{}) return {};
  ERIS_ASSIGN(const std::vector<SentSnapshot> sent, FetchSet(client, set));
  for (const SentSnapshot& one : sent) {
    ERIS_ASSIGN(const snapshots::SnapshotName name,
                snapshots::ParseReference(one.snapshot.reference));
    operation.sources.push_back({.service = one.service,
                                 .target = one.from,
                                 .container = ContainerName(name.key.container),
                                 .snapshot = one.snapshot.reference});
  }
  if (!operation.sources.empty()) return {};
  return Fail(ErrorCode::kNotFound, "that transaction brought no snapshot to the depot",
              "a set is the number that `eris snapshot` prints");
}

// Newest first, before `current`.
Result<std::vector<DeployedGeneration>> FetchEarlier(Client& client, const ProfileName& profile,
                                                     const StateOperation& operation,
                                                     GenerationNumber current) {
  std::vector<DeployedGeneration> earlier;
  if (operation.job == WorkJob::kRestore) return earlier;
  ERIS_ASSIGN(const std::vector<GenerationInfo> known, AskGenerations(client, profile));
  for (auto info = known.rbegin(); info != known.rend(); ++info) {
    const bool is_wanted = operation.generation ? info->generation == operation.generation
                                                : info->generation < current;
    if (!is_wanted) continue;
    ERIS_ASSIGN(earlier.emplace_back(), FetchGeneration(client, profile, info->generation));
    if (operation.job == WorkJob::kMigrate) break;
  }
  if (operation.job == WorkJob::kMigrate && earlier.empty()) {
    return Fail(ErrorCode::kNotFound, "there is no such generation before the one that runs",
                "see `eris generations`");
  }
  return earlier;
}

// As the planner makes it.
Result<Plan> PreviewOf(Client& client, const StateCommand& command, const StateOperation& operation,
                       const ProfileName& profile) {
  ERIS_ASSIGN(const DeployedGeneration current, FetchGeneration(client, profile, {}));
  if (!current.number) {
    return Fail(ErrorCode::kNotFound,
                "profile " + profile.text + " has no generation, so no state");
  }
  StateOperation exact = operation;
  ERIS_ASSIGN(const std::vector<DeployedGeneration> earlier,
              FetchEarlier(client, profile, operation, current.number));
  if (operation.job == WorkJob::kMigrate) exact.generation = earlier.front().number;
  StateOperationInput input{.profile = profile,
                            .base_generation = current.number,
                            .manifest = current.manifest,
                            .operation = exact,
                            .state_from = command.submit.options.state_from};
  for (const DeployedGeneration& one : earlier) input.earlier.push_back(&one.manifest);
  return PlanStateOperation(input);
}

}  // namespace

Result<ExitCode> RunStateWork(const StateCommand& command, Context& context) {
  ERIS_TRY(CheckScope(command));
  if (command.operation.job == WorkJob::kSnapshot) return RunSnapshot(command, context);
  ERIS_ASSIGN(const std::unique_ptr<Session> session, Connect(context));
  Client& client = session->client();
  StateOperation operation = command.operation;
  ERIS_TRY(NameSources(client, command.set, operation));
  Result<Plan> plan = PreviewOf(client, command, operation, context.call.profile);
  const bool is_away = !plan && plan.error().code == ErrorCode::kUnavailable;
  if (!plan && (!is_away || command.doing == StateCommand::Doing::kShowing)) {
    return Fail(std::move(plan).error());
  }
  if (command.doing == StateCommand::Doing::kShowing) {
    ShowPlan(client, *plan, context);
    return ExitCode::kDone;
  }
  std::string announced;
  if (plan) {
    announced = AnnouncePlan(client, *plan, context);
  } else {
    context.output.Say("the planner is away: this will be planned and done when it is back");
  }
  const Submission submission = MakeSubmission(command.submit, std::move(operation), context);
  return SubmitAndFollow(client, submission,
                         {.following = command.submit.following, .announced = announced}, context);
}

}  // namespace eris::cli
