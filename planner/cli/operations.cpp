// Commands that ask each target to do one thing, outside of any generation: `eris query` and
// `eris collect-garbage`.
#include <map>
#include <utility>
#include <variant>

#include "planner/cli/asking.h"
#include "planner/cli/commands.h"
#include "planner/cli/drift.h"
#include "planner/cli/generation.h"
#include "planner/cli/json_text.h"
#include "planner/cli/lists.h"
#include "planner/cli/query_text.h"
#include "planner/cli/submitting.h"

namespace eris::cli {
namespace {

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

struct Operated {
  ExitCode code = ExitCode::kDone;  // kInterrupted: there are no answers
  std::vector<TargetAnswer> answers;
};

// `output` is told how it goes.
Result<Operated> Ask(Client& client, const Submission& submission, Output& output) {
  ERIS_TRY(HandOver(client, submission));
  ERIS_ASSIGN(
      const Followed followed,
      Follow(client, output,
             {.transaction = {.transaction = {}, .submission = submission.id}, .announced = {}}));
  Operated operated{followed.code, {}};
  if (followed.code == ExitCode::kInterrupted) return operated;
  ERIS_ASSIGN(operated.answers, FetchAnswers(client, submission.id));
  return operated;
}

Result<ExitCode> PrintDrift(Client& client, std::span<const TargetAnswer> answers,
                            Context& context) {
  ERIS_ASSIGN(const DeployedGeneration current, FetchGeneration(client, context.call.profile, {}));
  const std::vector<Discrepancy> drift = DriftOf(current.manifest, answers);
  context.output.Print(context.output.json() ? ToJson(drift) : DiscrepanciesText(drift));
  return drift.empty() ? ExitCode::kDone : ExitCode::kInvalid;
}

}  // namespace

Result<ExitCode> RunQuery(const QueryCommand& command, Context& context) {
  ERIS_ASSIGN(const std::unique_ptr<Session> session, Connect(context));
  const Submission submission = MakeSubmission(
      command.submit, Operate{QueryItem{context.call.profile}, command.targets}, context);
  // What is read by programs stands alone on standard output.
  Output beside({.form = OutputForm::kJson});
  const bool is_for_people = command.shape == QueryCommand::Shape::kTable &&
                             command.question == QueryCommand::Question::kContent;
  ERIS_ASSIGN(const Operated operated,
              Ask(session->client(), submission, is_for_people ? context.output : beside));
  if (operated.code == ExitCode::kInterrupted) return operated.code;
  if (command.question == QueryCommand::Question::kDrift) {
    return PrintDrift(session->client(), operated.answers, context);
  }
  context.output.Print(context.output.json() ? ToJson(operated.answers)
                                             : ShapedAnswers(operated.answers, command.shape));
  return operated.code;
}

Result<ExitCode> RunCollectGarbage(const CollectCommand& command, Context& context) {
  ERIS_ASSIGN(const std::unique_ptr<Session> session, Connect(context));
  const Submission submission =
      MakeSubmission(command.submit, Operate{CollectItem{command.scope}, command.targets}, context);
  ERIS_ASSIGN(const Operated operated, Ask(session->client(), submission, context.output));
  if (operated.code == ExitCode::kInterrupted) return operated.code;
  context.output.Print(context.output.json() ? ToJson(operated.answers)
                                             : CollectedText(operated.answers));
  return operated.code;
}

}  // namespace eris::cli
