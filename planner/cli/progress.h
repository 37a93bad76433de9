// What a person needs to know of a running transaction, gathered from its events. Pure; how it
// looks is progress_text.h.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "schema/base/clock.h"
#include "schema/values/event.h"
#include "schema/values/request.h"

namespace eris::cli {

// One item of the plan and how far it has come.
struct ItemProgress {
  enum class State : std::uint8_t { kWaiting, kRunning, kDone, kFailed, kUndoing, kUndone };
  ItemOutline outline;
  State state = State::kWaiting;
  SteadyTime since;  // kRunning, kUndoing
  bool operator==(const ItemProgress&) const = default;
};

// All items of one queue together.
struct QueueProgress {
  std::uint32_t done = 0;
  std::uint32_t running = 0;
  std::uint32_t waiting = 0;
  std::uint32_t failed = 0;
  std::uint32_t undone = 0;
  std::optional<ItemIndex> current;  // the one that has been running longest
  bool operator==(const QueueProgress&) const = default;
};

struct FailedStep {
  ItemIndex item;
  Direction direction = Direction::kForward;
  Outcome outcome;
  bool operator==(const FailedStep&) const = default;
};

// Owned by who follows a transaction. Events may come twice and outlines after the events that
// speak of them; neither does harm.
class Progress {
 public:
  void Apply(const OutlineReply& outline);
  // False: this event was known.
  bool Apply(const Event& event, SteadyTime now);
  void Apply(const TransactionStatus& status) { status_ = status; }

  // Precondition: no event was applied yet. Those before `from` are as if they were known.
  void SkipTo(EventSequence from) {
    if (from) last_ = {from.value - 1};
  }
  EventSequence next() const { return {last_.value + 1}; }
  TransactionId transaction() const { return transaction_; }
  TransactionPhase phase() const { return phase_; }
  const std::string& why() const { return why_; }
  const std::optional<PlanSummary>& summary() const { return summary_; }
  // Ended, as far as its events tell; a stuck one may be resumed.
  const std::optional<TransactionEnded>& end() const { return end_; }
  GenerationNumber generation() const { return generation_; }
  const std::vector<FailedStep>& failures() const { return failures_; }
  const std::vector<TargetVerified>& unverified() const { return unverified_; }
  // As last told by the planner; absent before.
  const std::optional<TransactionStatus>& status() const { return status_; }

  // Null: no such item is known.
  const ItemProgress* Find(ItemIndex item) const;
  // By queue name.
  std::map<std::string, QueueProgress> Queues() const;
  // Whether it does things on targets outside of any generation, as far as its items are known.
  bool is_operation() const;
  const std::vector<ItemProgress>& items() const { return items_; }
  std::uint32_t total() const { return static_cast<std::uint32_t>(items_.size()); }
  std::uint32_t CountOf(ItemProgress::State state) const;

 private:
  void On(const PhaseEntered& event);
  void On(const ItemsPublished& event, SteadyTime now);
  void On(const ItemSettled& event);
  ItemProgress& At(ItemIndex item);

  EventSequence last_;
  TransactionId transaction_;
  TransactionPhase phase_ = TransactionPhase::kSubmitted;
  std::string why_;
  std::optional<PlanSummary> summary_;
  std::vector<ItemProgress> items_;  // by index
  std::vector<FailedStep> failures_;
  std::vector<TargetVerified> unverified_;
  GenerationNumber generation_;
  std::optional<TransactionEnded> end_;
  std::optional<TransactionStatus> status_;
};

}  // namespace eris::cli
