#include "broker/bulk/reader.h"

#include <utility>

#include "schema/base/overloaded.h"

namespace eris::bulk {
namespace {

constexpr Duration kTick{250};

}  // namespace

Reader::~Reader() {
  loop_.Cancel(tick_);
  loop_.Cancel(sweep_);
}

ReceiverId Reader::Register(Receiver receiver) {
  const ReceiverId id{++last_};
  receivers_.emplace(id, std::move(receiver));
  return id;
}

void Reader::Unregister(ReceiverId receiver) {
  receivers_.erase(receiver);
  pool_.Leave(receiver);
  Perform();
}

SharedChunk Reader::Get(ReceiverId receiver, Shelf& shelf, const ObjectInfo& object,
                        std::uint32_t chunk) {
  shelf_of_[object.name] = &shelf;
  SharedChunk found = pool_.Get(receiver, object, chunk);
  Perform();
  if (tick_.number == 0) tick_ = loop_.After(kTick, [this] { Tick(); });
  return found;
}

void Reader::Prepare(Shelf& shelf, const ObjectInfo& object) {
  shelf_of_[object.name] = &shelf;
  pool_.Prepare(object);
  Perform();
}

void Reader::Perform() {
  for (const ReadEffect& effect : pool_.TakeEffects()) {
    std::visit(Overloaded{
                   [this](const StartRead& start) { Start(start); },
                   [this](const PauseRead& pause) { running_.at(pause.read)->source->Pause(); },
                   [this](const ResumeRead& resume) { running_.at(resume.read)->source->Resume(); },
                   [this](const StopRead& stop) { Retire(stop.read); },
               },
               effect);
  }
}

void Reader::Start(const StartRead& start) {
  Shelf& shelf = *shelf_of_.at(start.object.name);
  const ReadId read = start.read;
  Result<std::unique_ptr<ObjectSource>> source = shelf.Open(start.object);
  if (!source) {
    loop_.After(Duration(0), [this, read, error = source.error()] { Fail(read, error); });
    return;
  }
  auto running = std::make_unique<Running>(start.first_chunk);
  running->source = std::move(*source);
  Running& one = *running;
  running_.emplace(read, std::move(running));
  one.source->Start({.on_bytes =
                         [this, read, &one](std::string_view bytes) {
                           std::vector<SharedChunk> chunks;
                           one.maker.Add(bytes, chunks);
                           for (SharedChunk& chunk : chunks) Deliver(read, std::move(chunk));
                         },
                     .on_end = [this, read](const Status& status) { OnEnd(read, status); }});
}

void Reader::Deliver(ReadId read, SharedChunk chunk) {
  if (!running_.contains(read)) return;  // stopped by what an earlier chunk led to
  Wake(pool_.OnChunk(read, std::move(chunk)));
  Perform();
}

void Reader::OnEnd(ReadId read, const Status& status) {
  const auto found = running_.find(read);
  if (found == running_.end()) return;
  if (!status) return Fail(read, status.error());
  SharedChunk last = found->second->maker.Finish();
  // The shelf may have its process back before the next read begins.
  Deliver(read, std::move(last));
  Retire(read);
}

void Reader::Fail(ReadId read, const Error& error) {
  Retire(read);
  for (const ReceiverId id : pool_.OnFailed(read)) {
    const auto receiver = receivers_.find(id);
    if (receiver != receivers_.end()) receiver->second.on_failed(error);
  }
  Perform();
}

// Later, because this may be one of its handlers.
void Reader::Retire(ReadId read) {
  const auto found = running_.find(read);
  if (found == running_.end()) return;
  retired_.push_back(std::move(found->second));
  running_.erase(found);
  if (sweep_.number != 0) return;
  sweep_ = loop_.After(Duration(0), [this] {
    sweep_ = {};
    retired_.clear();
  });
}

void Reader::Wake(const std::vector<ReceiverId>& receivers) {
  for (const ReceiverId id : receivers) {
    const auto receiver = receivers_.find(id);
    if (receiver != receivers_.end()) receiver->second.on_ready();
  }
}

void Reader::Tick() {
  tick_ = {};
  Wake(pool_.OnTick(loop_.now().steady));
  Perform();
  if (running_.empty()) {
    shelf_of_.clear();
    return;
  }
  tick_ = loop_.After(kTick, [this] { Tick(); });
}

}  // namespace eris::bulk
