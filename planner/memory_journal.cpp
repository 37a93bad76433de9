#include "planner/memory_journal.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>
#include <variant>

#include "planner/plan/diff.h"
#include "planner/transaction.h"
#include "planner/watchers.h"
#include "schema/base/check.h"

namespace eris::planner {
namespace {

tl::unexpected<Error> Missing(TransactionId transaction) {
  return Fail(ErrorCode::kNotFound,
              "journal: no such thing of transaction " + std::to_string(transaction.value));
}

}  // namespace

Status MemoryJournal::Append(std::span<const Event> events) {
  for (const Event& event : events) {
    ERIS_CHECK(event.sequence.value == events_.size() + 1, "events go on without a gap");
    events_.push_back(event);
  }
  return {};
}

Result<JournalHead> MemoryJournal::LoadHead() {
  JournalHead head;
  head.journal = id_;
  head.last_event = {events_.size()};
  for (const Event& event : events_) {
    head.last_transaction = std::max(head.last_transaction, event.transaction);
    if (const auto* started = std::get_if<PlannerStarted>(&event.body)) {
      head.epoch = started->epoch;
      AddStart(head.starts, {started->epoch, event.sequence});
      head.superseded = false;
    }
    if (const auto* superseded = std::get_if<PlannerSuperseded>(&event.body)) {
      head.seen = Newest(head.seen, superseded->seen);
      AddStart(head.starts, {superseded->seen.epoch, {}});
      head.superseded = true;
    }
    if (const auto* committed = std::get_if<GenerationCommitted>(&event.body)) {
      head.generations[committed->profile] = committed->generation;
    }
  }
  return head;
}

bool MemoryJournal::IsOpen(TransactionId transaction) const {
  std::optional<TransactionResult> result;
  std::set<TargetName> set_aside;
  for (const Event& event : events_) {
    if (event.transaction != transaction) continue;
    if (const auto* ended = std::get_if<TransactionEnded>(&event.body)) result = ended->result;
    if (std::holds_alternative<RollbackResumed>(event.body)) result.reset();
    if (const auto* entered = std::get_if<PhaseEntered>(&event.body)) {
      const bool goes_back = entered->phase == TransactionPhase::kAborting ||
                             entered->phase == TransactionPhase::kRollingBack;
      if (goes_back) set_aside.clear();
    }
    if (const auto* verified = std::get_if<TargetVerified>(&event.body)) {
      if (verified->verdict == TargetVerified::Verdict::kUnverified) {
        set_aside.insert(verified->target);
      } else {
        set_aside.erase(verified->target);
      }
    }
    if (const auto* abandoned = std::get_if<Abandoned>(&event.body)) {
      if (abandoned->target.empty()) set_aside.clear();
      set_aside.erase(abandoned->target);
    }
  }
  return !result || *result == TransactionResult::kStuck ||
         *result == TransactionResult::kCommittedStillLocked || !set_aside.empty();
}

Status MemoryJournal::ReplayOpen(const Visitor& visit) {
  std::map<TransactionId, bool> open;
  for (const Event& event : events_) {
    if (!event.transaction) continue;
    const auto [known, is_new] = open.try_emplace(event.transaction, false);
    if (is_new) known->second = IsOpen(event.transaction);
    if (known->second) ERIS_TRY(visit(event));
  }
  return {};
}

Result<std::vector<Event>> MemoryJournal::ReadEvents(const EventFilter& filter) {
  std::vector<Event> found;
  for (const Event& event : events_) {
    if (filter.from && found.size() >= filter.limit) break;
    if (event.sequence < filter.from) continue;
    if (filter.transaction && event.transaction != *filter.transaction) continue;
    found.push_back(WithoutBulk(event));
  }
  if (found.size() > filter.limit) found.erase(found.begin(), found.end() - filter.limit);
  return found;
}

template <typename Body>
const Body* MemoryJournal::FindBody(TransactionId transaction) const {
  for (const Event& event : events_) {
    if (event.transaction != transaction) continue;
    if (const auto* body = std::get_if<Body>(&event.body)) return body;
  }
  return nullptr;
}

Result<std::vector<GenerationInfo>> MemoryJournal::LoadGenerations(const ProfileName& profile) {
  std::vector<GenerationInfo> found;
  for (const Event& event : events_) {
    if (const auto* deleted = std::get_if<GenerationsDeleted>(&event.body)) {
      if (deleted->profile != profile) continue;
      for (const auto& [generation, transaction] : deleted->generations) {
        std::erase_if(found, [number = generation](const GenerationInfo& info) {
          return info.generation == number;
        });
      }
    }
    const auto* committed = std::get_if<GenerationCommitted>(&event.body);
    if (committed == nullptr || committed->profile != profile) continue;
    const auto* planned = FindBody<TransactionPlanned>(event.transaction);
    const auto* accepted = FindBody<SubmissionAccepted>(event.transaction);
    ERIS_CHECK(planned != nullptr && accepted != nullptr, "what is committed was planned");
    found.push_back({.profile = profile,
                     .generation = committed->generation,
                     .transaction = event.transaction,
                     .committed_at = event.at,
                     .author = accepted->submission.author,
                     .mappings = static_cast<std::uint32_t>(planned->next.mappings.size()),
                     .targets = static_cast<std::uint32_t>(ParticipantsOf(planned->next).size()),
                     .standing = GenerationInfo::Standing::kOld});
  }
  if (!found.empty()) found.back().standing = GenerationInfo::Standing::kCurrent;
  return found;
}

Result<Manifest> MemoryJournal::LoadManifest(const ProfileName& profile, GenerationNumber number) {
  ERIS_ASSIGN(const std::vector<GenerationInfo> generations, LoadGenerations(profile));
  for (auto info = generations.rbegin(); info != generations.rend(); ++info) {
    if (number && info->generation != number) continue;
    return FindBody<TransactionPlanned>(info->transaction)->next;
  }
  return Fail(ErrorCode::kNotFound,
              "profile " + profile.text + " has no generation " + std::to_string(number.value));
}

Result<Submission> MemoryJournal::LoadSubmission(TransactionId transaction) {
  const auto* accepted = FindBody<SubmissionAccepted>(transaction);
  if (accepted == nullptr) return Missing(transaction);
  return accepted->submission;
}

Result<std::optional<JournaledSubmission>> MemoryJournal::FindSubmission(const SubmissionId& id) {
  for (const Event& event : events_) {
    const auto* accepted = std::get_if<SubmissionAccepted>(&event.body);
    if (accepted == nullptr || accepted->submission.id != id) continue;
    return std::optional(JournaledSubmission{event.transaction, DigestOf(accepted->submission)});
  }
  return std::optional<JournaledSubmission>{};
}

Result<TransactionStatus> MemoryJournal::LoadTransaction(TransactionId transaction) {
  std::optional<Transaction> replayed;
  for (const Event& event : events_) {
    if (event.transaction != transaction) continue;
    if (!replayed) {
      replayed.emplace(Tuning{}, event);
    } else {
      replayed->Apply(event, {});
    }
  }
  if (!replayed) return Missing(transaction);
  TransactionStatus status = replayed->Status({});
  status.waiting_for.clear();
  return status;
}

Result<std::vector<TransactionStatus>> MemoryJournal::LoadTransactions(
    const TransactionFilter& filter) {
  ERIS_ASSIGN(const JournalHead head, LoadHead());
  std::vector<TransactionStatus> found;
  for (std::uint64_t id = head.last_transaction.value; id > 0; --id) {
    if (found.size() >= filter.limit) break;
    Result<TransactionStatus> status = LoadTransaction({id});
    if (!status) continue;  // numbers are skipped by a take-over
    if (!filter.profile || status->profile == *filter.profile) found.push_back(*std::move(status));
  }
  return found;
}

Result<Plan> MemoryJournal::LoadPlan(TransactionId transaction) {
  const auto* planned = FindBody<TransactionPlanned>(transaction);
  if (planned == nullptr) return Missing(transaction);
  return planned->plan;
}

Result<std::vector<ItemSettled>> MemoryJournal::LoadOutcomes(TransactionId transaction,
                                                             std::optional<ItemIndex> item) {
  std::vector<ItemSettled> found;
  for (const Event& event : events_) {
    const auto* settled = std::get_if<ItemSettled>(&event.body);
    if (settled == nullptr || event.transaction != transaction) continue;
    if (!item || settled->item.index == *item) found.push_back(*settled);
  }
  return found;
}

}  // namespace eris::planner
