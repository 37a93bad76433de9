// What clients and workers say to each other directly: streams (`eris diagnose`) and inquiries. Who
// may, and where it goes.
#include <optional>
#include <utility>

#include "broker/authorise.h"
#include "broker/broker.h"
#include "schema/values/plan.h"

namespace eris {

// The right is asked with every piece: it may be withdrawn while a shell is open. Where nobody is,
// nothing is said: both ends repeat themselves.
void Broker::OnStream(const Session& from, Message message) {
  Header& header = message.header;
  const std::optional<QueueName> queue = ParseQueueName(header.queue);
  const bool is_client = from.grant.role == Role::kClient;
  const Session* client = is_client ? &from : sessions_.Find(header.client);
  if (client == nullptr || client->grant.role != Role::kClient) return;
  if (!is_client && !Serves(from, header)) return;
  if (!queue || !MayDiagnose(client->grant, *queue)) {
    return SendFault(from, header,
                     {.code = Fault::Code::kUnauthorised,
                      .message = "key '" + client->grant.name + "' may not diagnose there"});
  }
  Header onward{.kind = MessageKind::kStream,
                .queue = header.queue,
                .client = client->id,
                .request = header.request};
  if (!is_client) return Send(client->peer, std::move(onward), std::move(message.body));
  onward.author = from.grant.name;
  for (const SessionId server : queues_.Servers(header.queue)) {
    Send(sessions_.Find(server)->peer, onward, message.body);
  }
}

// Which profiles it may be about only the worker can compare.
void Broker::OnInquiry(const Session& from, Message message) {
  Header& header = message.header;
  const std::optional<QueueName> queue = ParseQueueName(header.queue);
  Header onward{.kind = MessageKind::kInquiry, .queue = header.queue, .request = header.request};
  if (from.grant.role == Role::kWorker) {
    const Session* client = sessions_.Find(header.client);
    const bool is_there = client != nullptr && client->grant.role == Role::kClient;
    if (!is_there || !Serves(from, header)) return;
    onward.client = client->id;
    return Send(client->peer, std::move(onward), std::move(message.body));
  }
  if (!queue || !MayInquire(from.grant, *queue)) {
    return SendFault(from, header,
                     {.code = Fault::Code::kUnauthorised,
                      .message = "key '" + from.grant.name + "' may not ask that target"});
  }
  const std::vector<SessionId> servers = queues_.Servers(header.queue);
  if (servers.empty()) {
    return SendFault(
        from, header,
        {.code = Fault::Code::kUnavailable, .message = queue->name + " is not connected"});
  }
  onward.client = from.id;
  onward.profiles = from.grant.profiles;
  Send(sessions_.Find(servers.front())->peer, std::move(onward), std::move(message.body));
}

}  // namespace eris
