// What must never happen: checkers watch a run and say what was wrong. One promise each, one file
// each (checkers/). They know the world and what became durable, and change nothing.
#pragma once

#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "planner/memory_journal.h"
#include "schema/values/event.h"
#include "schema/values/ids.h"
#include "schema/values/ledger.h"
#include "schema/values/spool.h"
#include "schema/values/submission.h"
#include "tests/sim/timeline.h"
#include "tests/sim/world.h"
#include "worker/agent.h"

namespace eris::sim {

// A worker hands work to its machine.
struct WorkSeen {
  const TargetName& target;
  const StartWork& work;
  JournalId serves;  // the journal that the worker is bound to
  Epoch delivered;   // of the newest delivery of the item that a planner sent
  Epoch newest;      // that the worker knew when it was delivered
};
// What a worker answers to an item of a planner on an old or copied journal.
struct ForeignAnswerSeen {
  const ItemId& id;
  Verdict verdict;
};
// An activity takes effect, now.
struct EffectSeen {
  const TargetName& target;
  const ItemId& id;
  std::size_t part = 0;  // of the item's activities
  const ItemBody& body;
};
// How full everything is.
struct QueuesSeen {
  std::size_t broker_waiting = 0;  // of the fullest queue
  std::size_t worker_held = 0;     // of the busiest worker
  std::size_t planner_out = 0;     // of the busiest lane
  std::size_t window = 0;          // of each lane
};
// When all is calm and nothing is left to do; or the time is over.
struct EndSeen {
  planner::MemoryJournal& journal;
  std::vector<const LedgerState*> ledgers;
  std::vector<SubmissionId> accepted;  // answered so to the client
  std::set<TargetName> gone;           // for good: nobody can say what is there
};

// Violations of a run, each told once.
class Verdicts {
 public:
  explicit Verdicts(Timeline& timeline) : timeline_(timeline) {}
  void Report(std::string_view checker, const std::string& what);
  const std::vector<std::string>& all() const { return all_; }

 private:
  Timeline& timeline_;
  std::set<std::string> known_;
  std::vector<std::string> all_;
};

class Checker {
 public:
  Checker(const World& world, Verdicts& verdicts) : world_(world), verdicts_(verdicts) {}
  virtual ~Checker() = default;
  Checker(const Checker&) = delete;
  Checker& operator=(const Checker&) = delete;

  virtual void OnJournaled(const Event&) {}
  virtual void OnLedgered(const LedgerRecord&) {}
  virtual void OnSpooled(const SpoolRecord&) {}
  virtual void OnWork(const WorkSeen&) {}
  virtual void OnForeignAnswer(const ForeignAnswerSeen&) {}
  virtual void OnEffect(const EffectSeen&) {}
  // A client's write was acknowledged.
  virtual void OnWritten(const Databases::Written&) {}
  // Once a second.
  virtual void OnQueues(const QueuesSeen&) {}
  // The attempt's process has died and left no outcome: it may be run again.
  virtual void OnAttemptLost(const ItemId&) {}
  virtual void AtEnd(const EndSeen&) {}

 protected:
  const World& world_;
  Verdicts& verdicts_;
};

// Hands everything to every checker.
class Watch {
 public:
  void Add(std::unique_ptr<Checker> checker) { checkers_.push_back(std::move(checker)); }
  // Another journal begins: what was seen of the old one says nothing about it.
  void Clear() { checkers_.clear(); }
  template <typename Seen>
  void Tell(void (Checker::*what)(const Seen&), const Seen& seen) {
    for (const auto& checker : checkers_) ((*checker).*what)(seen);
  }

 private:
  std::vector<std::unique_ptr<Checker>> checkers_;
};

}  // namespace eris::sim
