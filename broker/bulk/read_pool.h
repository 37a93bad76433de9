// Reads of objects, shared: one object that several receivers want is read and compressed once, and
// its chunks go to all of them. Decides which reads run, pause and end; keeps their chunks for as
// long as a receiver in step needs them. Pure: effects come out, chunks and time come in.
//
// A receiver that cannot keep up with the others of its read holds it back only so long
// (kPatience): then it gets a read of its own, from where it is. Whole small objects are kept for a
// while, because the next receiver is often a moment late.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <list>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "broker/bulk/chunk.h"
#include "schema/base/clock.h"
#include "schema/base/error.h"
#include "schema/values/depot.h"

namespace eris::bulk {

enum class ReadId : std::uint64_t {};
enum class ReceiverId : std::uint64_t {};

struct StartRead {
  ReadId read;
  ObjectInfo object;
  std::uint32_t first_chunk = 0;
};
struct PauseRead {
  ReadId read;
};
struct ResumeRead {
  ReadId read;
};
struct StopRead {
  ReadId read;
};
using ReadEffect = std::variant<StartRead, PauseRead, ResumeRead, StopRead>;

struct ReadLimits {
  std::size_t reads = 4;                           // at the same time
  std::size_t window = limits::kBulkWindow;        // chunks of a read that wait for receivers
  std::size_t kept_bytes = std::size_t{16} << 20;  // of whole objects that were read lately
  Duration patience{500};                          // with who is slower than the others
};

// Owned by one end of the depot. Bound: limits.reads x limits.window chunks + limits.kept_bytes.
class ReadPool {
 public:
  explicit ReadPool(ReadLimits limits = {}) : limits_(limits) {}

  // The chunk, when it is there; otherwise it is being read, or will be. Precondition: a receiver
  // asks for chunks of an object in order.
  SharedChunk Get(ReceiverId receiver, const ObjectInfo& object, std::uint32_t chunk);
  // Somebody will soon ask for this object: it is read already when there is room and it is small.
  void Prepare(const ObjectInfo& object);
  // The receiver needs nothing more of its object.
  void Leave(ReceiverId receiver);

  // The receivers that may find a chunk now.
  std::vector<ReceiverId> OnChunk(ReadId read, SharedChunk chunk);
  // Those whose object cannot be read.
  std::vector<ReceiverId> OnFailed(ReadId read);
  // Receivers whose position was lost to a read of their own: they ask again.
  std::vector<ReceiverId> OnTick(SteadyTime now);

  std::vector<ReadEffect> TakeEffects() { return std::exchange(effects_, {}); }
  std::size_t reads() const { return reads_.size(); }
  std::uint64_t started() const { return last_; }

 private:
  enum class State : std::uint8_t { kQueued, kRunning, kPaused, kDone };
  struct Read {
    ObjectInfo object;
    State state = State::kQueued;
    std::uint32_t first = 0;  // number of chunks_[0]
    std::deque<SharedChunk> chunks;
    std::map<ReceiverId, std::uint32_t> next;  // of each receiver
    std::optional<SteadyTime> held_back;       // since when somebody waits for the slowest
    std::size_t bytes = 0;
    std::uint32_t End() const { return first + static_cast<std::uint32_t>(chunks.size()); }
  };
  using Reads = std::map<ReadId, Read>;

  Reads::iterator Add(const ObjectInfo& object, std::uint32_t chunk);
  Reads::iterator Join(ReceiverId receiver, const ObjectInfo& object, std::uint32_t chunk);
  void Erase(Reads::iterator entry);
  void Trim(ReadId id, Read& read);
  void RunQueued();
  void KeepOrDrop(ReadId id);
  void Drop(ReadId id);

  ReadLimits limits_;
  Reads reads_;
  std::multimap<std::string, ReadId, std::less<>> of_object_;
  std::deque<ReadId>
      queued_;  // those among reads_ that wait for their turn, and some that are gone
  std::map<ReceiverId, ReadId> reading_;
  std::list<ReadId> kept_;  // done and without receivers, oldest first
  std::size_t kept_bytes_ = 0;
  std::size_t running_ = 0;
  std::uint64_t last_ = 0;
  std::vector<ReadEffect> effects_;
};

}  // namespace eris::bulk
