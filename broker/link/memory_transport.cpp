#include "broker/link/memory_transport.h"

#include <algorithm>

namespace eris::link {

std::unique_ptr<MemoryClient> MemoryNetwork::Connect(const PublicKey& user) {
  std::unique_ptr<MemoryClient> client(new MemoryClient(*this, user));
  dialling_.push_back(client.get());
  return client;
}

std::size_t MemoryNetwork::Deliver() {
  std::deque<Parcel> parcels = std::exchange(parcels_, {});
  const std::vector<MemoryClient*> dialling = std::exchange(dialling_, {});
  for (MemoryClient* client : dialling) {
    client->peer_ = PeerId{next_peer_++};
    connected_.emplace(*client->peer_, client);
    if (client->handlers_.on_link) client->handlers_.on_link(LinkEvent::kUp);
  }
  const std::size_t moved = parcels.size() + dialling.size();
  for (Parcel& parcel : parcels) Hand(std::move(parcel));
  return moved;
}

void MemoryNetwork::Hand(Parcel parcel) {
  const auto found = connected_.find(parcel.peer);
  if (found == connected_.end()) return;
  MemoryClient& client = *found->second;
  if (parcel.towards == Towards::kClient) {
    if (client.handlers_.on_frame) client.handlers_.on_frame(parcel.frame);
  } else if (handlers_.on_frame) {
    handlers_.on_frame(parcel.peer, client.user_, parcel.frame);
  }
}

void MemoryNetwork::Break(MemoryClient& client) {
  if (!client.peer_) return;
  Disconnect(*client.peer_);
  if (client.handlers_.on_link) client.handlers_.on_link(LinkEvent::kDown);
}

void MemoryNetwork::Restore(MemoryClient& client) {
  if (!client.peer_) dialling_.push_back(&client);
}

void MemoryNetwork::Disconnect(PeerId peer) {
  const bool undelivered = Waiting(peer, Towards::kClient) > 0;
  std::erase_if(parcels_, [peer](const Parcel& parcel) { return parcel.peer == peer; });
  connected_.at(peer)->peer_.reset();
  connected_.erase(peer);
  if (undelivered && handlers_.on_gone) handlers_.on_gone(peer);
}

std::size_t MemoryNetwork::Waiting(PeerId peer, Towards towards) const {
  std::size_t bytes = 0;
  for (const Parcel& parcel : parcels_) {
    if (parcel.peer == peer && parcel.towards == towards) bytes += parcel.frame.size();
  }
  return bytes;
}

SendResult MemoryNetwork::Post(Parcel parcel) {
  if (!connected_.contains(parcel.peer)) return SendResult::kGone;
  if (Waiting(parcel.peer, parcel.towards) + parcel.frame.size() > max_queue_bytes_) {
    return SendResult::kFull;
  }
  parcels_.push_back(std::move(parcel));
  return SendResult::kSent;
}

SendResult MemoryNetwork::Send(PeerId peer, Frame frame) {
  return Post({peer, Towards::kClient, std::move(frame)});
}

std::size_t MemoryNetwork::QueuedBytes(PeerId peer) const {
  return Waiting(peer, Towards::kClient);
}

void MemoryNetwork::Forget(PeerId peer) {
  std::erase_if(parcels_, [peer](const Parcel& parcel) {
    return parcel.peer == peer && parcel.towards == Towards::kClient;
  });
}

MemoryClient::~MemoryClient() {
  if (peer_) network_.Disconnect(*peer_);
  std::erase(network_.dialling_, this);
}

SendResult MemoryClient::Send(Frame frame) {
  if (!peer_) return SendResult::kGone;
  return network_.Post({*peer_, MemoryNetwork::Towards::kServer, std::move(frame)});
}

std::size_t MemoryClient::QueuedBytes() const {
  return peer_ ? network_.Waiting(*peer_, MemoryNetwork::Towards::kServer) : 0;
}

void MemoryClient::Reconnect() {
  if (peer_) network_.Disconnect(*peer_);
  std::erase(network_.dialling_, this);
  network_.dialling_.push_back(this);
}

}  // namespace eris::link
