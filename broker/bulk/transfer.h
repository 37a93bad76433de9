// One request (schema/depot.capnp) at one of its two ends: puts Sender or Receiver, shelf, reader
// and writer together. Opening, authorisation and reconnection are its owner's.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string_view>
#include <variant>
#include <vector>

#include "broker/bulk/chunk.h"
#include "broker/bulk/objects.h"
#include "broker/bulk/reader.h"
#include "broker/bulk/receiver.h"
#include "broker/bulk/sender.h"
#include "broker/bulk/writer.h"
#include "broker/link/loop.h"

namespace eris::bulk {

// Owned by one end; uses loop, shelf and reader, which outlive it. Not to be destroyed from within
// one of its handlers.
class Transfer {
 public:
  struct Parts {
    link::Loop& loop;
    Shelf& shelf;
    Reader* reader = nullptr;  // of a sender
  };
  struct Handlers {
    // `chunk` is null for all but chunk messages, whose header is part of `message`.
    std::function<void(const Bulk& message, const Chunk* chunk)> send;
    // Receiver: whether what is listed may be taken at all.
    std::function<Status(const std::vector<ObjectInfo>& objects)> judge;
    // Once. Receiver: all that was lacking is stored. Sender: the receiver says so.
    std::function<void(Status)> on_end;
    std::function<void()> on_progress = [] {};
  };

  // Whoever receives grants its first credit at once.
  static std::unique_ptr<Transfer> MakeReceiver(std::uint64_t request, ObjectKind kind, Parts parts,
                                                Handlers handlers);
  static std::unique_ptr<Transfer> MakeSender(std::uint64_t request, Parts parts,
                                              Handlers handlers);
  ~Transfer();
  Transfer(const Transfer&) = delete;
  Transfer& operator=(const Transfer&) = delete;

  // Sender, once: what there is.
  void Offer(std::vector<ObjectInfo> objects);
  // All but `open` and `close`. A breach of the protocol ends the request.
  void OnMessage(const Bulk& message, std::string_view body);
  void Fail(Error error) { End(eris::Fail(std::move(error))); }

  std::size_t wanted() const { return wanted_; }

 private:
  Transfer(std::uint64_t request, Parts parts, Handlers handlers)
      : request_(request), parts_(parts), handlers_(std::move(handlers)) {}
  Status Take(const Bulk& message, std::string_view body);
  Status OnList(const BulkList& list);
  Status OnChunk(const BulkChunk& chunk, std::string_view body);
  void OnLacking(Result<std::vector<std::uint32_t>> lacking);
  void SendWhatIsDue();
  void GiveCredit();
  void Send(decltype(Bulk::what) what, const Chunk* chunk = nullptr);
  void End(Status status);

  std::uint64_t request_;
  Parts parts_;
  Handlers handlers_;
  std::optional<Sender> sender_;
  std::optional<Receiver> receiver_;
  std::optional<ReceiverId> reading_;
  std::unique_ptr<Writer> writer_;
  std::size_t wanted_ = 0;
  bool ended_ = false;
  bool sending_ = false;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);  // for answers of the shelf
};

}  // namespace eris::bulk
