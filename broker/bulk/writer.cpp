#include "broker/bulk/writer.h"

#include <algorithm>
#include <utility>

namespace eris::bulk {
namespace {

constexpr std::size_t kEnoughBacklog = std::size_t{1} << 20;
constexpr std::size_t kMostFinishing = 16;

}  // namespace

Writer::Writer(link::Loop& loop, Shelf& shelf, Handlers handlers)
    : loop_(loop), shelf_(shelf), handlers_(std::move(handlers)) {}

Writer::~Writer() { loop_.Cancel(pump_); }

void Writer::Add(const ObjectInfo& object, const BulkChunk& chunk, std::string_view bytes) {
  waiting_.push_back({&object, chunk, std::string(bytes)});
  Pump();
}

void Writer::Pump() {
  while (!failed_ && !waiting_.empty()) {
    if (sink_ && sink_->Backlog() > kEnoughBacklog) return;  // OnRoom follows
    const Result<bool> begun = sink_ ? true : Begin(*waiting_.front().object);
    if (begun && !*begun) return;  // OnFinished follows
    const Waiting chunk = std::move(waiting_.front());
    waiting_.pop_front();
    if (const Status taken = begun ? Take(chunk) : Fail(begun.error()); !taken) {
      failed_ = true;
      return handlers_.on_failed(taken.error());
    }
    handlers_.on_taken();
  }
}

// False: not before something has become durable.
Result<bool> Writer::Begin(const ObjectInfo& object) {
  if (finishing_.empty()) {
    ERIS_ASSIGN(sink_, shelf_.Create(object));
  } else if (finishing_.size() < kMostFinishing) {
    sink_ = finishing_.back().sink->Follow(object);
  }
  if (!sink_) return false;
  sink_->OnRoom([this] { PumpLater(); });
  return true;
}

Status Writer::Take(const Waiting& chunk) {
  ERIS_ASSIGN(const std::string_view bytes, opener_.Open(chunk.header, chunk.bytes));
  ERIS_TRY(sink_->Write(bytes));
  if (!chunk.header.end) return {};
  finishing_.push_back({std::move(sink_)});
  finishing_.back().sink->Finish(
      [this, object = chunk.header.object](const Status& status) { OnFinished(object, status); });
  return {};
}

// Sinks tell in the order in which they followed each other.
void Writer::OnFinished(std::uint32_t object, const Status& status) {
  if (failed_) return;
  if (!status) {
    failed_ = true;
    return handlers_.on_failed(status.error());
  }
  const auto first = std::find_if(finishing_.begin(), finishing_.end(),
                                  [](const Finishing& one) { return !one.is_done; });
  first->is_done = true;
  PumpLater();
  handlers_.on_stored(object);
}

// Not from within a handler of a sink, which goes away here.
void Writer::PumpLater() {
  if (pump_.number != 0) return;
  pump_ = loop_.After(Duration(0), [this] {
    pump_ = {};
    while (!finishing_.empty() && finishing_.front().is_done) finishing_.pop_front();
    Pump();
  });
}

}  // namespace eris::bulk
