#include "broker/link/outbox.h"

#include <utility>

namespace eris::link {
namespace {

// False: too big.
bool AddTo(std::vector<Frame>& full, BatchWriter& open, const MessageView& message) {
  AddResult added = open.Add(message);
  if (added == AddResult::kFull) {
    full.push_back(open.Take());
    added = open.Add(message);
  }
  return added == AddResult::kAdded;
}

// Sends in order until one frame is not taken.
template <typename Send>
SendResult SendAll(std::vector<Frame> full, BatchWriter open, const Send& send) {
  if (!open.empty()) full.push_back(open.Take());
  for (Frame& frame : full) {
    if (const SendResult result = send(std::move(frame)); result != SendResult::kSent)
      return result;
  }
  return SendResult::kSent;
}

}  // namespace

bool ServerOutbox::Add(PeerId peer, const MessageView& message) {
  Pending& pending = pending_[peer];
  return AddTo(pending.full, pending.open, message);
}

void ServerOutbox::Flush(const std::function<void(PeerId, SendResult)>& refused) {
  // `refused` may add messages: they wait for the next flush.
  for (auto& [peer, pending] : std::exchange(pending_, {})) {
    const SendResult result =
        SendAll(std::move(pending.full), std::move(pending.open),
                [&, id = peer](Frame frame) { return transport_.Send(id, std::move(frame)); });
    if (result != SendResult::kSent) refused(peer, result);
  }
}

bool ClientOutbox::Add(const MessageView& message) { return AddTo(full_, open_, message); }

SendResult ClientOutbox::Flush() {
  return SendAll(std::exchange(full_, {}), std::exchange(open_, {}),
                 [this](Frame frame) { return transport_.Send(std::move(frame)); });
}

}  // namespace eris::link
