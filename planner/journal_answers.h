// The journal on disk as the coordinator asks it.
#pragma once

#include <optional>
#include <vector>

#include "planner/journal_reader.h"
#include "state/journal.h"

namespace eris::planner {

// Owned by the daemon; the journal outlives it.
class JournalAnswers final : public JournalReader {
 public:
  explicit JournalAnswers(Journal& journal) : journal_(journal) {}

  Result<JournalHead> LoadHead() override { return journal_.LoadHead(); }
  Status ReplayOpen(const Visitor& visit) override { return journal_.ReplayOpen(visit); }
  Result<std::vector<Event>> ReadEvents(const EventFilter& filter) override {
    return journal_.ReadEvents(filter);
  }
  Result<Manifest> LoadManifest(const ProfileName& profile, GenerationNumber number) override {
    return journal_.LoadManifest(profile, number);
  }
  Result<std::vector<GenerationInfo>> LoadGenerations(const ProfileName& profile) override {
    return journal_.LoadGenerations(profile);
  }
  Result<Submission> LoadSubmission(TransactionId transaction) override {
    return journal_.LoadSubmission(transaction);
  }
  Result<std::optional<JournaledSubmission>> FindSubmission(const SubmissionId& id) override {
    return journal_.FindSubmission(id);
  }
  Result<std::vector<TransactionStatus>> LoadTransactions(
      const TransactionFilter& filter) override {
    return journal_.LoadTransactions(filter);
  }
  Result<TransactionStatus> LoadTransaction(TransactionId transaction) override {
    return journal_.LoadTransaction(transaction);
  }
  Result<Plan> LoadPlan(TransactionId transaction) override {
    return journal_.LoadPlan(transaction);
  }
  Result<std::vector<ItemSettled>> LoadOutcomes(TransactionId transaction,
                                                std::optional<ItemIndex> item) override {
    return journal_.LoadOutcomes(transaction, item);
  }

 private:
  Journal& journal_;
};

}  // namespace eris::planner
