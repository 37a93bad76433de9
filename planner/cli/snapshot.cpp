// `eris snapshot`: a backup of states in use, as one set.
#include <fmt/format.h>

#include <vector>

#include "planner/cli/commands.h"
#include "planner/cli/json_text.h"
#include "planner/cli/lists.h"
#include "planner/cli/snapshot_set.h"
#include "planner/cli/submitting.h"

namespace eris::cli {
Result<ExitCode> RunSnapshot(const StateCommand& command, Context& context) {
  ERIS_ASSIGN(const std::unique_ptr<Session> session, Connect(context));
  Client& client = session->client();
  const Submission submission = MakeSubmission(command.submit, command.operation, context);
  if (command.submit.following == Following::kDetached) {
    return SubmitAndFollow(client, submission, {.following = Following::kDetached}, context);
  }
  ERIS_TRY(HandOver(client, submission));
  ERIS_ASSIGN(
      const Followed followed,
      Follow(client, context.output,
             {.transaction = {.transaction = {}, .submission = submission.id}, .announced = {}}));
  if (followed.code == ExitCode::kInterrupted) return followed.code;
  ERIS_ASSIGN(const auto sent, FetchSet(client, {.transaction = {}, .submission = submission.id}));
  std::vector<StoredSnapshot> set;
  for (const SentSnapshot& one : sent) set.push_back(one.snapshot);
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
