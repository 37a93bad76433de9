#include "broker/bulk/writer.h"

#include <utility>

namespace eris::bulk {
namespace {

constexpr std::size_t kEnoughBacklog = std::size_t{1} << 20;

}  // namespace

Writer::Writer(link::Loop& loop, Shelf& shelf, Handlers handlers)
    : loop_(loop), shelf_(shelf), handlers_(std::move(handlers)) {}

Writer::~Writer() { loop_.Cancel(pump_); }

void Writer::Add(const ObjectInfo& object, const BulkChunk& chunk, std::string_view bytes) {
  waiting_.push_back({&object, chunk, std::string(bytes)});
  Pump();
}

void Writer::Pump() {
  while (!failed_ && !finishing_ && !waiting_.empty()) {
    if (sink_ && sink_->Backlog() > kEnoughBacklog) return;  // OnRoom follows
    const Waiting chunk = std::move(waiting_.front());
    waiting_.pop_front();
    if (const Status taken = Take(chunk); !taken) {
      failed_ = true;
      return handlers_.on_failed(taken.error());
    }
    handlers_.on_taken();
  }
}

Status Writer::Take(const Waiting& chunk) {
  // An object that goes on where it broke off begins later.
  if (chunk.header.number == 0 || !sink_) {
    ERIS_ASSIGN(sink_, shelf_.Create(*chunk.object));
    sink_->OnRoom([this] { PumpLater(); });
  }
  ERIS_ASSIGN(const std::string_view bytes, opener_.Open(chunk.header, chunk.bytes));
  ERIS_TRY(sink_->Write(bytes));
  if (!chunk.header.end) return {};
  finishing_ = true;
  sink_->Finish(
      [this, object = chunk.header.object](const Status& status) { OnFinished(object, status); });
  return {};
}

void Writer::OnFinished(std::uint32_t object, const Status& status) {
  if (!status) {
    failed_ = true;
    return handlers_.on_failed(status.error());
  }
  finishing_ = false;
  handlers_.on_stored(object);
  PumpLater();
}

// Not from within a handler of the sink, which the next object replaces.
void Writer::PumpLater() {
  if (pump_.number != 0) return;
  pump_ = loop_.After(Duration(0), [this] {
    pump_ = {};
    Pump();
  });
}

}  // namespace eris::bulk
