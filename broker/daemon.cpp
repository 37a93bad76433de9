#include "broker/daemon.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "broker/link/message_frame.h"
#include "schema/base/overloaded.h"
#include "schema/codec/codec.h"

namespace eris {
namespace {

// How soon after its last chance a silent session is noticed.
constexpr int kTicksPerHeartbeat = 2;
// Submissions wait in the spool, not in the connection: others share it.
constexpr std::size_t kForwardBytes = std::size_t{1} << 20;
constexpr Duration kForwardPause{5};
constexpr Duration kProbeInterval{100};

}  // namespace

BrokerDaemon::BrokerDaemon(const BrokerOptions& options, SpoolContent spool, const Parts& parts)
    : parts_(parts),
      broker_(options, std::move(spool), parts.keys),
      outbox_(parts.transport),
      tick_interval_(std::max(options.heartbeat / kTicksPerHeartbeat, Duration(1))) {
  parts_.transport.SetHandlers(
      {.on_frame = [this](link::PeerId peer, const link::PublicKey& user,
                          link::Bytes frame) { OnFrame(peer, user, frame); },
       .on_gone = [this](link::PeerId peer) { broker_.OnPeerGone(peer); }});
  parts_.loop.OnTurnEnd([this] { EndTurn(); });
  Tick();
}

BrokerDaemon::~BrokerDaemon() {
  parts_.loop.Cancel(tick_);
  parts_.loop.Cancel(forward_);
  parts_.loop.Cancel(probe_);
}

void BrokerDaemon::OnFrame(link::PeerId peer, const link::PublicKey& user, link::Bytes frame) {
  Result<std::vector<Message>> messages = link::ParseMessages(frame);
  if (!messages) {
    if (const auto silenced = throttle_.Take(parts_.loop.now().steady)) {
      parts_.log.Warn(
          "link.frame_dropped",
          {{"key", user.ToText()}, {"error", messages.error().message}, {"silenced", *silenced}});
    }
    broker_.OnPeerGone(peer);
    return;
  }
  const std::string key = user.ToText();
  for (Message& message : *messages) {
    broker_.OnMessage(peer, key, std::move(message), parts_.loop.now());
  }
}

void BrokerDaemon::Tick() {
  broker_.OnTick(parts_.loop.now());
  tick_ = parts_.loop.After(tick_interval_, [this] { Tick(); });
}

void BrokerDaemon::Stop() {
  broker_.OnShutdown();
  parts_.loop.Stop();
}

void BrokerDaemon::EndTurn() {
  // A peer that does not take its messages ends its session, which others are told of: each round
  // ends at least one session, so this ends.
  while (status_ && !broker_.decisions().empty()) {
    const Status finished = FinishTurn(
        broker_.decisions(), parts_.spool, [this](const BrokerEffect& effect) { Release(effect); },
        parts_.observer);
    if (!finished) return Fail(finished.error());
    Flush();
  }
  ForwardSubmissions();
  SetProbe();
}

// Somebody waits for the planner, which may have died after the question had left.
void BrokerDaemon::SetProbe() {
  if (probe_.number != 0 || !broker_.AwaitsPlanner()) return;
  probe_ = parts_.loop.After(kProbeInterval, [this] {
    probe_ = {};
    broker_.ProbePlanner();
  });
}

void BrokerDaemon::Release(const BrokerEffect& effect) {
  std::visit(Overloaded{
                 [this](const SendTo& send) {
                   if (outbox_.Add(send.peer, link::EncodedMessage(send.message).view())) return;
                   parts_.log.Error("link.message_too_big",
                                    {{"kind", ToString(send.message.header.kind)},
                                     {"bytes", send.message.body.size()}});
                 },
                 [this](const DropPeer& drop) { dropped_.push_back(drop.peer); },
                 [this](const Note& note) { Write(note); },
             },
             effect);
}

// Sessions are what people look for, and their number is bounded by how fast they begin; what is
// refused is not.
void BrokerDaemon::Write(const Note& note) {
  const bool is_refusal = note.event.ends_with(".refused") || note.event == "fault.received";
  std::uint64_t silenced = 0;
  if (is_refusal) {
    const auto taken = throttle_.Take(parts_.loop.now().steady);
    if (!taken) return;
    silenced = *taken;
  }
  std::string detail = note.detail;
  if (silenced > 0) detail += " (and " + std::to_string(silenced) + " lines more)";
  parts_.log.Info(note.event,
                  {{"role", ToString(note.role)}, {"name", note.name}, {"detail", detail}});
}

void BrokerDaemon::Flush() {
  std::vector<link::PeerId> refused;
  outbox_.Flush([&](link::PeerId peer, link::SendResult result) {
    if (result == link::SendResult::kFull) {
      parts_.log.Warn("peer.too_slow", {{"queued_bytes", parts_.transport.QueuedBytes(peer)}});
    }
    refused.push_back(peer);
  });
  for (const link::PeerId peer : refused) broker_.OnPeerGone(peer);
  for (const link::PeerId peer : std::exchange(dropped_, {})) parts_.transport.Forget(peer);
  for (const link::PeerId peer : refused) parts_.transport.Forget(peer);
}

void BrokerDaemon::ForwardSubmissions() {
  while (const std::optional<link::PeerId> planner = broker_.ForwardTo()) {
    if (!status_) return;
    if (parts_.transport.QueuedBytes(*planner) >= kForwardBytes) {
      parts_.loop.Cancel(forward_);
      forward_ = parts_.loop.After(kForwardPause, [] {});  // its turn ends here again
      return;
    }
    const Forward forward = *broker_.NextForward();
    const ForwardPiece& piece = forward.piece;
    Result<std::string> bytes = parts_.content.ReadContent(piece.id, piece.offset, piece.bytes);
    if (!bytes) return Fail(std::move(bytes).error());
    Reached(kBeforeSend);
    Release(SendTo{.peer = *planner,
                   .message = {.header = forward.header,
                               .body = Encode(SubmitChunk{.id = piece.id,
                                                          .total_bytes = piece.total_bytes,
                                                          .sha256 = piece.sha256,
                                                          .offset = piece.offset,
                                                          .bytes = *std::move(bytes)})}});
    Flush();
    Reached(kAfterSend);
  }
}

void BrokerDaemon::Reached(std::string_view point) {
  if (parts_.observer != nullptr) parts_.observer->Reached(point);
}

void BrokerDaemon::Fail(Error error) {
  parts_.log.Error("broker.stopped", {{"error", error.message}});
  status_ = eris::Fail(std::move(error));
  parts_.loop.Stop();
}

}  // namespace eris
