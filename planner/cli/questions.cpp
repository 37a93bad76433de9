// Commands that ask the planner and print what it answers.
#include <memory>
#include <optional>
#include <utility>
#include <variant>

#include "planner/cli/asking.h"
#include "planner/cli/commands.h"
#include "planner/cli/generation.h"
#include "planner/cli/json_text.h"
#include "planner/cli/lists.h"
#include "planner/cli/submitting.h"
#include "planner/models/manifest_json.h"

namespace eris::cli {
namespace {

Result<std::vector<Reply>> AskOnce(RequestVerb verb, const Request& request, Context& context) {
  ERIS_ASSIGN(const std::unique_ptr<Session> session, Connect(context));
  Result<std::vector<Reply>> replies = session->client().Ask(verb, request, kAnswerPatience);
  if (replies) return replies;
  return Fail(WhyUnknown(session->client(), request.transaction, std::move(replies).error()));
}

Request About(const std::optional<TransactionRef>& transaction, const Context& context) {
  Request request;
  if (transaction) {
    request.transaction = *transaction;
  } else {
    request.profile = context.call.profile;
  }
  return request;
}

template <typename List>
ExitCode Print(const List& list, const std::string& text, Context& context) {
  context.output.Print(context.output.json() ? ToJson(list) : text);
  return ExitCode::kDone;
}

// The answer to what was done at once, in one line.
Result<ExitCode> PrintDone(const std::vector<Reply>& replies, Context& context) {
  for (const Reply& reply : replies) {
    const auto* done = std::get_if<DoneReply>(&reply.body);
    if (done == nullptr) continue;
    context.output.Say("transaction " + std::to_string(done->transaction.value) + ": " +
                       done->message);
    if (context.output.json()) {
      context.output.Print(TransactionToJson({.transaction = done->transaction}));
    }
  }
  return ExitCode::kDone;
}

// Which services were where: the content of the generation that was the newest at that time.
Result<ExitCode> RunHistoryAt(WallTime at, Context& context) {
  ERIS_ASSIGN(const std::unique_ptr<Session> session, Connect(context));
  Client& client = session->client();
  ERIS_ASSIGN(std::vector<Reply> replies,
              client.Ask(RequestVerb::kGenerations, About(std::nullopt, context), kAnswerPatience));
  const auto generations = Collect(std::move(replies), &GenerationsReply::generations);
  const GenerationInfo* then = nullptr;
  for (const GenerationInfo& info : generations) {
    const bool is_newer = then == nullptr || info.generation > then->generation;
    if (info.committed_at <= at && is_newer) then = &info;
  }
  if (then == nullptr) {
    return Fail(
        ErrorCode::kNotFound,
        "nothing of profile " + context.call.profile.text + " was deployed at " + TimeText(at),
        "see `eris generations`");
  }
  ERIS_ASSIGN(const DeployedGeneration generation,
              FetchGeneration(client, context.call.profile, then->generation));
  if (context.output.json()) {
    context.output.Print(ManifestToJson(generation.manifest));
    return ExitCode::kDone;
  }
  context.output.Print("generation " + std::to_string(then->generation.value) + ", committed " +
                       TimeText(then->committed_at) + " by " + then->author + "\n" +
                       ManifestText(generation.manifest));
  return ExitCode::kDone;
}

}  // namespace

Result<ExitCode> RunStatus(const StatusCommand& command, Context& context) {
  constexpr std::uint32_t kLastOnes = 5;
  Request request = About(command.transaction, context);
  request.limit = kLastOnes;
  ERIS_ASSIGN(const std::unique_ptr<Session> session, Connect(context));
  ERIS_ASSIGN(const auto transactions, AskStatus(session->client(), request));
  return Print(transactions, StatusText(transactions, context.clock.Read().wall), context);
}

Result<ExitCode> RunWatch(const WatchCommand& command, Context& context) {
  ERIS_ASSIGN(const std::unique_ptr<Session> session, Connect(context));
  ERIS_ASSIGN(const Followed followed,
              Follow(session->client(), context.output,
                     {.transaction = command.transaction, .from = command.from}));
  if (context.output.json()) context.output.Print(ToJson(followed.status));
  return followed.code;
}

Result<ExitCode> RunLogs(const LogsCommand& command, Context& context) {
  Request request = About(command.transaction, context);
  if (command.item) request.item = *command.item;
  ERIS_ASSIGN(std::vector<Reply> replies, AskOnce(RequestVerb::kLogs, request, context));
  const std::vector<LogEntry> entries = Collect(std::move(replies), &LogsReply::entries);
  return Print(entries, LogsText(entries), context);
}

Result<ExitCode> RunHistory(const HistoryCommand& command, Context& context) {
  if (command.at) return RunHistoryAt(*command.at, context);
  ERIS_ASSIGN(const std::unique_ptr<Session> session, Connect(context));
  Client& client = session->client();
  Request request = About(command.transaction, context);
  request.limit = command.limit;
  request.from = command.from;
  if (command.transaction) {
    ERIS_ASSIGN(const TransactionStatus status, AskStatusOf(client, *command.transaction));
    ERIS_ASSIGN(const std::vector<Event> events, AskHistory(client, request));
    context.output.Print(context.output.json() ? CertificateToJson(status, events)
                                               : EventsText(events));
    return ExitCode::kDone;
  }
  constexpr std::uint32_t kDefault = 50;
  if (request.limit == 0) request.limit = kDefault;
  ERIS_ASSIGN(const auto transactions, AskStatus(client, request));
  return Print(transactions, HistoryText(transactions), context);
}

Result<ExitCode> RunGenerations(const GenerationsCommand&, Context& context) {
  const Request request = About(std::nullopt, context);
  ERIS_ASSIGN(std::vector<Reply> replies, AskOnce(RequestVerb::kGenerations, request, context));
  const auto generations = Collect(std::move(replies), &GenerationsReply::generations);
  return Print(generations, GenerationsText(generations), context);
}

Result<ExitCode> RunTargets(const TargetsCommand&, Context& context) {
  ERIS_ASSIGN(std::vector<Reply> replies, AskOnce(RequestVerb::kTargets, {}, context));
  const auto targets = Collect(std::move(replies), &TargetsReply::targets);
  return Print(targets, TargetsText(targets, context.clock.Read().wall), context);
}

Result<ExitCode> RunAdopt(const AdoptCommand& command, Context& context) {
  Request request;
  request.target = command.target;
  ERIS_ASSIGN(const std::vector<Reply> replies, AskOnce(RequestVerb::kAdopt, request, context));
  return PrintDone(replies, context);
}

Result<ExitCode> RunCancel(const CancelCommand& command, Context& context) {
  Request request = About(command.transaction, context);
  request.reason = command.reason;
  ERIS_ASSIGN(const std::vector<Reply> replies, AskOnce(RequestVerb::kCancel, request, context));
  return PrintDone(replies, context);
}

Result<ExitCode> RunAbandon(const AbandonCommand& command, Context& context) {
  Request request = About(command.transaction, context);
  request.target = command.target;
  ERIS_ASSIGN(const std::vector<Reply> replies, AskOnce(RequestVerb::kAbandon, request, context));
  return PrintDone(replies, context);
}

}  // namespace eris::cli
