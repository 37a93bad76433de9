// `why`, `lock` and `unlock`: who holds what up, since when, and how it is let go.
#include <algorithm>
#include <utility>
#include <variant>

#include "planner/cli/arguments.h"
#include "planner/cli/asking.h"
#include "planner/cli/commands.h"
#include "planner/cli/json_text.h"
#include "planner/cli/lists.h"
#include "planner/cli/submitting.h"
#include "planner/cli/why.h"

namespace eris::cli {
namespace {

constexpr std::uint32_t kLastOnes = 20;
constexpr int kMaxAhead = 8;  // transactions in a chain of waiting ones

Result<WhyFacts> Gather(Client& client, TransactionStatus status, WallTime now) {
  WhyFacts facts{.status = std::move(status), .now = now};
  Request request;
  request.transaction.transaction = facts.status.transaction;
  ERIS_ASSIGN(facts.events, AskHistory(client, request));
  ERIS_ASSIGN(facts.items, AskOutline(client, facts.status.transaction));
  ERIS_ASSIGN(facts.targets, AskTargets(client));
  return facts;
}

// The newest transaction of the profile that has to do with a service or target of that name.
Result<WhyFacts> FindByName(Client& client, const std::string& name, Context& context) {
  Request request;
  request.profile = context.call.profile;
  request.limit = kLastOnes;
  ERIS_ASSIGN(std::vector<TransactionStatus> newest, AskStatus(client, request));
  const WhySubject subject{.name = name};
  for (TransactionStatus& status : newest) {
    ERIS_ASSIGN(WhyFacts facts, Gather(client, std::move(status), context.clock.Read().wall));
    if (std::ranges::any_of(facts.items,
                            [&](const ItemOutline& item) { return Concerns(item, subject); })) {
      return facts;
    }
  }
  return Fail(ErrorCode::kNotFound,
              "none of the last transactions of profile " + context.call.profile.text +
                  " has to do with '" + name + "'",
              "name a transaction, a service or a target: see `eris history`");
}

// A transaction when there is one of that name, else what else it may name.
Result<WhyFacts> Find(Client& client, const WhyCommand& command, WhySubject& subject,
                      Context& context) {
  auto status = AskStatusOf(client, ParseTransactionRef(command.name));
  if (status) return Gather(client, *std::move(status), context.clock.Read().wall);
  if (status.error().code != ErrorCode::kNotFound) return Fail(std::move(status).error());
  subject.name = command.name;
  return FindByName(client, command.name, context);
}

void Tell(const WhyFacts& facts, const WhySubject& subject, Context& context) {
  const std::vector<std::string> chain = WhyChain(facts, subject);
  if (context.output.json()) return context.output.Print(WhyToJson(facts.status, chain));
  std::string text = StatusText({&facts.status, 1}, facts.now);
  text.resize(text.find('\n') + 1);
  for (const std::string& line : chain) text += "  " + line + "\n";
  context.output.Print(text);
}

Status Break(Client& client, const HeldLease& held, Context& context) {
  const std::string number = std::to_string(held.row.transaction.value);
  Request request;
  request.transaction.transaction = held.row.transaction;
  request.target = held.row.target;
  ERIS_ASSIGN(const std::vector<Reply> replies,
              client.Ask(RequestVerb::kAbandon, request, kAnswerPatience));
  context.output.Say(held.row.target.text + ": taken from transaction " + number + " of " +
                     held.row.author + ", which held it since " + TimeText(held.row.since) +
                     "; on record: eris history " + number);
  return {};
}

}  // namespace

Result<ExitCode> RunWhy(const WhyCommand& command, Context& context) {
  ERIS_ASSIGN(const std::unique_ptr<Session> session, Connect(context));
  Client& client = session->client();
  WhySubject subject{.name = {}, .item = command.item};
  ERIS_ASSIGN(WhyFacts facts, Find(client, command, subject, context));
  Tell(facts, subject, context);
  // Who waits for another transaction wants to know about that one.
  for (int depth = 0; depth < kMaxAhead && !context.output.json(); ++depth) {
    const std::optional<TransactionId> ahead = TransactionAhead(facts.status);
    if (!ahead || *ahead == facts.status.transaction) break;
    ERIS_ASSIGN(TransactionStatus status,
                AskStatusOf(client, {.transaction = *ahead, .submission = {}}));
    ERIS_ASSIGN(facts, Gather(client, std::move(status), context.clock.Read().wall));
    Tell(facts, {}, context);
  }
  return ExitCode::kDone;
}

Result<ExitCode> RunLock(const LockCommand&, Context& context) {
  ERIS_ASSIGN(const std::unique_ptr<Session> session, Connect(context));
  ERIS_ASSIGN(const std::vector<HeldLease> all, AskHeld(session->client()));
  std::vector<HeldTarget> rows;
  rows.reserve(all.size());
  for (const HeldLease& held : all) rows.push_back(held.row);
  context.output.Print(context.output.json() ? ToJson(rows)
                                             : HeldText(rows, context.clock.Read().wall));
  return ExitCode::kDone;
}

Result<ExitCode> RunUnlock(const UnlockCommand& command, Context& context) {
  ERIS_ASSIGN(const std::unique_ptr<Session> session, Connect(context));
  ERIS_ASSIGN(const std::vector<HeldLease> all, AskHeld(session->client()));
  for (const TargetName& target : command.targets) {
    const auto held = std::ranges::find_if(
        all, [&](const HeldLease& candidate) { return candidate.row.target == target; });
    if (held == all.end()) {
      return Fail(ErrorCode::kNotFound, "nobody holds target " + target.text, "see `eris lock`");
    }
    const std::string number = std::to_string(held->row.transaction.value);
    if (command.force == UnlockCommand::Force::kNone) {
      return Fail(ErrorCode::kConflict,
                  "transaction " + number + " of " + held->row.author + " holds " + target.text +
                      " since " + TimeText(held->row.since) + " (" + held->row.standing + ")",
                  "wait for it (eris watch " + number + "), end it (eris cancel " + number +
                      "), or take it away with --break");
    }
    ERIS_TRY(Break(session->client(), *held, context));
  }
  return ExitCode::kDone;
}

}  // namespace eris::cli
