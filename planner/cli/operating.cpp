#include "planner/cli/operating.h"

#include <map>
#include <utility>
#include <variant>

#include "planner/cli/submitting.h"

namespace eris::cli {
namespace {

TargetName TargetOfEntry(const LogEntry& entry) {
  constexpr std::string_view kPrefix = "target.";
  const std::string& queue = entry.item.queue;
  return TargetName(queue.starts_with(kPrefix) ? queue.substr(kPrefix.size()) : queue);
}

// The events of a transaction do not carry reports, its log does.
Result<std::vector<TargetAnswer>> AnswersTo(Client& client, const SubmissionId& id) {
  Request request;
  request.transaction.submission = id;
  ERIS_ASSIGN(const std::vector<Reply> replies,
              client.Ask(RequestVerb::kLogs, request, kAnswerPatience));
  std::map<TargetName, Outcome> newest;
  for (const Reply& reply : replies) {
    const auto* logs = std::get_if<LogsReply>(&reply.body);
    if (logs == nullptr) continue;
    for (const LogEntry& entry : logs->entries) newest[TargetOfEntry(entry)] = entry.outcome;
  }
  std::vector<TargetAnswer> answers;
  answers.reserve(newest.size());
  for (auto& [target, outcome] : newest) answers.push_back({target, std::move(outcome)});
  return answers;
}

}  // namespace

Result<TargetsAnswered> OperateOn(Client& client, const Submission& submission, Output& output) {
  ERIS_TRY(HandOver(client, submission));
  FollowOptions options;
  options.transaction.submission = submission.id;
  ERIS_ASSIGN(const Followed followed, Follow(client, output, options));
  TargetsAnswered operated{followed.code, {}};
  if (followed.code == ExitCode::kInterrupted) return operated;
  ERIS_ASSIGN(operated.answers, AnswersTo(client, submission.id));
  return operated;
}

}  // namespace eris::cli
