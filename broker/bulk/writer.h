// Puts arriving chunks into objects on a shelf, one object after the other, and says when there is
// room for more. Where the shelf allows it, the next object is on its way before the one before is
// durable: many small ones take no round trip each.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "broker/bulk/chunk.h"
#include "broker/bulk/objects.h"
#include "broker/link/loop.h"

namespace eris::bulk {

// Owned by a request; uses loop and shelf, which outlive it. Bound: what its sender was granted.
class Writer {
 public:
  struct Handlers {
    std::function<void()> on_taken;  // a chunk was dealt with
    std::function<void(std::uint32_t object)> on_stored;
    std::function<void(Error)> on_failed;  // nothing more is taken
  };
  Writer(link::Loop& loop, Shelf& shelf, Handlers handlers);
  ~Writer();
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;

  // Chunks come in order, checked by a Receiver. `object` is valid as long as the writer.
  void Add(const ObjectInfo& object, const BulkChunk& chunk, std::string_view bytes);

 private:
  struct Waiting {
    const ObjectInfo* object;
    BulkChunk header;
    std::string bytes;
  };
  struct Finishing {
    std::unique_ptr<ObjectSink> sink;
    bool is_done = false;
  };
  void Pump();
  Result<bool> Begin(const ObjectInfo& object);
  Status Take(const Waiting& chunk);
  void OnFinished(std::uint32_t object, const Status& status);
  void PumpLater();

  link::Loop& loop_;
  Shelf& shelf_;
  Handlers handlers_;
  ChunkOpener opener_;
  std::deque<Waiting> waiting_;
  std::unique_ptr<ObjectSink> sink_;  // of the object that chunks come for
  std::deque<Finishing> finishing_;   // have all of their bytes, in order
  bool failed_ = false;
  link::TimerId pump_;
};

}  // namespace eris::bulk
