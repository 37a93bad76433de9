// The broker's work items in memory: queued, leased to sessions, reported. It decides what is
// delivered to whom and when (design D2, D4, D7); it knows no peers, no messages and no rights.
//
// Nothing here is durable, because planner and workers are: after a loss the planner publishes
// again what is unsettled, and the worker's ledger knows what was done.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "schema/values/ids.h"

namespace eris {

struct QueueLimits {
  std::size_t items_per_queue = 10'000;
  std::size_t bytes_per_queue = std::size_t{64} << 20;
  std::size_t bytes_of_all = std::size_t{512} << 20;  // bodies of all items that are known
  std::size_t queues = 20'000;
  std::size_t leased_bytes = std::size_t{2} << 20;  // of a session; at least one item is leased
};

// A published item. The body is what travels: never looked into.
struct QueuedItem {
  ItemId id;
  Epoch epoch;
  std::uint64_t body_hash = 0;
  EventSequence event;  // newest of the journal when it was published
  std::string queue;    // QueueName text
  std::string body;
};

enum class PublishResult : std::uint8_t {
  kQueued,
  kDuplicate,  // known already, or a higher grade of its step is
  kBusy,       // over a limit; nothing was queued
  kOtherBody,  // known, with another hash: a bug of the planner, nothing was queued
};

// An item that was just leased to `session` and is to be sent. Valid until the next change.
struct Delivery {
  SessionId session;
  const QueuedItem* item = nullptr;
};

// Owned by the broker's core.
//
// Invariants: (1) an item is leased to one session at most; (2) a session never holds more
// unfinished items of a queue than its credit; (3) items of a queue are delivered in the order in
// which they were published, also after a lease was lost; (4) of one step, only the highest grade
// waits.
class ItemQueues {
 public:
  explicit ItemQueues(QueueLimits limits) : limits_(limits) {}

  // A known item that was reported is queued again: its outcome may have been lost on the way to a
  // planner that is gone, and the worker answers from its ledger.
  PublishResult Publish(QueuedItem item);

  // `session` serves `queue` from now on, with no credit.
  void Join(const std::string& queue, SessionId session);
  // The session serves none of its queues any longer: what it holds is queued again, unless its
  // epoch is over.
  void Leave(SessionId session);
  // A newer session of the same worker has these items in hand: it holds them without another
  // delivery. Others of the old session are queued again. Precondition: `to` has joined.
  void Inherit(SessionId from, SessionId to, const std::vector<ItemId>& in_flight);
  // Absolute.
  void SetCredit(const std::string& queue, SessionId session, std::uint32_t items);

  // Leases what credit allows, evenly among the sessions of the queue.
  std::vector<Delivery> Dispatch(const std::string& queue);

  // An outcome of the item came from a worker that serves these queues: nobody holds it any longer.
  // False when the item is known and belongs to none of them: the sender acts for somebody else.
  bool Report(const ItemId& id, const std::vector<std::string>& served);
  // The planner has settled it: it is forgotten.
  void Settle(const ItemId& id);
  // Withdraws a queued item. The session that holds it otherwise; 0 when there is none.
  SessionId Revoke(const ItemId& id);

  // Items of older epochs leave the queues (not the workers); from now on none is queued again.
  void Fence(Epoch epoch);
  // Another journal: everything known is void.
  void Clear();

  std::size_t waiting(const std::string& queue) const;
  std::size_t known() const;
  // Sessions that serve the queue, in the order in which they joined.
  std::vector<SessionId> Servers(const std::string& queue) const;

 private:
  enum class State : std::uint8_t { kWaiting, kLeased, kReported };
  struct Entry {
    QueuedItem item;
    State state = State::kWaiting;
    std::uint64_t order = 0;  // of publishing
    SessionId holder;         // kLeased
  };
  struct Server {
    SessionId session;
    std::uint32_t credit = 0;
    std::set<ItemId> held;
    std::size_t held_bytes = 0;
  };
  struct Queue {
    std::map<std::uint64_t, ItemId> waiting;  // by order
    std::size_t waiting_bytes = 0;
    std::vector<Server> servers;
  };
  using Step = std::map<Grade, Entry>;

  Entry* Find(const ItemId& id);
  Server* FindServer(const std::string& queue, SessionId session);
  Server* NextServer(Queue& queue, std::size_t bytes);
  bool HasRoom(const QueuedItem& item) const;
  PublishResult Republish(Entry& known, QueuedItem item);
  void DropLowerGrades(Step& step, Grade below);
  void Wait(Entry& entry);
  void Unqueue(Entry& entry);
  void Lease(Entry& entry, Server& server);
  void Release(Entry& entry);
  void Erase(const ItemId& id);
  void RequeueOrDrop(const ItemId& id);

  QueueLimits limits_;
  Epoch fence_;
  std::uint64_t next_order_ = 1;
  std::size_t bytes_ = 0;  // of all bodies
  std::unordered_map<StepId, Step> steps_;
  std::unordered_map<std::string, Queue> queues_;
  std::unordered_map<SessionId, std::vector<std::string>> served_;  // queues of a session
};

}  // namespace eris
