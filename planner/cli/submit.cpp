// Commands that submit something else than a new desired state.
#include <utility>
#include <variant>

#include "planner/cli/asking.h"
#include "planner/cli/commands.h"
#include "planner/cli/generation_choice.h"
#include "planner/cli/json_text.h"
#include "planner/cli/lists.h"
#include "planner/cli/submitting.h"

namespace eris::cli {
namespace {

Result<ExitCode> SubmitAction(const SubmitArguments& arguments, SubmissionAction action,
                              Context& context) {
  ERIS_ASSIGN(const std::unique_ptr<Session> session, Connect(context));
  const Submission submission = MakeSubmission(arguments, std::move(action), context);
  return SubmitAndFollow(session->client(), submission, {arguments.following}, context);
}

// As it was asked for, but for what is said now about waiting and queueing. What retention has
// taken is the planner's to refuse.
Result<DeployOptions> OptionsOfRetry(Client& client, TransactionId of, DeployOptions said) {
  Request request;
  request.transaction.transaction = of;
  request.from = {1};
  request.limit = 1;
  ERIS_ASSIGN(const std::vector<Event> first, AskHistory(client, request));
  const auto* accepted =
      first.empty() ? nullptr : std::get_if<SubmissionAccepted>(&first.front().body);
  if (accepted == nullptr) return said;
  const DeployOptions otherwise;
  DeployOptions options = accepted->submission.options;
  options.queueing = said.queueing;
  if (said.wait_ms != otherwise.wait_ms) options.wait_ms = said.wait_ms;
  if (said.target_offline != otherwise.target_offline) options.target_offline = said.target_offline;
  return options;
}

}  // namespace

Result<ExitCode> RunRollback(const RollbackCommand& command, Context& context) {
  return SubmitAction(command.submit, RollbackTo{command.to}, context);
}

Result<ExitCode> RunDeleteGenerations(const DeleteGenerationsCommand& command, Context& context) {
  ERIS_ASSIGN(const std::unique_ptr<Session> session, Connect(context));
  ERIS_ASSIGN(const std::vector<GenerationInfo> known,
              AskGenerations(session->client(), context.call.profile));
  ERIS_ASSIGN(std::vector<GenerationNumber> chosen,
              ChooseGenerations(command.which, known, context.clock.Read().wall));
  if (chosen.empty()) {
    context.output.Say("no generation is to be deleted");
    return ExitCode::kDone;
  }
  const Submission submission =
      MakeSubmission(command.submit, DeleteGenerations{std::move(chosen)}, context);
  return SubmitAndFollow(session->client(), submission, {command.submit.following}, context);
}

Result<ExitCode> RunResume(const ResumeCommand& command, Context& context) {
  ERIS_ASSIGN(const std::unique_ptr<Session> session, Connect(context));
  Request request;
  request.transaction = command.transaction;
  request.until = command.until;
  ERIS_TRY(session->client().Ask(RequestVerb::kResume, request, kAnswerPatience));
  if (command.following == Following::kDetached) return ExitCode::kDone;
  ERIS_ASSIGN(const Followed followed,
              Follow(session->client(), context.output, {.transaction = command.transaction}));
  if (context.output.json()) context.output.Print(ToJson(followed.status));
  return followed.code;
}

Result<ExitCode> RunUndeploy(const UndeployCommand& command, Context& context) {
  return SubmitAction(command.submit, Undeploy{}, context);
}

Result<ExitCode> RunRetry(const RetryCommand& command, Context& context) {
  ERIS_ASSIGN(const std::unique_ptr<Session> session, Connect(context));
  TransactionId of = command.of.transaction;
  if (!of) {
    ERIS_ASSIGN(const TransactionStatus status, AskStatusOf(session->client(), command.of));
    of = status.transaction;
  }
  SubmitArguments submit = command.submit;
  ERIS_ASSIGN(submit.options, OptionsOfRetry(session->client(), of, submit.options));
  const Submission submission = MakeSubmission(submit, RetryTransaction{of}, context);
  return SubmitAndFollow(session->client(), submission, {submit.following}, context);
}

}  // namespace eris::cli
