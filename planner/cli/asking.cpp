#include "planner/cli/asking.h"

#include <algorithm>
#include <iterator>
#include <memory>
#include <optional>
#include <string>

#include "planner/cli/submitting.h"

namespace eris::cli {

Result<std::vector<TransactionStatus>> AskStatus(Client& client, const Request& request) {
  ERIS_ASSIGN(std::vector<Reply> replies,
              client.Ask(RequestVerb::kStatus, request, kAnswerPatience));
  return Collect(std::move(replies), &StatusReply::transactions);
}

Result<TransactionStatus> AskStatusOf(Client& client, const TransactionRef& transaction) {
  Request request;
  request.transaction = transaction;
  Result<std::vector<TransactionStatus>> asked = AskStatus(client, request);
  if (!asked) return Fail(WhyUnknown(client, transaction, std::move(asked).error()));
  std::vector<TransactionStatus> found = *std::move(asked);
  if (found.empty()) return Fail(ErrorCode::kNotFound, "there is no such transaction");
  return std::move(found.front());
}

Error WhyUnknown(Client& client, const TransactionRef& transaction, Error not_found) {
  constexpr Duration kPatience{5'000};
  const SubmissionId& id = transaction.submission;
  if (not_found.code != ErrorCode::kNotFound || id.empty()) return not_found;
  const Result<SubmitReply> reply = client.AskSubmission(id, kPatience);
  if (!reply) return reply.error();
  switch (reply->what) {
    case SubmitReply::What::kRefused:
      return {ErrorCode::kInvalid, "the planner refused the submission: " + reply->message, {}};
    case SubmitReply::What::kAccepted:
    case SubmitReply::What::kKnown:
      if (reply->transaction) break;  // it was taken, and ended long ago
      return {ErrorCode::kUnavailable, "the planner has not taken submission " + id.text + " yet",
              "follow it with `eris watch " + id.text + "`"};
    case SubmitReply::What::kMore:
    case SubmitReply::What::kBusy:
      break;
  }
  return not_found;
}

Result<std::vector<GenerationInfo>> AskGenerations(Client& client, const ProfileName& profile) {
  Request request;
  request.profile = profile;
  ERIS_ASSIGN(std::vector<Reply> replies,
              client.Ask(RequestVerb::kGenerations, request, kAnswerPatience));
  return Collect(std::move(replies), &GenerationsReply::generations);
}

Result<std::vector<TargetInfo>> AskTargets(Client& client) {
  ERIS_ASSIGN(std::vector<Reply> replies, client.Ask(RequestVerb::kTargets, {}, kAnswerPatience));
  return Collect(std::move(replies), &TargetsReply::targets);
}

Result<std::vector<Event>> AskHistory(Client& client, Request request) {
  constexpr std::uint32_t kPage = 1'000;
  const bool is_all = request.limit == 0;
  if (is_all) {
    request.limit = kPage;
    request.from.value = std::max<std::uint64_t>(request.from.value, 1);
  }
  std::vector<Event> events;
  for (;;) {
    ERIS_ASSIGN(std::vector<Reply> replies,
                client.Ask(RequestVerb::kHistory, request, kAnswerPatience));
    std::vector<Event> page = Collect(std::move(replies), &EventsReply::events);
    const bool is_last = !is_all || page.size() < kPage;
    if (!page.empty()) request.from = {page.back().sequence.value + 1};
    std::move(page.begin(), page.end(), std::back_inserter(events));
    if (is_last) return events;
  }
}

Result<std::vector<HeldLease>> AskHeld(Client& client) {
  ERIS_ASSIGN(const std::vector<TargetInfo> targets, AskTargets(client));
  std::vector<HeldLease> all;
  for (const TargetInfo& target : targets) {
    if (!target.leased_by) continue;
    ERIS_ASSIGN(TransactionStatus holder,
                AskStatusOf(client, {.transaction = target.leased_by, .submission = {}}));
    Request request;
    request.transaction.transaction = target.leased_by;
    ERIS_ASSIGN(const std::vector<Event> events, AskHistory(client, request));
    WallTime since = holder.submitted_at;
    for (const Event& event : events) {
      const auto* phase = std::get_if<PhaseEntered>(&event.body);
      if (phase != nullptr && phase->phase == TransactionPhase::kLocking) since = event.at;
    }
    const std::string name = target.queue.substr(target.queue.find('.') + 1);
    all.push_back({.row = {.target = TargetName(name),
                           .transaction = target.leased_by,
                           .author = holder.author,
                           .since = since,
                           .standing = std::string(holder.result ? ToString(*holder.result)
                                                                 : ToString(holder.phase))},
                   .holder = std::move(holder)});
  }
  return all;
}

// A watch begins with the outline; the first events behind it tell that it is whole.
Result<std::vector<ItemOutline>> AskOutline(Client& client, TransactionId transaction) {
  struct Heard {
    std::vector<ItemOutline> items;
    std::optional<Error> error;
    bool is_whole = false;
  };
  const auto heard = std::make_shared<Heard>();
  Request request;
  request.transaction.transaction = transaction;
  request.from = {1};
  const std::uint64_t number =
      client.Start(RequestVerb::kWatch, request, [heard](Result<Reply> reply) {
        if (!reply) {
          heard->error = reply.error();
          return;
        }
        if (auto* outline = std::get_if<OutlineReply>(&reply->body)) {
          std::move(outline->items.begin(), outline->items.end(), std::back_inserter(heard->items));
          return;
        }
        heard->is_whole = true;
      });
  client.RunUntil([&] { return heard->error || heard->is_whole; }, kAnswerPatience);
  client.Forget(number);
  if (heard->error) return Fail(*heard->error);
  if (!heard->is_whole) return Fail(ErrorCode::kUnavailable, "the planner did not answer");
  return std::move(heard->items);
}

}  // namespace eris::cli
