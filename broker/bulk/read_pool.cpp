#include "broker/bulk/read_pool.h"

#include <algorithm>
#include <iterator>

#include "schema/base/check.h"

namespace eris::bulk {

SharedChunk ReadPool::Get(ReceiverId receiver, const ObjectInfo& object, std::uint32_t chunk) {
  auto entry = reads_.end();
  if (const auto known = reading_.find(receiver); known != reading_.end()) {
    entry = reads_.find(known->second);
    const bool fits = entry->second.object.name == object.name && entry->second.first <= chunk;
    if (!fits) {
      Leave(receiver);
      entry = reads_.end();
    }
  }
  if (entry == reads_.end()) entry = Join(receiver, object, chunk);
  const ReadId id = entry->first;
  Read& read = entry->second;
  read.next[receiver] = chunk;
  if (chunk >= read.End()) return nullptr;
  SharedChunk found = read.chunks[chunk - read.first];
  read.next[receiver] = chunk + 1;
  if (found->header.end) {
    Leave(receiver);
  } else {
    Trim(id, read);
  }
  return found;
}

void ReadPool::Prepare(const ObjectInfo& object) {
  if (running_ >= limits_.reads || object.bytes > limits::kBulkChunkBytes) return;
  if (of_object_.contains(object.name)) return;
  Add(object, 0);
  RunQueued();
}

ReadPool::Reads::iterator ReadPool::Add(const ObjectInfo& object, std::uint32_t chunk) {
  const ReadId id{++last_};
  of_object_.emplace(object.name, id);
  queued_.push_back(id);
  return reads_.emplace(id, Read{.object = object, .first = chunk}).first;
}

// A read of this object that still has, or will have, that chunk; else a new one.
ReadPool::Reads::iterator ReadPool::Join(ReceiverId receiver, const ObjectInfo& object,
                                         std::uint32_t chunk) {
  const auto [first, last] = of_object_.equal_range(object.name);
  const auto found = std::find_if(first, last, [&](const auto& one) {
    const Read& read = reads_.at(one.second);
    return read.first <= chunk && chunk <= read.End() &&
           !(read.state == State::kDone && chunk == read.End());
  });
  auto entry = found == last ? reads_.end() : reads_.find(found->second);
  if (entry == reads_.end()) {
    entry = Add(object, chunk);
  } else if (entry->second.state == State::kDone && entry->second.next.empty()) {
    // What was read ahead is among the last.
    kept_.erase(std::prev(std::find(kept_.rbegin(), kept_.rend(), entry->first).base()));
    kept_bytes_ -= entry->second.bytes;
  }
  entry->second.next[receiver] = chunk;
  reading_[receiver] = entry->first;
  RunQueued();
  return entry;
}

void ReadPool::Leave(ReceiverId receiver) {
  const auto known = reading_.find(receiver);
  if (known == reading_.end()) return;
  const ReadId id = known->second;
  reading_.erase(known);
  Read& read = reads_.at(id);
  read.next.erase(receiver);
  if (read.next.empty()) {
    KeepOrDrop(id);
  } else {
    Trim(id, read);
  }
}

// Lets go what no receiver needs any more, unless the object may be kept whole; and lets the read
// go on when there is room.
void ReadPool::Trim(ReadId id, Read& read) {
  std::uint32_t slowest = read.End();
  for (const auto& [receiver, next] : read.next) slowest = std::min(slowest, next);
  const bool may_be_kept = read.object.bytes <= limits_.window * limits::kBulkChunkBytes;
  while (!may_be_kept && read.first < slowest) {
    read.bytes -= read.chunks.front()->bytes.size();
    read.chunks.pop_front();
    ++read.first;
  }
  if (read.state != State::kPaused || read.chunks.size() >= limits_.window) return;
  read.state = State::kRunning;
  read.held_back.reset();
  effects_.emplace_back(ResumeRead{id});
}

void ReadPool::RunQueued() {
  while (running_ < limits_.reads && !queued_.empty()) {
    const auto next = reads_.find(queued_.front());
    queued_.pop_front();
    if (next == reads_.end()) continue;
    next->second.state = State::kRunning;
    ++running_;
    effects_.emplace_back(StartRead{next->first, next->second.object, next->second.first});
  }
}

void ReadPool::Erase(Reads::iterator entry) {
  const auto [first, last] = of_object_.equal_range(entry->second.object.name);
  of_object_.erase(
      std::find_if(first, last, [id = entry->first](const auto& one) { return one.second == id; }));
  reads_.erase(entry);
}

// Nobody reads it any more.
void ReadPool::KeepOrDrop(ReadId id) {
  Read& read = reads_.at(id);
  const bool is_whole = read.state == State::kDone && read.first == 0;
  if (!is_whole) return Drop(id);
  kept_.push_back(id);
  kept_bytes_ += read.bytes;
  while (kept_bytes_ > limits_.kept_bytes) {
    const ReadId oldest = kept_.front();
    kept_.pop_front();
    kept_bytes_ -= reads_.at(oldest).bytes;
    Erase(reads_.find(oldest));
  }
}

void ReadPool::Drop(ReadId id) {
  const auto entry = reads_.find(id);
  const State state = entry->second.state;
  Erase(entry);
  if (state != State::kRunning && state != State::kPaused) return;
  effects_.emplace_back(StopRead{id});
  --running_;
  RunQueued();
}

std::vector<ReceiverId> ReadPool::OnChunk(ReadId id, SharedChunk chunk) {
  const auto entry = reads_.find(id);
  if (entry == reads_.end()) return {};  // stopped meanwhile
  Read& read = entry->second;
  ERIS_CHECK(chunk->header.number == read.End(), "chunks of a read come in order");
  read.bytes += chunk->bytes.size();
  const bool ends = chunk->header.end;
  const std::uint32_t number = chunk->header.number;
  read.chunks.push_back(std::move(chunk));
  if (ends) {
    read.state = State::kDone;
    --running_;
    RunQueued();
  } else if (read.state == State::kRunning && read.chunks.size() >= limits_.window) {
    read.state = State::kPaused;
    effects_.emplace_back(PauseRead{id});
  }
  std::vector<ReceiverId> waiting;
  for (const auto& [receiver, next] : read.next) {
    if (next == number) waiting.push_back(receiver);
  }
  if (ends && read.next.empty()) KeepOrDrop(id);
  return waiting;
}

std::vector<ReceiverId> ReadPool::OnFailed(ReadId id) {
  const auto entry = reads_.find(id);
  if (entry == reads_.end()) return {};
  std::vector<ReceiverId> receivers;
  for (const auto& [receiver, next] : entry->second.next) {
    receivers.push_back(receiver);
    reading_.erase(receiver);
  }
  Erase(entry);
  --running_;
  RunQueued();
  return receivers;
}

std::vector<ReceiverId> ReadPool::OnTick(SteadyTime now) {
  std::vector<ReceiverId> moved;
  const bool others_wait = std::any_of(reads_.begin(), reads_.end(), [](const auto& one) {
    return one.second.state == State::kQueued;
  });
  std::vector<ReadId> stalled;
  for (auto& [id, read] : reads_) {
    if (read.state != State::kPaused) continue;
    const bool somebody_waits =
        std::any_of(read.next.begin(), read.next.end(),
                    [end = read.End()](const auto& one) { return one.second == end; });
    if (!somebody_waits && !others_wait) {
      read.held_back.reset();
      continue;
    }
    if (!read.held_back) read.held_back = now;
    if (now - *read.held_back >= limits_.patience) stalled.push_back(id);
  }
  for (const ReadId id : stalled) {
    // Whoever is not at the front loses this read, and gets one of its own when it asks again.
    Read& read = reads_.at(id);
    std::vector<ReceiverId> slow;
    for (const auto& [receiver, next] : read.next) {
      if (next < read.End()) slow.push_back(receiver);
    }
    moved.insert(moved.end(), slow.begin(), slow.end());
    for (const ReceiverId receiver : slow) Leave(receiver);
  }
  return moved;
}

}  // namespace eris::bulk
