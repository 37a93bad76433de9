#include "planner/cli/submitting.h"

#include <fmt/format.h>

#include <utility>

#include "planner/cli/arguments.h"
#include "planner/cli/json_text.h"

namespace eris::cli {
namespace {

constexpr Duration kTakenPatience{2'000};
constexpr Duration kTakenPause{5};

// The transaction's number as soon as the planner has given one; else the submission's id, which
// every command takes as well.
Result<TransactionRef> NameOf(Client& client, const Submission& submission,
                              HandOverOptions::Planner planner) {
  TransactionRef ref{.transaction = {}, .submission = submission.id};
  client.RunUntil([] { return true; }, Duration(0));
  const SteadyTime deadline = client.loop().now().steady + kTakenPatience;
  while (!client.interrupted() && client.loop().now().steady < deadline) {
    const Result<SubmitReply> reply = client.AskSubmission(submission.id, kTakenPatience);
    if (!reply) break;  // it is accepted, whatever happens now
    if (reply->what == SubmitReply::What::kRefused) {
      return Fail(ErrorCode::kInvalid, "the planner refused the submission: " + reply->message);
    }
    ref.transaction = reply->transaction;
    if (ref.transaction || planner == HandOverOptions::Planner::kAway) break;
    client.RunUntil([] { return false; }, kTakenPause);
  }
  return ref;
}

Result<ExitCode> Detach(Client& client, const Submission& submission,
                        const HandOverOptions& options, Context& context) {
  // The receipt: what comes after it is only the number.
  context.output.Note("accepted as " + submission.id.text);
  ERIS_ASSIGN(const TransactionRef ref, NameOf(client, submission, options.planner));
  if (!ref.transaction && options.on_not_taken) options.on_not_taken(submission);
  if (!ref.transaction) context.output.Note("accepted; the planner has not taken it yet");
  context.output.Print(context.output.json() ? TransactionToJson(ref) : ToString(ref) + "\n");
  return ExitCode::kDone;
}

}  // namespace

Result<std::unique_ptr<Session>> Connect(Context& context) {
  const ConnectionArguments& connection = context.call.connection;
  ERIS_ASSIGN(const BrokerAddress address,
              ResolveBroker(connection, context.surroundings, context.settings));
  ERIS_ASSIGN(std::unique_ptr<Session> session,
              Session::Open(address, context.clock, context.random,
                            [&context] { context.interrupted = true; }));
  ERIS_TRY(session->client().WaitForBroker(connection.patience));
  return session;
}

Submission MakeSubmission(const SubmitArguments& arguments, SubmissionAction action,
                          Context& context) {
  Submission submission{.id = arguments.id,
                        .profile = context.call.profile,
                        .author = {},
                        .options = arguments.options,
                        .action = std::move(action)};
  // A letter first: numbers name transactions.
  if (submission.id.empty()) submission.id.text = fmt::format("s{:016x}", context.random.NextU64());
  return submission;
}

Status HandOver(Client& client, const Submission& submission) {
  const Result<SubmitReply> reply = client.Submit(submission, kAnswerPatience);
  if (reply) return {};
  if (!client.interrupted()) return Fail(reply.error());
  return Fail(ErrorCode::kUnavailable,
              "interrupted; submission " + submission.id.text + " may have been accepted",
              "look with `eris watch " + submission.id.text + "`");
}

Result<ExitCode> SubmitAndFollow(Client& client, const Submission& submission,
                                 const HandOverOptions& options, Context& context) {
  ERIS_TRY(HandOver(client, submission));
  if (options.following == Following::kDetached) {
    return Detach(client, submission, options, context);
  }
  if (options.on_not_taken) {
    ERIS_ASSIGN(const TransactionRef ref, NameOf(client, submission, options.planner));
    if (!ref.transaction) options.on_not_taken(submission);
  }
  ERIS_ASSIGN(const Followed followed,
              Follow(client, context.output,
                     {.transaction = {.transaction = {}, .submission = submission.id},
                      .announced = options.announced}));
  if (context.output.json()) context.output.Print(ToJson(followed.status));
  return followed.code;
}

}  // namespace eris::cli
