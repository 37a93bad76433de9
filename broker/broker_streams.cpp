// Streams between clients and workers (`eris diagnose`): who may, and where they go.
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

}  // namespace eris
