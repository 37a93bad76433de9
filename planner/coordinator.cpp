#include "planner/coordinator.h"

#include <algorithm>
#include <utility>
#include <variant>

#include "schema/base/planted.h"

namespace eris::planner {

Coordinator::Coordinator(CoordinatorOptions options, JournalReader& journal)
    : options_(options), journal_(&journal), watchers_(options.watch) {}

Result<Coordinator> Coordinator::Recover(CoordinatorOptions options, JournalReader& journal,
                                         Now now) {
  Coordinator coordinator(options, journal);
  ERIS_ASSIGN(coordinator.head_, journal.LoadHead());
  JournalHead& head = coordinator.head_;
  if (head.superseded && !IsPlanted(Bug::kForgetSuperseded))
    return tl::unexpected(SupersededError(head, head.seen));
  // Targets would answer for transactions of another copy of the journal.
  head.last_transaction = std::max(head.last_transaction, head.seen.transaction);
  for (const auto& [profile, generation] : head.generations) {
    coordinator.profiles_[profile].newest = generation;
  }
  ERIS_TRY(journal.ReplayOpen([&](const Event& event) -> Status {
    const bool begins = std::holds_alternative<SubmissionAccepted>(event.body);
    if (!begins && event.transaction && coordinator.Find(event.transaction) == nullptr) {
      return Fail(ErrorCode::kCorrupt,
                  "journal: event " + std::to_string(event.sequence.value) + " is of transaction " +
                      std::to_string(event.transaction.value) + ", which does not begin before it",
                  "restore the journal from a backup");
    }
    coordinator.Apply(event, now.steady);
    return {};
  }));
  coordinator.Record({}, PlannerStarted{EpochAfter(head, coordinator.options_.start)}, now);
  return coordinator;
}

void Coordinator::Record(TransactionId transaction, EventBody body, Now now) {
  Event event{.sequence = {head_.last_event.value + 1},
              .at = now.wall,
              .transaction = transaction,
              .body = std::move(body)};
  head_.last_event = event.sequence;
  Apply(event, now.steady);
  Follow(event, now);
  decisions_.records.push_back(std::move(event));
}

// The only place where journaled state changes, live and at replay.
void Coordinator::Apply(const Event& event, SteadyTime now) {
  if (const auto* started = std::get_if<PlannerStarted>(&event.body)) {
    head_.epoch = started->epoch;
    AddStart(head_.starts, {started->epoch, event.sequence});
    return;
  }
  if (const auto* superseded = std::get_if<PlannerSuperseded>(&event.body)) {
    head_.seen = Newest(head_.seen, superseded->seen);
    head_.superseded = true;
    return;
  }
  if (const auto* accepted = std::get_if<SubmissionAccepted>(&event.body)) {
    const Submission& submission = accepted->submission;
    if (Find(event.transaction) == nullptr) {
      head_.last_transaction = std::max(head_.last_transaction, event.transaction);
      auto transaction = std::make_unique<Transaction>(options_.tuning, event);
      if (!transaction->is_operation()) {
        profiles_[submission.profile].queue.push_back(event.transaction);
      }
      transactions_.emplace(event.transaction, std::move(transaction));
    }
  }
  last_events_[event.transaction] = event.sequence;
  Transaction& transaction = *transactions_.at(event.transaction);
  transaction.Apply(event, now);
  Profile& profile = profiles_[transaction.submission().profile];
  if (const auto* committed = std::get_if<GenerationCommitted>(&event.body)) {
    profile.newest = std::max(profile.newest, committed->generation);
    profile.changed = event.sequence;
  }
  if (std::holds_alternative<TransactionEnded>(event.body)) {
    profile.changed = event.sequence;
    // A stuck one keeps its place: what comes after it would build on sand.
    if (!transaction.is_stuck()) std::erase(profile.queue, event.transaction);
  }
}

// What an event causes beyond itself. Not at replay.
void Coordinator::Follow(const Event& event, Now now) {
  if (const auto* accepted = std::get_if<SubmissionAccepted>(&event.body)) {
    const Submission& submission = accepted->submission;
    submissions_[submission.id] = {event.transaction, DigestOf(submission)};
    decisions_.effects.emplace_back(ConfirmSubmission{
        {.id = accepted->submission.id, .transaction = event.transaction, .refused = {}}});
    return;
  }
  Transaction* transaction = Find(event.transaction);
  if (transaction == nullptr) return;
  if (std::holds_alternative<TransactionPlanned>(event.body)) {
    transaction->SetLink(link_, now.steady);
    for (const auto& [text, entry] : presence_) {
      const std::optional<QueueName> queue = ParseQueueName(text);
      if (!queue || entry.presence.state != Presence::State::kConnected) continue;
      transaction->SetPresence(*queue, Lanes::Presence::kConnected, now.steady);
    }
  }
  if (const auto* published = std::get_if<ItemsPublished>(&event.body)) {
    for (const PublishedItem& item : published->items) Publish(*transaction, item);
  }
}

void Coordinator::Publish(const Transaction& transaction, const PublishedItem& item) {
  const QueueName& queue = transaction.plan().items[item.index.value].queue;
  const auto* operate = std::get_if<Operate>(&transaction.submission().action);
  decisions_.effects.emplace_back(PublishItem{
      .queue = queue.ToString(),
      .item = {.id = {.step = {head_.journal, transaction.id(), item.index}, .grade = item.grade},
               .epoch = head_.epoch,
               .low_water = LowWater(queue),
               .deadline_ms = transaction.DeadlineOf(item).count(),
               .body_hash = 0,
               .body = transaction.BodyOf(item),
               .depot = {},
               .takes_over = operate != nullptr && operate->takes_over,
               .event = head_.last_event}});
}

void Coordinator::Stop(Error error) {
  if (stopped_) return;
  stopped_ = true;
  decisions_.effects.emplace_back(StopPlanner{std::move(error)});
}

void Coordinator::OnEpochSeen(Epoch epoch, Now now) {
  if (epoch > head_.epoch) OnSuperseded({.epoch = epoch, .event = {}, .transaction = {}}, now);
}

// Recorded, or whoever starts a planner that has ended would start it until it is the newest.
void Coordinator::OnSuperseded(const JournalPosition& seen, Now now) {
  if (stopped_) return;
  Record({}, PlannerSuperseded{seen}, now);
  Stop(SupersededError(head_, seen));
}

std::vector<PlannerStart> Coordinator::starts() const {
  std::vector<PlannerStart> starts = head_.starts;
  // Whoever took over has accepted that events are lost, and each target has seen others of them.
  if (head_.seen.epoch) {
    for (PlannerStart& start : starts) start.event = {};
  }
  return starts;
}

void Coordinator::OnWelcome(const Welcome& welcome, Now now) {
  if (welcome.journal == head_.journal) OnEpochSeen(welcome.epoch, now);
  if (stopped_) return;
  link_ = Lanes::Presence::kConnected;
  presence_.clear();
  lookouts_.clear();
  busy_.clear();
  for (const auto& [id, transaction] : transactions_) {
    transaction->SetLink(link_, now.steady);
    if (IsPlanted(Bug::kTrustReceipt)) continue;
    for (const PublishedItem& item : transaction->Out()) Publish(*transaction, item);
  }
}

void Coordinator::OnLinkLost(Now now) {
  link_ = Lanes::Presence::kAbsent;
  presence_.clear();
  lookouts_.clear();
  busy_.clear();
  for (const auto& [id, transaction] : transactions_) transaction->SetLink(link_, now.steady);
}

void Coordinator::OnPresence(const Presence& presence, Now now) {
  const std::optional<QueueName> queue = ParseQueueName(presence.queue);
  if (!queue) return;
  presence_[presence.queue] = {presence, now.wall, std::nullopt, {}};
  const Lanes::Presence state = presence.state == Presence::State::kConnected
                                    ? Lanes::Presence::kConnected
                                    : Lanes::Presence::kAbsent;
  for (const auto& [id, transaction] : transactions_) {
    transaction->SetPresence(*queue, state, now.steady);
  }
}

void Coordinator::OnReceipt(const ItemId& item, const Receipt& receipt, Now now) {
  if (item.step.journal != head_.journal) return;
  switch (receipt.what) {
    case Receipt::What::kQueued:
    case Receipt::What::kDuplicate:
      return;
    case Receipt::What::kBusy:
      busy_.emplace(now.steady + std::max(Duration(receipt.retry_after_ms), Duration(100)), item);
      return;
    case Receipt::What::kFenced:
      Stop({ErrorCode::kConflict, "the broker serves a newer planner",
            "stop one of the two planners"});
      return;
  }
}

void Coordinator::OnPublishRefused(const ItemId& item, const std::string& why, Now now) {
  if (item.step.journal != head_.journal || stopped_) return;
  const Transaction* transaction = Find(item.step.transaction);
  if (transaction == nullptr || !transaction->Awaits(item.step.index, item.grade)) return;
  Outcome outcome;
  outcome.verdict = Verdict::kUnavailable;
  outcome.message = "the broker does not queue it: " + why;
  Record(item.step.transaction, ItemSettled{{item.step.index, item.grade}, std::move(outcome)},
         now);
}

void Coordinator::OnOutcome(const std::string& queue, const ItemOutcome& outcome, Now now) {
  const StepId& step = outcome.id.step;
  if (step.journal != head_.journal || stopped_) return;
  Transaction* transaction = Find(step.transaction);
  const bool awaited = transaction != nullptr && transaction->Awaits(step.index, outcome.id.grade);
  if (awaited) {
    Record(step.transaction, ItemSettled{{step.index, outcome.id.grade}, outcome.outcome}, now);
  }
  // Also what nobody waits for: late grades, repeats, transactions long gone.
  decisions_.effects.emplace_back(AcknowledgeOutcome{
      .queue = queue,
      .item = outcome.id,
      .scope = transaction != nullptr ? AckScope::kJournaled : AckScope::kUnknownItem});
}

void Coordinator::OnProgress(const ItemId& item, Now now) {
  if (item.step.journal != head_.journal) return;
  Transaction* transaction = Find(item.step.transaction);
  if (transaction != nullptr && transaction->Awaits(item.step.index, item.grade)) {
    transaction->SawProgress(item.step.index, now.steady);
  }
}

void Coordinator::OnVitals(const std::string& queue, const Vitals& vitals, Now now) {
  const auto found = presence_.find(queue);
  if (found == presence_.end()) return;
  if (found->second.presence.state != Presence::State::kConnected) return;
  found->second.vitals = vitals;
  found->second.vitals_at = now.wall;
}

void Coordinator::OnReplyRefused(SessionId client) { watchers_.RemoveClient(client); }

void Coordinator::Advance(Now now) {
  if (stopped_) return;
  last_now_ = now.steady;
  again_at_once_ = false;
  ForgetFinished();
  RepublishDue(now.steady);
  for (const auto& [id, transaction] : transactions_) transaction->Tick(now.steady);
  for (bool goes_on = true; goes_on;) {
    goes_on = PlanHeads(now);
    for (const auto& [id, transaction] : transactions_) {
      if (Step(*transaction, now)) goes_on = true;
    }
  }
  if (watchers_.empty()) return;
  class Source final : public Watchers::Source {
   public:
    explicit Source(Coordinator& coordinator) : coordinator_(coordinator) {}
    Result<Plan> PlanOf(TransactionId id) override {
      const Transaction* transaction = coordinator_.Find(id);
      if (transaction == nullptr) return coordinator_.journal_->LoadPlan(id);
      if (transaction->is_planned()) return transaction->plan();
      return Fail(ErrorCode::kNotFound, "no plan yet");
    }
    bool HasEnded(TransactionId id) override {
      const Transaction* transaction = coordinator_.Find(id);
      return transaction == nullptr || transaction->phase() == TransactionPhase::kEnded;
    }

   private:
    Coordinator& coordinator_;
  };
  Source source(*this);
  watchers_.Push({.events = decisions_.records, .next = {head_.last_event.value + 1}}, *journal_,
                 source, decisions_.effects);
}

std::optional<SteadyTime> Coordinator::NextWake() const {
  std::optional<SteadyTime> wake;
  const auto consider = [&wake](std::optional<SteadyTime> moment) {
    if (moment) wake = wake ? std::min(*wake, *moment) : *moment;
  };
  if (stopped_) return wake;
  if (again_at_once_) consider(last_now_);
  if (const auto pause = watchers_.CatchUpPause()) consider(last_now_ + *pause);
  if (!busy_.empty()) consider(busy_.begin()->first);
  for (const auto& [id, lookout] : lookouts_) consider(lookout.until);
  for (const auto& [id, transaction] : transactions_) consider(transaction->NextWake());
  return wake;
}

bool Coordinator::RefersToThePast() const {
  return std::any_of(transactions_.begin(), transactions_.end(), [](const auto& entry) {
    const Transaction& transaction = *entry.second;
    return transaction.phase() == TransactionPhase::kSubmitted && !transaction.is_planned() &&
           std::holds_alternative<RetryTransaction>(transaction.submission().action);
  });
}

GenerationNumber Coordinator::CurrentGeneration(const ProfileName& profile) const {
  const auto found = profiles_.find(profile);
  return found == profiles_.end() ? GenerationNumber{} : found->second.newest;
}

bool Coordinator::IsDurable(EventSequence sequence) const {
  return decisions_.records.empty() || sequence < decisions_.records.front().sequence;
}

// Once the journal answers for them, and no outcome of theirs can matter.
void Coordinator::ForgetFinished() {
  for (auto entry = transactions_.begin(); entry != transactions_.end();) {
    const auto& [id, transaction] = *entry;
    if (!transaction->is_finished() || !IsDurable(last_events_[id])) {
      ++entry;
      continue;
    }
    std::erase_if(submissions_,
                  [number = id](const auto& known) { return known.second.transaction == number; });
    last_events_.erase(id);
    lookouts_.erase(id);
    entry = transactions_.erase(entry);
  }
}

void Coordinator::RepublishDue(SteadyTime now) {
  while (!busy_.empty() && busy_.begin()->first <= now) {
    const ItemId item = busy_.begin()->second;
    busy_.erase(busy_.begin());
    const Transaction* transaction = Find(item.step.transaction);
    if (transaction == nullptr || !transaction->Awaits(item.step.index, item.grade)) continue;
    Publish(*transaction, {item.step.index, item.grade});
  }
}

Transaction* Coordinator::Find(TransactionId transaction) const {
  const auto found = transactions_.find(transaction);
  return found == transactions_.end() ? nullptr : found->second.get();
}

}  // namespace eris::planner
