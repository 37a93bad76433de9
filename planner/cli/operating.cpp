#include "planner/cli/operating.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <utility>
#include <variant>

#include "planner/cli/submitting.h"

namespace eris::cli {
namespace {

TargetName TargetOfEntry(const LogEntry& entry) {
  constexpr std::string_view kPrefix = "target.";
  const std::string& queue = entry.item.queue;
  if (queue == "planner." + std::string(kDepotPart)) return TargetName("the depot");
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

Result<TargetsAnswered> Inquire(Client& client, const QueryItem& query,
                                const std::vector<TargetName>& targets, Duration patience) {
  constexpr Duration kAgain{2'000};
  std::map<std::uint64_t, TargetAnswer> asked;
  std::set<std::uint64_t> open;
  std::optional<Error> refused;
  for (const TargetName& target : targets) {
    const std::uint64_t number = asked.size() + 1;
    asked[number] = {target, {.verdict = Verdict::kUnavailable, .message = "it is not connected"}};
    open.insert(number);
  }
  client.OnInquiries([&](std::uint64_t number, const Result<Outcome>& answer) {
    if (!open.contains(number)) return;
    if (!answer && answer.error().code != ErrorCode::kUnavailable) refused = answer.error();
    if (!answer) return;
    asked[number].outcome = *answer;
    if (answer->verdict != Verdict::kUnavailable) open.erase(number);
  });
  const auto is_over = [&] { return open.empty() || refused; };
  const SteadyTime deadline = client.loop().now().steady + std::max(patience, kAgain);
  auto ran = Client::Ran::kTimedOut;
  for (Duration left = std::max(patience, kAgain);
       ran == Client::Ran::kTimedOut && left > Duration(0);
       left = deadline - client.loop().now().steady) {
    for (const std::uint64_t number : open) {
      client.SendInquiry("target." + asked[number].target.text, number, query);
    }
    ran = client.RunUntil(is_over, std::min(left, kAgain));
  }
  client.OnInquiries(nullptr);
  if (refused) return Fail(*refused);
  TargetsAnswered answered;
  if (ran == Client::Ran::kInterrupted) answered.code = ExitCode::kInterrupted;
  for (auto& [number, answer] : asked) answered.answers.push_back(std::move(answer));
  return answered;
}

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
