// Who goes first: submissions, the queue of each profile, leases of shared targets.
#include <algorithm>
#include <utility>
#include <variant>

#include "planner/content.h"
#include "planner/coordinator.h"
#include "planner/deletion.h"
#include "schema/base/text.h"

namespace eris::planner {

void Coordinator::OnSubmission(const Submission& submission, Now now) {
  if (stopped_) return;
  const Result<std::optional<JournaledSubmission>> known = FindSubmission(submission.id);
  if (!known) {
    Stop(known.error());
    return;
  }
  if (!*known) {
    Accept(submission, now);
    return;
  }
  if ((*known)->digest != DigestOf(submission)) {
    Refuse(submission.id, "submission id " + submission.id.text +
                              " was used for something else (transaction " +
                              std::to_string((*known)->transaction.value) + ")");
    return;
  }
  decisions_.effects.emplace_back(ConfirmSubmission{
      {.id = submission.id, .transaction = (*known)->transaction, .refused = {}}});
}

void Coordinator::OnUnreadableSubmission(const SubmissionId& id, std::string why) {
  Refuse(id, std::move(why));
}

void Coordinator::Accept(const Submission& submission, Now now) {
  if (submission.id.empty() || submission.profile.empty()) {
    Refuse(submission.id, "a submission needs an id and a profile");
    return;
  }
  if (!IsSafeFileName(submission.profile.text)) {  // targets keep links of this name
    Refuse(submission.id, "'" + submission.profile.text + "' cannot be the name of a profile");
    return;
  }
  if (std::holds_alternative<UploadObjects>(submission.action)) {  // planner/uploads.h
    Refuse(submission.id, "nothing can be uploaded to this planner");
    return;
  }
  if (const auto* retry = std::get_if<RetryTransaction>(&submission.action)) {
    Transaction* of = Find(retry->of);
    const std::string name = "transaction " + std::to_string(retry->of.value);
    if (retry->of > head_.last_transaction || !retry->of) {
      Refuse(submission.id, name + " does not exist");
      return;
    }
    if (of != nullptr && of->submission().profile != submission.profile) {
      Refuse(submission.id, name + " is of profile " + of->submission().profile.text);
      return;
    }
    if (of != nullptr && of->is_stuck()) {
      Resume(submission, *of, now);
      return;
    }
    if (of != nullptr && of->phase() != TransactionPhase::kEnded) {
      Refuse(submission.id, name + " has not ended yet");
      return;
    }
  }
  if (transactions_.size() >= options_.max_open_transactions) {
    Refuse(submission.id, "busy: " + std::to_string(transactions_.size()) +
                              " transactions are open; try again later");
    return;
  }
  const TransactionId id{head_.last_transaction.value + 1};
  Record(id, SubmissionAccepted{submission}, now);
  Supersede(submission, id, now);
}

// Another try at a stuck one is the same transaction going on.
void Coordinator::Resume(const Submission& submission, Transaction& stuck, Now now) {
  const TransactionId id = stuck.id();
  Record(id, SubmissionAccepted{submission}, now);
  Record(id, RollbackResumed{submission.author}, now);
}

void Coordinator::Refuse(const SubmissionId& id, std::string why) {
  decisions_.effects.emplace_back(
      ConfirmSubmission{{.id = id, .transaction = {}, .refused = std::move(why)}});
}

void Coordinator::Supersede(const Submission& submission, TransactionId by, Now now) {
  if (submission.options.queueing != Queueing::kSupersedeQueued) return;
  if (std::holds_alternative<Operate>(submission.action) ||
      std::holds_alternative<StateOperation>(submission.action)) {
    return;
  }
  const std::deque<TransactionId> queue = profiles_[submission.profile].queue;
  for (const TransactionId id : queue) {
    const Transaction* queued = Find(id);
    if (id == by || queued == nullptr) continue;
    if (queued->phase() != TransactionPhase::kSubmitted || queued->is_planned()) continue;
    Record(id,
           TransactionEnded{TransactionResult::kSuperseded,
                            "superseded by transaction " + std::to_string(by.value)},
           now);
  }
}

Result<std::optional<JournaledSubmission>> Coordinator::FindSubmission(
    const SubmissionId& id) const {
  if (const auto found = submissions_.find(id); found != submissions_.end()) {
    return std::optional(found->second);
  }
  return journal_->FindSubmission(id);
}

// Plans the head of each profile's queue, and operations, which queue up nowhere.
bool Coordinator::PlanHeads(Now now) {
  std::vector<Transaction*> heads;
  for (const auto& [name, profile] : profiles_) {
    if (!profile.queue.empty()) heads.push_back(Find(profile.queue.front()));
  }
  for (const auto& [id, transaction] : transactions_) {
    if (transaction->is_operation()) heads.push_back(transaction.get());
  }
  bool planned_any = false;
  for (Transaction* transaction : heads) {
    if (transaction == nullptr || transaction->is_planned()) continue;
    if (transaction->phase() != TransactionPhase::kSubmitted) continue;
    const Profile& profile = profiles_[transaction->submission().profile];
    if (!IsDurable(profile.changed)) {
      again_at_once_ = true;
      continue;
    }
    const std::optional<std::vector<TargetName>> absent = LookOut(*transaction, now);
    if (!absent) continue;
    PlanOne(*transaction, *absent, now);
    planned_any = true;
  }
  return planned_any;
}

// The targets to be planned without; nothing as long as they are to be waited for. They are looked
// for here only where the transaction will not wait for them later.
std::optional<std::vector<TargetName>> Coordinator::LookOut(const Transaction& transaction,
                                                            Now now) {
  const Submission& submission = transaction.submission();
  const TargetOffline policy = submission.options.target_offline;
  if (policy == TargetOffline::kWait || !transaction.makes_generation()) {
    return std::vector<TargetName>{};
  }
  if (link_ != Lanes::Presence::kConnected) return std::nullopt;
  const auto [entry, is_new] = lookouts_.try_emplace(transaction.id());
  Lookout& lookout = entry->second;
  if (is_new) {
    const GenerationNumber current = profiles_[submission.profile].newest;
    // What is wrong with it is found again, and told, when it is planned.
    lookout.targets =
        TargetsWanted(submission, current, *journal_).value_or(std::vector<TargetName>());
    const Duration wait(policy == TargetOffline::kSkip ? submission.options.wait_ms : 0);
    lookout.until = now.steady + std::max(wait, options_.tuning.presence_patience);
  }
  std::vector<TargetName> absent = AbsentOf(lookout.targets);
  if (!absent.empty() && now.steady < lookout.until) return std::nullopt;
  return absent;
}

std::vector<TargetName> Coordinator::AbsentOf(const std::vector<TargetName>& targets) const {
  std::vector<TargetName> absent;
  for (const TargetName& target : targets) {
    const QueueName queue{.kind = QueueName::Kind::kTarget, .name = target.text};
    const auto found = presence_.find(queue.ToString());
    const bool is_there =
        found != presence_.end() && found->second.presence.state == Presence::State::kConnected;
    if (!is_there) absent.push_back(target);
  }
  return absent;
}

// Nothing is run for it: it ends as soon as its turn has come.
void Coordinator::Delete(const Transaction& transaction, GenerationNumber current, Now now) {
  std::vector<NeededBy> open;
  for (const auto& [id, other] : transactions_) {
    if (id == transaction.id() || other->is_finished()) continue;
    if (other->submission().profile != transaction.submission().profile) continue;
    open.push_back({id, &other->submission().action,
                    other->is_planned() ? other->plan().base : GenerationNumber()});
  }
  Result<GenerationsDeleted> deleted =
      DeletionOf(transaction.submission(), current, open, *journal_);
  if (!deleted) {
    std::string message = deleted.error().message;
    if (!deleted.error().fix.empty()) message += "; " + deleted.error().fix;
    Record(transaction.id(), TransactionEnded{TransactionResult::kInvalid, message}, now);
    return;
  }
  std::string message = DescribeDeletion(*deleted);
  Record(transaction.id(), *std::move(deleted), now);
  Record(transaction.id(), TransactionEnded{TransactionResult::kCommitted, std::move(message)},
         now);
}

void Coordinator::PlanOne(Transaction& transaction, std::span<const TargetName> absent, Now now) {
  const Submission& submission = transaction.submission();
  lookouts_.erase(transaction.id());
  const GenerationNumber current = profiles_[submission.profile].newest;
  if (std::holds_alternative<DeleteGenerations>(submission.action)) {
    return Delete(transaction, current, now);
  }
  Result<PlannedContent> content = PlanContent(submission, current, absent, *journal_);
  if (!content) {
    const Error& error = content.error();
    const TransactionResult result = error.code == ErrorCode::kUnavailable
                                         ? TransactionResult::kAborted
                                         : TransactionResult::kInvalid;
    const std::string message =
        error.fix.empty() ? error.message : error.message + "; " + error.fix;
    Record(transaction.id(), TransactionEnded{result, message}, now);
    return;
  }
  Record(transaction.id(),
         TransactionPlanned{.plan_hash = std::move(content->plan_hash),
                            .plan = std::move(content->plan),
                            .next = std::move(content->next)},
         now);
}

bool Coordinator::Step(Transaction& transaction, Now now) {
  Permits permits{
      .lock = Permits::Lock::kWait,
      .next_generation = {CurrentGeneration(transaction.submission().profile).value + 1}};
  if (transaction.wants_lock() && !BlockerOf(transaction)) permits.lock = Permits::Lock::kGranted;
  bool decided = false;
  while (std::optional<EventBody> next = transaction.Decide(permits, now.steady)) {
    Record(transaction.id(), std::move(*next), now);
    decided = true;
  }
  return decided;
}

// Whoever holds one of its targets, or came first and wants one, too.
std::optional<Coordinator::Blocker> Coordinator::BlockerOf(const Transaction& transaction) const {
  for (const auto& [id, other] : transactions_) {
    if (id == transaction.id() || !other->is_planned()) continue;
    const bool came_first = id < transaction.id() && other->wants_lock();
    for (const TargetName& target : transaction.lease_targets()) {
      const bool waits_for_it = came_first && other->lease_targets().contains(target);
      if (waits_for_it || other->holds(target)) return Blocker{target, id};
    }
  }
  return std::nullopt;
}

// The oldest transaction that may still do something on the ledger that answers for the queue: a
// worker may serve a target and any builders with one.
TransactionId Coordinator::LowWater(const QueueName& queue) const {
  for (const auto& [id, transaction] : transactions_) {
    if (transaction->is_finished()) continue;
    const bool may_be_of_any_target = queue.kind == QueueName::Kind::kBuilder;
    if (!transaction->is_planned() || may_be_of_any_target || transaction->may_build() ||
        transaction->involves(queue)) {
      return id;
    }
  }
  return {head_.last_transaction.value + 1};
}

}  // namespace eris::planner
