#include "broker/bulk/transfer.h"

#include <utility>

#include "schema/base/overloaded.h"

namespace eris::bulk {
namespace {

constexpr std::size_t kReadAhead = 2;  // small objects beside the one that is due

tl::unexpected<Error> OutOfPlace() {
  return Fail(ErrorCode::kInvalid, "bulk transfer: a message that only the other end may send");
}

}  // namespace

std::unique_ptr<Transfer> Transfer::MakeReceiver(std::uint64_t request, ObjectKind kind,
                                                 Parts parts, Handlers handlers) {
  std::unique_ptr<Transfer> transfer(new Transfer(request, parts, std::move(handlers)));
  Transfer* self = transfer.get();
  transfer->receiver_.emplace(kind);
  transfer->writer_ = std::make_unique<Writer>(
      parts.loop, parts.shelf,
      Writer::Handlers{.on_taken =
                           [self] {
                             self->receiver_->OnTaken();
                             self->GiveCredit();
                             self->handlers_.on_progress();
                           },
                       .on_stored =
                           [self](std::uint32_t object) {
                             self->receiver_->OnStored();
                             self->Send(BulkStored{object});
                             if (self->receiver_->complete()) self->End({});
                           },
                       .on_failed = [self](Error error) { self->Fail(std::move(error)); }});
  transfer->GiveCredit();
  return transfer;
}

std::unique_ptr<Transfer> Transfer::MakeSender(std::uint64_t request, Parts parts,
                                               Handlers handlers) {
  std::unique_ptr<Transfer> transfer(new Transfer(request, parts, std::move(handlers)));
  Transfer* self = transfer.get();
  transfer->sender_.emplace();
  transfer->reading_ =
      parts.reader->Register({.on_ready = [self] { self->SendWhatIsDue(); },
                              .on_failed = [self](Error error) { self->Fail(std::move(error)); }});
  return transfer;
}

Transfer::~Transfer() {
  *alive_ = false;
  if (reading_) parts_.reader->Unregister(*reading_);
}

void Transfer::Offer(std::vector<ObjectInfo> objects) {
  sender_->Offer(std::move(objects));
  SendWhatIsDue();
}

void Transfer::OnMessage(const Bulk& message, std::string_view body) {
  if (ended_) return;
  if (const Status taken = Take(message, body); !taken) Fail(taken.error());
}

Status Transfer::Take(const Bulk& message, std::string_view body) {
  if (const auto* refusal = std::get_if<BulkRefusal>(&message.what)) {
    const ErrorCode code = refusal->code == BulkRefusal::Code::kInvalid ? ErrorCode::kInvalid
                           : refusal->code == BulkRefusal::Code::kNotFound
                               ? ErrorCode::kNotFound
                               : ErrorCode::kUnavailable;
    return eris::Fail(code, refusal->message);
  }
  if (receiver_) {
    if (const auto* chunk = std::get_if<BulkChunk>(&message.what)) return OnChunk(*chunk, body);
    if (const auto* list = std::get_if<BulkList>(&message.what)) return OnList(*list);
    return OutOfPlace();
  }
  if (const auto* credit = std::get_if<BulkCredit>(&message.what)) {
    sender_->OnCredit(*credit);
  } else if (const auto* want = std::get_if<BulkWant>(&message.what)) {
    ERIS_TRY(sender_->OnWant(*want));
    wanted_ = want->objects.size();
    handlers_.on_progress();
  } else if (const auto* stored = std::get_if<BulkStored>(&message.what)) {
    ERIS_TRY(sender_->OnStored(*stored));
    handlers_.on_progress();
  } else {
    return OutOfPlace();
  }
  if (sender_->complete()) {
    End({});
  } else {
    SendWhatIsDue();
  }
  return {};
}

Status Transfer::OnList(const BulkList& list) {
  ERIS_TRY(receiver_->OnList(list));
  receiver_->OnTaken();
  handlers_.on_progress();
  if (!receiver_->listed()) {
    GiveCredit();
    return {};
  }
  if (handlers_.judge) ERIS_TRY(handlers_.judge(receiver_->objects()));
  parts_.shelf.Lacking(receiver_->objects(),
                       [this, alive = alive_](Result<std::vector<std::uint32_t>> lacking) {
                         if (*alive && !ended_) OnLacking(std::move(lacking));
                       });
  return {};
}

void Transfer::OnLacking(Result<std::vector<std::uint32_t>> lacking) {
  if (!lacking) return Fail(lacking.error());
  wanted_ = lacking->size();
  const std::uint32_t first_chunk =
      lacking->empty() ? 0 : parts_.shelf.FirstChunk(receiver_->objects()[lacking->front()]);
  Send(receiver_->Want(std::move(*lacking), first_chunk));
  GiveCredit();
  handlers_.on_progress();
  if (receiver_->complete()) End({});
}

Status Transfer::OnChunk(const BulkChunk& chunk, std::string_view body) {
  ERIS_TRY(receiver_->OnChunk(chunk));
  writer_->Add(receiver_->objects()[chunk.object], chunk, body);
  return {};
}

// A chunk that comes at once would call for the next one from within: the loop is here alone.
void Transfer::SendWhatIsDue() {
  if (ended_ || sending_) return;
  sending_ = true;
  while (std::optional<BulkList> list = sender_->NextList()) Send(std::move(*list));
  while (const std::optional<Sender::Next> next = sender_->NextChunk()) {
    const ObjectInfo& object = sender_->objects()[next->object];
    const SharedChunk chunk = parts_.reader->Get(*reading_, parts_.shelf, object, next->chunk);
    for (std::size_t ahead = 1; ahead <= kReadAhead; ++ahead) {
      const ObjectInfo* const upcoming = sender_->Upcoming(ahead);
      if (upcoming != nullptr) parts_.reader->Prepare(parts_.shelf, *upcoming);
    }
    if (chunk == nullptr) break;
    BulkChunk header = chunk->header;
    header.object = next->object;
    sender_->OnSent(header);
    Send(header, chunk.get());
    if (ended_) break;
  }
  sending_ = false;
}

void Transfer::GiveCredit() {
  if (const std::optional<BulkCredit> credit = receiver_->TakeCredit()) Send(*credit);
}

void Transfer::Send(decltype(Bulk::what) what, const Chunk* chunk) {
  if (!ended_) handlers_.send({request_, std::move(what)}, chunk);
}

void Transfer::End(Status status) {
  if (ended_) return;
  ended_ = true;
  handlers_.on_end(std::move(status));
}

}  // namespace eris::bulk
