// Who watches what: each watcher has a place in the sequence of events, and nothing is kept for it
// but that place, so a slow one costs no memory. Events come from the turn at hand when a watcher
// is up to date, and from the journal when it is behind.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <vector>

#include "planner/effect.h"
#include "planner/journal_reader.h"
#include "schema/base/clock.h"
#include "schema/base/error.h"
#include "schema/values/event.h"
#include "schema/values/ids.h"
#include "schema/values/request.h"

namespace eris::planner {

struct WatchLimits {
  std::size_t max_watchers = 256;
  std::uint32_t events_per_reply = 250;
  std::size_t items_per_outline = 1'000;
  Duration catch_up_pause{20};  // between two pages from the journal
};

struct WatchKey {
  SessionId client;
  std::uint64_t request = 0;
  auto operator<=>(const WatchKey&) const = default;
};

// The event without what is large: manifests, the items of a plan, reports of targets.
Event WithoutBulk(const Event& event);

// Events in light form, in replies that fit into a message each.
std::vector<EventsReply> PartsOf(std::vector<Event> events);

// Of one plan, in replies of bounded size.
std::vector<OutlineReply> OutlinesOf(TransactionId transaction, const Plan& plan,
                                     std::size_t items_per_reply);
ItemOutline OutlineOf(const PlanItem& item, ItemIndex index);

// Owned by the coordinator.
class Watchers {
 public:
  // What a watcher must be told beside events; answered by the coordinator.
  class Source {
   public:
    virtual ~Source() = default;
    virtual Result<Plan> PlanOf(TransactionId transaction) = 0;
    // Whether no more events of it are to come.
    virtual bool HasEnded(TransactionId transaction) = 0;
  };
  struct Pending {
    std::span<const Event> events;  // of this turn, not durable yet
    EventSequence next;             // the one after the last event there is
  };

  explicit Watchers(WatchLimits limits) : limits_(limits) {}

  // kUnavailable: there are too many. `transaction` absent = all.
  Status Add(WatchKey key, std::optional<TransactionId> transaction, EventSequence from);
  void Remove(WatchKey key);
  void RemoveClient(SessionId client);
  bool empty() const { return watchers_.empty(); }

  // Hands each watcher what it lacks, a page at most.
  void Push(const Pending& pending, JournalReader& journal, Source& source,
            std::vector<Effect>& effects);
  // Some are behind: when to push again.
  std::optional<Duration> CatchUpPause() const;

 private:
  struct Watcher {
    std::optional<TransactionId> transaction;
    EventSequence next;
    std::set<TransactionId> outlined;
  };
  enum class Progress : std::uint8_t { kUpToDate, kBehind, kDone };
  struct Sources {
    JournalReader& journal;
    Source& source;
  };

  Result<std::vector<Event>> Page(Watcher& watcher, const Pending& pending, JournalReader& journal);
  Status Outline(const WatchKey& key, Watcher& watcher, TransactionId transaction, Source& source,
                 std::vector<Effect>& effects) const;
  Result<Progress> PushOne(const WatchKey& key, Watcher& watcher, const Pending& pending,
                           const Sources& from, std::vector<Effect>& effects);

  WatchLimits limits_;
  std::map<WatchKey, Watcher> watchers_;
  bool behind_ = false;
};

}  // namespace eris::planner
