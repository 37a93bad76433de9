// Commands that submit something else than a new desired state.
#include <utility>
#include <variant>

#include "planner/cli/asking.h"
#include "planner/cli/commands.h"
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

}  // namespace

Result<ExitCode> RunRollback(const RollbackCommand& command, Context& context) {
  return SubmitAction(command.submit, RollbackTo{command.to}, context);
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
  const Submission submission = MakeSubmission(command.submit, RetryTransaction{of}, context);
  return SubmitAndFollow(session->client(), submission, {command.submit.following}, context);
}

}  // namespace eris::cli
