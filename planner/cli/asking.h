// Questions to the planner and what its replies carry, as calls that end. What the commands that
// only look have in common.
#pragma once

#include <utility>
#include <variant>
#include <vector>

#include "planner/cli/client.h"
#include "planner/cli/lists.h"
#include "schema/base/error.h"
#include "schema/values/request.h"

namespace eris::cli {

// All that replies of one kind carry, in order.
template <typename Body, typename Value>
std::vector<Value> Collect(std::vector<Reply> replies, std::vector<Value> Body::*member) {
  std::vector<Value> all;
  for (Reply& reply : replies) {
    auto* body = std::get_if<Body>(&reply.body);
    if (body == nullptr) continue;
    for (Value& value : body->*member) all.push_back(std::move(value));
  }
  return all;
}

// Those that the request names, newest first.
Result<std::vector<TransactionStatus>> AskStatus(Client& client, const Request& request);
// The one. kNotFound.
Result<TransactionStatus> AskStatusOf(Client& client, const TransactionRef& transaction);
// Why the planner knows no such transaction, in the place of `not_found`: kUnavailable as long as
// the submission of that name waits in the broker's spool, or nobody can tell; kInvalid when it was
// refused.
Error WhyUnknown(Client& client, const TransactionRef& transaction, Error not_found);
Result<std::vector<TargetInfo>> AskTargets(Client& client);
// Oldest first.
Result<std::vector<GenerationInfo>> AskGenerations(Client& client, const ProfileName& profile);
// The newest `limit` events, or with 0 all of them from `from` on, page by page.
Result<std::vector<Event>> AskHistory(Client& client, Request request);
// A lease that a transaction holds, and who that is.
struct HeldLease {
  HeldTarget row;
  TransactionStatus holder;
};
Result<std::vector<HeldLease>> AskHeld(Client& client);
// The items of its plan, by index; none before it was made.
Result<std::vector<ItemOutline>> AskOutline(Client& client, TransactionId transaction);

}  // namespace eris::cli
