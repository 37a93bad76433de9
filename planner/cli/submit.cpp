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

std::string TargetOf(const LogEntry& entry) {
  constexpr std::string_view kPrefix = "target.";
  const std::string& queue = entry.item.queue;
  return queue.starts_with(kPrefix) ? queue.substr(kPrefix.size()) : queue;
}

// The last word of each target: the events of a transaction do not carry reports, its log does.
Result<std::vector<TargetAnswer>> FetchAnswers(Client& client, const SubmissionId& id) {
  Request request;
  request.transaction.submission = id;
  ERIS_ASSIGN(const std::vector<Reply> replies,
              client.Ask(RequestVerb::kLogs, request, kAnswerPatience));
  std::map<std::string, Outcome> newest;
  for (const Reply& reply : replies) {
    const auto* logs = std::get_if<LogsReply>(&reply.body);
    if (logs == nullptr) continue;
    for (const LogEntry& entry : logs->entries) newest[TargetOf(entry)] = entry.outcome;
  }
  std::vector<TargetAnswer> answers;
  answers.reserve(newest.size());
  for (auto& [target, outcome] : newest) {
    answers.push_back({TargetName(target), std::move(outcome)});
  }
  return answers;
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

Result<ExitCode> RunQuery(const QueryCommand& command, Context& context) {
  ERIS_ASSIGN(const std::unique_ptr<Session> session, Connect(context));
  Client& client = session->client();
  const Submission submission = MakeSubmission(
      command.submit, Operate{QueryItem{context.call.profile}, command.targets}, context);
  ERIS_TRY(HandOver(client, submission));
  ERIS_ASSIGN(
      const Followed followed,
      Follow(client, context.output,
             {.transaction = {.transaction = {}, .submission = submission.id}, .announced = {}}));
  if (followed.code == ExitCode::kInterrupted) return followed.code;
  ERIS_ASSIGN(const std::vector<TargetAnswer> answers, FetchAnswers(client, submission.id));
  context.output.Print(context.output.json() ? ToJson(answers) : AnswersText(answers));
  return followed.code;
}

}  // namespace eris::cli
