// Carries out what a ReadPool decides: opens objects on their shelves, cuts them into chunks, hands
// these to whoever waits.
#pragma once

#include <functional>
#include <map>
#include <memory>

#include "broker/bulk/chunk.h"
#include "broker/bulk/objects.h"
#include "broker/bulk/read_pool.h"
#include "broker/link/loop.h"

namespace eris::bulk {

// Owned by one end; uses loop and shelves, which outlive it. One for all requests of that end: that
// is how they share.
class Reader {
 public:
  struct Receiver {
    std::function<void()> on_ready;  // ask again
    std::function<void(Error)> on_failed;
  };
  explicit Reader(link::Loop& loop, ReadLimits limits = {}) : loop_(loop), pool_(limits) {}
  ~Reader();
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;

  ReceiverId Register(Receiver receiver);
  void Unregister(ReceiverId receiver);
  // See ReadPool::Get.
  SharedChunk Get(ReceiverId receiver, Shelf& shelf, const ObjectInfo& object, std::uint32_t chunk);

  // See ReadPool::Prepare.
  void Prepare(Shelf& shelf, const ObjectInfo& object);

  // Lets go of sources that have ended; not from within their handlers. Otherwise that happens in a
  // later turn: before their shelf is destroyed it must be asked for.
  void Sweep() { retired_.clear(); }

  std::uint64_t started() const { return pool_.started(); }

 private:
  struct Running {
    std::unique_ptr<ObjectSource> source;
    ChunkMaker maker;
    explicit Running(std::uint32_t first_chunk) : maker(first_chunk) {}
  };

  void Perform();
  void Start(const StartRead& start);
  void Deliver(ReadId read, SharedChunk chunk);
  void OnEnd(ReadId read, const Status& status);
  void Fail(ReadId read, const Error& error);
  void Retire(ReadId read);
  void Wake(const std::vector<ReceiverId>& receivers);
  void Tick();

  link::Loop& loop_;
  ReadPool pool_;
  std::map<ReceiverId, Receiver> receivers_;
  std::map<ReadId, std::unique_ptr<Running>> running_;
  std::vector<std::unique_ptr<Running>> retired_;
  std::map<std::string, Shelf*> shelf_of_;  // by name of what is to be read
  std::uint64_t last_ = 0;
  link::TimerId tick_;
  link::TimerId sweep_;
};

}  // namespace eris::bulk
