// `eris snapshot`: a backup of states in use, as one set.
#include <fmt/format.h>

#include <variant>

#include "planner/cli/asking.h"
#include "planner/cli/commands.h"
#include "planner/cli/json_text.h"
#include "planner/cli/lists.h"
#include "planner/cli/submitting.h"

namespace eris::cli {
namespace {

// What the depot has got.
Result<std::vector<StoredSnapshot>> FetchSet(Client& client, const SubmissionId& id) {
  Request request;
  request.transaction.submission = id;
  ERIS_ASSIGN(std::vector<Reply> replies, client.Ask(RequestVerb::kLogs, request, kAnswerPatience));
  std::vector<StoredSnapshot> set;
  for (const LogEntry& entry : Collect(std::move(replies), &LogsReply::entries)) {
    const auto* report = std::get_if<SnapshotReport>(&entry.outcome.report);
    if (report == nullptr || report->snapshot.empty() || entry.item.verb != "transfer") continue;
    set.push_back({.reference = report->snapshot, .generation = 0, .bytes = report->bytes});
  }
  return set;
}

}  // namespace

Result<ExitCode> RunSnapshot(const SnapshotCommand& command, Context& context) {
  const bool names_any = !command.service.text.empty() || !command.container.text.empty() ||
                         !command.component.text.empty() || !command.targets.empty();
  if (!names_any && command.scope == SnapshotCommand::Scope::kNamed) {
    return Fail(ErrorCode::kInvalid, "of which services?",
                "say --all-services, or choose with --service, --component, --container, --target");
  }
  Activity which;
  which.service_name = command.service;
  which.container = command.container;
  which.component = command.component;
  ERIS_ASSIGN(const std::unique_ptr<Session> session, Connect(context));
  Client& client = session->client();
  const Submission submission =
      MakeSubmission(command.submit, Operate{SnapshotItem{which}, command.targets}, context);
  if (command.submit.following == Following::kDetached) {
    return SubmitAndFollow(client, submission, {.following = Following::kDetached}, context);
  }
  ERIS_TRY(HandOver(client, submission));
  ERIS_ASSIGN(
      const Followed followed,
      Follow(client, context.output,
             {.transaction = {.transaction = {}, .submission = submission.id}, .announced = {}}));
  if (followed.code == ExitCode::kInterrupted) return followed.code;
  ERIS_ASSIGN(const auto set, FetchSet(client, submission.id));
  if (context.output.json()) {
    context.output.Print(ToJson(set));
    return followed.code;
  }
  for (const StoredSnapshot& one : set) {
    context.output.Print(fmt::format("{} ({} bytes)\n", one.reference, one.bytes));
  }
  context.output.Print(fmt::format("set {}: {} snapshots in the depot\n",
                                   followed.status.transaction.value, set.size()));
  return followed.code;
}

}  // namespace eris::cli
