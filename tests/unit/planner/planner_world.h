// A coordinator with a journal in memory, a fleet that answers, and a clock that jumps: everything
// of a planner but its sockets and its disk.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "planner/coordinator.h"
#include "planner/memory_journal.h"
#include "schema/values/submission.h"
#include "tests/unit/planner/fake_fleet.h"

namespace eris::planner::testing {

class PlannerWorld {
 public:
  // When the planner dies: around the n-th append, counted from 0.
  struct Crash {
    std::size_t append = 0;
    enum class When { kBeforeAppend, kAfterAppend } when = When::kAfterAppend;
  };

  PlannerWorld();

  // ---- doing ----
  void SubmitAs(const std::string& id, SubmissionAction action, DeployOptions options = {});
  // With a new id; returns the transaction, once everything has come to rest.
  TransactionId Run(SubmissionAction action, DeployOptions options = {});
  // Turns and outcomes until nothing happens any more, letting time pass for at most `horizon`.
  void Settle(Duration horizon = std::chrono::minutes(10));
  // Turns and outcomes until `reached` or rest, no time passing.
  bool SettleUntil(const std::function<bool()>& reached);
  void Turn();
  bool AnswerOne();
  void Restart();
  void Welcome(std::uint64_t boot = 1);
  void SetConnected(const std::string& target, bool connected);
  void LetAskersChange(std::vector<std::string> profiles,
                       std::vector<std::string> targets = {"*"}) {
    asker_profiles_ = std::move(profiles);
    asker_targets_ = std::move(targets);
  }
  std::vector<Reply> Ask(RequestVerb verb, Request request, std::uint64_t number = 1);
  void CrashAt(Crash crash) { crash_ = crash; }
  // What a test is about begins with the next append.
  void BeginHere() { begin_ = appends_; }

  // ---- looking ----
  Coordinator& coordinator() { return *coordinator_; }
  FakeFleet& fleet() { return fleet_; }
  MemoryJournal& journal() { return journal_; }
  TransactionStatus StatusOf(TransactionId transaction);
  std::optional<TransactionResult> ResultOf(TransactionId transaction);
  const std::map<SubmissionId, SubmissionTaken>& taken() const { return taken_; }
  std::vector<Reply> RepliesTo(std::uint64_t request) const;
  const std::vector<ItemId>& acknowledged() const { return acknowledged_; }
  const std::vector<PublishItem>& published() const { return published_; }
  std::optional<Error> stopped() const { return stopped_; }
  bool crashed() const { return crashed_; }
  std::size_t appends() const { return appends_; }
  std::size_t begin() const { return begin_; }
  template <typename Body>
  std::vector<Body> Recorded(TransactionId transaction) const {
    std::vector<Body> found;
    for (const Event& event : journal_.events()) {
      const auto* body = std::get_if<Body>(&event.body);
      if (body != nullptr && event.transaction == transaction) found.push_back(*body);
    }
    return found;
  }
  Now now() const { return now_; }

 private:
  void Recover();
  void PassTime(Duration time);
  void Release(const Effect& effect);

  MemoryJournal journal_{JournalId{77}};
  FakeFleet fleet_;
  std::optional<Coordinator> coordinator_;
  Now now_{{1'000'000}, {1'700'000'000'000}};
  std::optional<Crash> crash_;
  bool crashed_ = false;
  std::size_t appends_ = 0;
  std::size_t begin_ = 0;
  std::uint64_t next_id_ = 1;
  std::map<SubmissionId, SubmissionTaken> taken_;
  std::vector<SendReply> replies_;
  std::vector<std::string> asker_profiles_{"*"};
  std::vector<std::string> asker_targets_{"*"};
  std::vector<ItemId> acknowledged_;
  std::vector<PublishItem> published_;
  std::optional<Error> stopped_;
};

}  // namespace eris::planner::testing
