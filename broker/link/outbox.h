// Batches what a turn sends: messages are collected per peer and go out as few frames at the turn's
// end. It decides how messages are grouped into frames, never when a turn ends.
#pragma once

#include <functional>
#include <map>
#include <vector>

#include "broker/link/transport.h"

namespace eris::link {

// The server's side. Owned by the daemon's shell; Add during the turn, Flush in the turn-end hook
// after the log is synced. Keeps the order of messages of one peer.
class ServerOutbox {
 public:
  explicit ServerOutbox(ServerTransport& transport) : transport_(transport) {}

  // False: the message is larger than any frame and was not taken.
  [[nodiscard]] bool Add(PeerId peer, const MessageView& message);
  // Sends everything. `refused` is called for each peer that did not take all of its frames (kFull
  // or kGone): the rest of that peer's messages of this turn is dropped, so its session must end or
  // resend.
  void Flush(const std::function<void(PeerId, SendResult)>& refused);

 private:
  struct Pending {
    std::vector<Frame> full;
    BatchWriter open;
  };

  ServerTransport& transport_;
  std::map<PeerId, Pending> pending_;
};

// The client's side, likewise.
class ClientOutbox {
 public:
  explicit ClientOutbox(ClientTransport& transport) : transport_(transport) {}

  [[nodiscard]] bool Add(const MessageView& message);
  // kSent, or why the rest of this turn's messages was dropped.
  SendResult Flush();

 private:
  ClientTransport& transport_;
  std::vector<Frame> full_;
  BatchWriter open_;
};

}  // namespace eris::link
