// The planner's journal in memory, for tests and the simulator: the events, and the same answers
// that state/journal.h gives from disk. A crash loses nothing that was appended; Truncate loses the
// tail.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

#include "planner/journal_reader.h"
#include "schema/base/turn.h"

namespace eris::planner {

// Owned by the test; outlives every coordinator that is recovered from it.
class MemoryJournal final : public JournalReader, public DurableLog<Event> {
 public:
  explicit MemoryJournal(JournalId id) : id_(id) {}

  Status Append(std::span<const Event> events) override;
  const std::vector<Event>& events() const { return events_; }
  // Keeps the first `count` events.
  void Truncate(std::size_t count) { events_.resize(count); }

  Result<JournalHead> LoadHead() override;
  Status ReplayOpen(const Visitor& visit) override;
  Result<std::vector<Event>> ReadEvents(const EventFilter& filter) override;
  Result<Manifest> LoadManifest(const ProfileName& profile, GenerationNumber number) override;
  Result<std::vector<GenerationInfo>> LoadGenerations(const ProfileName& profile) override;
  Result<Submission> LoadSubmission(TransactionId transaction) override;
  Result<std::optional<JournaledSubmission>> FindSubmission(const SubmissionId& id) override;
  Result<std::vector<TransactionStatus>> LoadTransactions(const TransactionFilter& filter) override;
  Result<TransactionStatus> LoadTransaction(TransactionId transaction) override;
  Result<Plan> LoadPlan(TransactionId transaction) override;
  Result<std::vector<ItemSettled>> LoadOutcomes(TransactionId transaction,
                                                std::optional<ItemIndex> item) override;

 private:
  template <typename Body>
  const Body* FindBody(TransactionId transaction) const;
  bool IsOpen(TransactionId transaction) const;

  JournalId id_;
  std::vector<Event> events_;
};

}  // namespace eris::planner
