// What clients ask of the planner: forwarded with the name and the rights of their key, and
// answered for a planner that is gone.
#include <optional>
#include <utility>

#include "broker/authorise.h"
#include "broker/broker.h"
#include "schema/codec/codec.h"

namespace eris {
namespace {

// Its stream has no end of its own: who watches waits for the next planner.
bool IsWatch(RequestVerb verb) {
  return verb == RequestVerb::kWatch || verb == RequestVerb::kUnwatch;
}

}  // namespace

void Broker::OnRequest(const Session& from, Message message) {
  Header& header = message.header;
  const std::optional<KeyLevel> needed = LevelOf(header.verb);
  if (!needed) return SendFault(from, header, {.code = Fault::Code::kUnimplemented});
  if (from.grant.level < *needed) {
    return SendFault(from, header,
                     {.code = Fault::Code::kUnauthorised,
                      .message = "key '" + from.grant.name + "' needs level " +
                                 std::string(ToString(*needed)) + " for that"});
  }
  if (header.verb == RequestVerb::kAdopt) return OnAdopt(from, message);
  const Session* planner = Planner();
  if (planner == nullptr) {
    return SendFault(from, header,
                     {.code = Fault::Code::kUnavailable, .message = "no planner is connected"});
  }
  if (!IsWatch(header.verb)) {
    if (unanswered_.size() >= options_.requests) {
      return SendFault(
          from, header,
          {.code = Fault::Code::kBusy, .message = "too many requests wait for the planner"});
    }
    unanswered_.insert_or_assign({from.id, header.request}, header.verb);
  }
  Header onward{.kind = MessageKind::kRequest,
                .client = from.id,
                .request = header.request,
                .verb = header.verb,
                .author = from.grant.name};
  // Of which profile and targets it is only the planner knows.
  if (*needed > KeyLevel::kRead) {
    onward.profiles = from.grant.profiles;
    onward.targets = from.grant.targets;
  }
  Send(planner->peer, std::move(onward), std::move(message.body));
}

void Broker::OnReply(const Session& from, Message message) {
  const Header& header = message.header;
  if (const auto asked = unanswered_.find({header.client, header.request});
      asked != unanswered_.end()) {
    const Result<More> more = DecodeMore(message.body);
    if (!more || *more == More::kLast) unanswered_.erase(asked);
  }
  const Session* client = sessions_.Find(header.client);
  if (client == nullptr || client->grant.role != Role::kClient) {
    // So that a watch ends with its client.
    return SendFault(from, header,
                     {.code = Fault::Code::kUnavailable, .message = "the client is gone"});
  }
  Send(client->peer,
       {.kind = MessageKind::kReply, .client = header.client, .request = header.request},
       std::move(message.body));
}

// Never answered, or two peers could fault for ever. What the planner says about a client's request
// is the client's.
void Broker::OnFault(const Session& from, Message message) {
  const Header& header = message.header;
  const Session* client = sessions_.Find(header.client);
  if (from.grant.role != Role::kPlanner || client == nullptr ||
      client->grant.role != Role::kClient) {
    return Remark("fault.received", from);
  }
  unanswered_.erase({header.client, header.request});
  Send(client->peer,
       {.kind = MessageKind::kFault,
        .client = header.client,
        .request = header.request,
        .verb = header.verb},
       std::move(message.body));
}

// What was forwarded may have been answered by nobody.
void Broker::AnswerForPlanner() {
  const Fault gone{.code = Fault::Code::kUnavailable,
                   .of = MessageKind::kRequest,
                   .message = "the planner is gone"};
  for (const auto& [asked, verb] : std::exchange(unanswered_, {})) {
    const Session* client = sessions_.Find(asked.first);
    if (client == nullptr) continue;
    Send(client->peer,
         {.kind = MessageKind::kFault, .client = client->id, .request = asked.second, .verb = verb},
         Encode(gone));
  }
}

void Broker::ForgetRequests(SessionId client) {
  const auto first = unanswered_.lower_bound({client, 0});
  auto end = first;
  while (end != unanswered_.end() && end->first.first == client) ++end;
  unanswered_.erase(first, end);
}

void Broker::ProbePlanner() {
  if (!AwaitsPlanner()) return;
  if (const Session* planner = Planner()) Send(planner->peer, {.kind = MessageKind::kHeartbeat});
}

}  // namespace eris
