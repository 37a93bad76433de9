#include "worker/agent.h"

#include <algorithm>
#include <utility>

#include "schema/base/check.h"
#include "schema/base/overloaded.h"
#include "schema/base/planted.h"
#include "schema/codec/codec.h"
#include "worker/item_rules.h"

namespace eris {
namespace {

Outcome Refusal(Verdict verdict, std::string why) {
  return {.verdict = verdict, .message = std::move(why)};
}

bool IsConfirmation(const ItemBody& body) {
  const auto* lock = std::get_if<LockItem>(&body);
  return lock != nullptr && std::holds_alternative<ConfirmLease>(lock->what);
}

bool Acquires(const ItemBody& body) {
  const auto* lock = std::get_if<LockItem>(&body);
  return lock != nullptr && std::holds_alternative<AcquireLease>(lock->what);
}

bool IsRelease(const ItemBody& body) {
  const auto* unlock = std::get_if<UnlockItem>(&body);
  return unlock != nullptr && std::holds_alternative<ReleaseLease>(unlock->what);
}

std::string Describe(TransactionId transaction) { return std::to_string(transaction.value); }

}  // namespace

Agent::Agent(AgentOptions options, LedgerState ledger)
    : options_(std::move(options)), ledger_(std::move(ledger)), scheduler_(options_.limits) {
  ERIS_CHECK(!options_.queues.empty(), "a worker serves at least one queue");
}

Agent Agent::Recover(AgentOptions options, LedgerState ledger, Now now) {
  Agent agent(std::move(options), std::move(ledger));
  if (IsPlanted(Bug::kForgetLease)) agent.ledger_.lease.reset();
  for (const auto& [step, attempts] : agent.ledger_.steps) {
    for (const auto& [grade, attempt] : attempts) {
      agent.TakeUp({.step = step, .grade = grade}, attempt, now);
    }
  }
  agent.ExpireLease(now);
  agent.StartRunnable(now);
  agent.StopSettled();
  return agent;
}

void Agent::TakeUp(const ItemId& id, const LedgerAttempt& attempt, Now now) {
  if (attempt.outcome) {
    if (attempt.report == LedgerAttempt::Report::kDue) unacknowledged_.emplace(id, now.steady);
    return;
  }
  ERIS_CHECK(attempt.body.has_value(), "an open attempt keeps its body");
  scheduler_.Add(id, **attempt.body);
  held_.emplace(id.step, Held{.id = id,
                              .body = *attempt.body,
                              .body_hash = attempt.body_hash,
                              .mode = StartMode::kResumed});
}

void Agent::Record(LedgerRecord record) {
  RecordAcknowledged();
  Apply(ledger_, record);
  decisions_.records.push_back(std::move(record));
}

void Agent::RecordAcknowledged() {
  for (const ItemId& id : std::exchange(acknowledged_, {})) {
    if (ledger_.Find(id) == nullptr) continue;
    decisions_.records.push_back(OutcomeAcknowledged{.id = id});
    Apply(ledger_, decisions_.records.back());
  }
}

void Agent::Send(Message message) {
  if (link_ == Link::kUp) decisions_.effects.push_back(SendMessage{std::move(message)});
}

Epoch Agent::EpochOf(JournalId journal) const {
  return journal == ledger_.journal ? ledger_.epoch : Epoch();
}

void Agent::SendOutcome(const ItemId& id, std::string encoded, Now now) {
  unacknowledged_.insert_or_assign(id, now.steady);
  Send({.header = {.kind = MessageKind::kOutcome,
                   .queue = options_.queues.front().ToString(),
                   .item = id,
                   .epoch = EpochOf(id.step.journal)},
        .body = std::move(encoded)});
}

// A refusal is no outcome: it is neither recorded nor sent again.
void Agent::Refuse(const ItemId& id, std::string why) {
  Send({.header = {.kind = MessageKind::kOutcome,
                   .queue = options_.queues.front().ToString(),
                   .item = id,
                   .epoch = EpochOf(id.step.journal)},
        .body = Encode(Refusal(Verdict::kRefused, std::move(why)))});
}

void Agent::OnConnected(Now now) {
  link_ = Link::kUp;
  for (const QueueName& queue : options_.queues) {
    Send({.header = {.kind = MessageKind::kCredit, .queue = queue.ToString()},
          .body = Encode(Credit{.items = options_.max_items})});
  }
  for (auto& [id, sent] : unacknowledged_) {
    const LedgerAttempt* attempt = ledger_.Find(id);
    ERIS_CHECK(attempt != nullptr && attempt->outcome, "what is unacknowledged is settled");
    SendOutcome(id, Encode(*attempt->outcome), now);
  }
}

void Agent::OnDisconnected() { link_ = Link::kDown; }

void Agent::OnMessage(const Message& message, Now now) {
  switch (message.header.kind) {
    case MessageKind::kDeliver:
      return OnDeliver(message, now);
    case MessageKind::kRevoke:
      return OnRevoke(message.header.item, now);
    case MessageKind::kOutcomeAck:
      return OnOutcomeAck(message.header.item);
    case MessageKind::kFault:
      return;  // never answered, or two peers could fault for ever
    default:
      Send({.header = {.kind = MessageKind::kFault},
            .body = Encode(Fault{.code = Fault::Code::kUnimplemented,
                                 .of = message.header.kind,
                                 .message = "a worker takes items only"})});
  }
}

void Agent::OnDeliver(const Message& message, Now now) {
  Result<WorkItem> item = DecodeWorkItem(message);
  if (!item) return Refuse(message.header.item, item.error().message);
  if (!PassesFences(*item)) return;
  if (item->epoch > ledger_.epoch || item->event > ledger_.event) {
    Record(EpochSeen{.epoch = std::max(item->epoch, ledger_.epoch), .event = item->event});
  }
  RaiseLowWater(item->low_water);
  if (IsHeld(*item) || IsAnswered(*item, now)) return;
  if (held_.size() >= options_.max_items) {
    return Refuse(item->id, "more items than this worker granted credit for");
  }
  Accept(*std::move(item));
  StartRunnable(now);
}

bool Agent::PassesFences(const WorkItem& item) {
  const ItemId& id = item.id;
  if (MayTakeOver(item)) {
    if (!held_.empty()) {
      Refuse(id, "this worker is not done yet with what another journal asked for");
      return false;
    }
    ServeAnother(id.step.journal);
  }
  if (ledger_.journal && id.step.journal != ledger_.journal) {
    Refuse(id, "this worker serves another journal; a take-over must be asked for by an operator");
    return false;
  }
  if (item.epoch < ledger_.epoch && !IsPlanted(Bug::kIgnoreEpoch)) {
    Refuse(id, "a newer planner has been seen: epoch " + std::to_string(ledger_.epoch.value));
    return false;
  }
  if (id.step.transaction < ledger_.low_water) {
    Refuse(id, "transaction " + Describe(id.step.transaction) + " is settled for ever");
    return false;
  }
  if (!ledger_.journal) Record(JournalBound{.journal = id.step.journal});
  return true;
}

bool Agent::MayTakeOver(const WorkItem& item) const {
  const JournalId journal = item.id.step.journal;
  if (!ledger_.journal || journal == ledger_.journal) return false;
  const bool has_targets =
      std::any_of(options_.queues.begin(), options_.queues.end(),
                  [](const QueueName& queue) { return queue.kind == QueueName::Kind::kTarget; });
  return item.takes_over || (!has_targets && journal == in_charge_);
}

// Everything that the other journal has numbered is forgotten; what is active here stays.
void Agent::ServeAnother(JournalId journal) {
  std::vector<TransactionId> rooted;
  for (const auto& [transaction, paths] : ledger_.roots) rooted.push_back(transaction);
  for (const TransactionId transaction : rooted) {
    Record(RootsDropped{.transaction = transaction});
    decisions_.effects.push_back(DropRoots{.transaction = transaction});
  }
  acknowledged_.clear();
  unacknowledged_.clear();
  Record(JournalBound{.journal = journal});
}

void Agent::RaiseLowWater(TransactionId low_water) {
  if (low_water <= ledger_.low_water) return;
  std::vector<TransactionId> rooted;
  for (const auto& [transaction, paths] : ledger_.roots) {
    if (transaction < low_water) rooted.push_back(transaction);
  }
  for (const TransactionId transaction : rooted) {
    Record(RootsDropped{.transaction = transaction});
    decisions_.effects.push_back(DropRoots{.transaction = transaction});
  }
  Record(LowWaterRaised{.low_water = low_water});
  StopSettled();
  std::erase_if(unacknowledged_,
                [&](const auto& entry) { return entry.first.step.transaction < low_water; });
}

// An operator has given it up; its planner does not wait for it any more.
void Agent::StopSettled() {
  for (auto step = held_.begin(); step != held_.end();) {
    Held& held = step->second;
    const bool is_settled = IsSettledForEver(held);
    if (is_settled && held.state == Held::State::kWaiting && held.mode == StartMode::kFresh) {
      scheduler_.Remove(held.id);
      step = held_.erase(step);
      continue;
    }
    if (is_settled && held.state == Held::State::kRunning) {
      decisions_.effects.push_back(StopWork{held.id});
      held.state = Held::State::kStopping;
    }
    if (is_settled) held.successor.reset();
    ++step;
  }
}

// Nobody can unlock for a transaction that is settled for ever: an operator gave it up.
void Agent::ReleaseSettledLease() {
  if (!ledger_.lease || ledger_.lease->transaction >= ledger_.low_water || RunsSettled()) return;
  Record(LeaseReleased{.transaction = ledger_.lease->transaction});
}

bool Agent::IsSettledForEver(const Held& held) const {
  return held.id.step.transaction < ledger_.low_water && !ActivitiesOf(*held.body).empty();
}

bool Agent::RunsSettled() const {
  return std::any_of(held_.begin(), held_.end(),
                     [this](const auto& entry) { return IsSettledForEver(entry.second); });
}

// True when the step waits or runs here already and the item needs no more of us now.
bool Agent::IsHeld(const WorkItem& item) {
  const auto found = held_.find(item.id.step);
  if (found == held_.end()) return false;
  Held& held = found->second;
  const Grade newest = held.successor ? held.successor->id.grade : held.id.grade;
  const std::uint64_t hash = held.successor ? held.successor->body_hash : held.body_hash;
  if (item.id.grade == newest) {
    if (item.body_hash != hash) Refuse(item.id, "another body under a known id");
    return true;
  }
  if (item.id.grade < newest) {
    Refuse(item.id, "a later attempt at this step has been seen");
    return true;
  }
  if (held.state == Held::State::kWaiting && held.mode == StartMode::kFresh) {
    scheduler_.Remove(held.id);
    held_.erase(found);
    return false;
  }
  if (held.state == Held::State::kRunning) {
    decisions_.effects.push_back(StopWork{held.id});
    held.state = Held::State::kStopping;
  }
  held.successor = item;
  return true;
}

bool Agent::IsAnswered(const WorkItem& item, Now now) {
  const auto step = ledger_.steps.find(item.id.step);
  if (step == ledger_.steps.end()) return false;
  const auto& attempts = step->second;
  const Grade highest = attempts.rbegin()->first;
  if (const auto same = attempts.find(item.id.grade); same != attempts.end()) {
    ERIS_CHECK(same->second.outcome.has_value(), "an open attempt is held");
    if (IsPlanted(Bug::kRunDuplicate)) {
      ledger_.steps.erase(step);
      return false;
    }
    if (same->second.body_hash != item.body_hash && !IsPlanted(Bug::kAnswerOtherBody)) {
      Refuse(item.id, "another body under a known id");
    } else {
      SendOutcome(item.id, Encode(*same->second.outcome), now);
    }
    return true;
  }
  if (item.id.grade < highest) {
    if (IsPlanted(Bug::kIgnoreGrade)) return false;
    Refuse(item.id, "a later attempt at this step has been seen");
    return true;
  }
  const auto success = std::find_if(attempts.begin(), attempts.end(), [&](const auto& entry) {
    return entry.first.direction == item.id.grade.direction && entry.second.outcome &&
           entry.second.outcome->verdict == Verdict::kSucceeded &&
           entry.second.body_hash == item.body_hash;
  });
  // What a query saw then is not what it would see now.
  if (success == attempts.end() || std::holds_alternative<QueryItem>(item.body)) return false;
  const Outcome outcome = *success->second.outcome;
  Record(StepSettled{.id = item.id, .body_hash = item.body_hash, .outcome = outcome});
  SendOutcome(item.id, Encode(outcome), now);
  return true;
}

void Agent::Accept(WorkItem item) {
  if (Acquires(item.body) && RunsSettled()) {
    leases_waiting_.push_back(item.id);
  } else {
    scheduler_.Add(item.id, item.body);
  }
  held_.insert_or_assign(item.id.step, Held{.id = item.id,
                                            .body = std::move(item.body),
                                            .depot = std::move(item.depot),
                                            .deadline_ms = item.deadline_ms,
                                            .body_hash = item.body_hash});
}

void Agent::StartRunnable(Now now) {
  ReleaseSettledLease();
  if (!leases_waiting_.empty() && !RunsSettled()) {
    for (const ItemId& id : std::exchange(leases_waiting_, {})) {
      const auto found = held_.find(id.step);
      if (found != held_.end() && found->second.id == id) scheduler_.Add(id, *found->second.body);
    }
  }
  // Settling at once makes room, so ask again until nothing more can start.
  for (std::vector<ItemId> ids = scheduler_.TakeRunnable(); !ids.empty();
       ids = scheduler_.TakeRunnable()) {
    for (const ItemId& id : ids) Begin(held_.at(id.step), now);
  }
}

void Agent::Begin(Held& held, Now now) {
  held.state = Held::State::kRunning;
  if (held.mode == StartMode::kFresh) {
    if (std::string objection = LeaseObjection(held.id, *held.body); !objection.empty()) {
      const Verdict verdict =
          LeaseNeedOf(*held.body) == LeaseNeed::kNone ? Verdict::kFailed : Verdict::kUnavailable;
      return Settle(held.id, Refusal(verdict, std::move(objection)), now);
    }
    // All of it is what the ledger says: there is nothing that a crash could cut short.
    if (IsConfirmation(*held.body) || IsRelease(*held.body)) {
      return Settle(held.id, {.verdict = Verdict::kSucceeded}, now);
    }
    Record(StepStarted{.id = held.id, .body_hash = held.body_hash, .body = held.body});
    for (LedgerRecord& record : RecordsBefore(held.id, *held.body)) Record(std::move(record));
    if (const auto* lock = std::get_if<LockItem>(&*held.body)) {
      if (const auto* acquire = std::get_if<AcquireLease>(&lock->what)) {
        Record(LeaseGranted{.transaction = held.id.step.transaction,
                            .profile = acquire->profile,
                            .expires = {now.wall.ms + acquire->lease_ms}});
      }
    }
  }
  decisions_.effects.push_back(StartWork{.id = held.id,
                                         .deadline_ms = held.deadline_ms,
                                         .body = held.body,
                                         .depot = held.depot,
                                         .mode = held.mode});
}

std::string Agent::LeaseObjection(const ItemId& id, const ItemBody& body) const {
  const TransactionId transaction = id.step.transaction;
  if (Acquires(body)) {
    if (!ledger_.lease || ledger_.lease->transaction == transaction) return {};
    return "locked by transaction " + Describe(ledger_.lease->transaction);
  }
  const LeaseNeed need = LeaseNeedOf(body);
  if (need == LeaseNeed::kNone) return {};
  if (need == LeaseNeed::kOwnOrFree) {
    if (!ledger_.lease) return {};
    if (ledger_.lease->transaction != transaction) {
      return "locked by transaction " + Describe(ledger_.lease->transaction);
    }
  }
  if (!ledger_.lease || ledger_.lease->transaction != transaction) {
    return "the lease of transaction " + Describe(transaction) + " is not held here";
  }
  if (need != LeaseNeed::kHeld && ledger_.lease->standing != LedgerLease::Standing::kConfirmed) {
    return "the lease of transaction " + Describe(transaction) + " is not confirmed";
  }
  return {};
}

void Agent::OnDone(const ItemId& id, Outcome outcome, Now now) {
  Settle(id, std::move(outcome), now);
  StartRunnable(now);
}

void Agent::Settle(ItemId id, Outcome outcome, Now now) {
  const auto found = held_.find(id.step);
  ERIS_CHECK(found != held_.end() && found->second.id == id, "only a held item is settled");
  Held held = std::move(found->second);
  held_.erase(found);
  scheduler_.Done(id);
  // Whoever ends an activity without being asked to (a host that shuts down, a person) has cut it
  // short like a crash: another attempt tells what became of it.
  const bool is_cut_short = outcome.verdict == Verdict::kCancelled &&
                            held.state != Held::State::kStopping &&
                            !ActivitiesOf(*held.body).empty();
  if (is_cut_short) outcome.verdict = Verdict::kUnknown;
  // One that an earlier worker began: the lease may have run out since.
  if (IsConfirmation(*held.body) && outcome.verdict == Verdict::kSucceeded) {
    if (std::string objection = LeaseObjection(id, *held.body); !objection.empty()) {
      outcome = Refusal(Verdict::kUnavailable, std::move(objection));
    }
  }
  std::string encoded = Encode(outcome);
  // A report that fits into no message would never arrive.
  if (encoded.size() > limits::kBodyBytes) {
    outcome = Refusal(Verdict::kFailed, "the report takes " + std::to_string(encoded.size()) +
                                            " bytes, a message holds " +
                                            std::to_string(limits::kBodyBytes));
    encoded = Encode(outcome);
  }
  Record(StepSettled{.id = id, .body_hash = held.body_hash, .outcome = outcome});
  const LedgerLease* lease = ledger_.lease ? &*ledger_.lease : nullptr;
  for (LedgerRecord& record : RecordsAfter(id, held.body, outcome, lease)) {
    if (const auto* dropped = std::get_if<RootsDropped>(&record)) {
      decisions_.effects.push_back(DropRoots{.transaction = dropped->transaction});
    }
    Record(std::move(record));
  }
  SendOutcome(id, std::move(encoded), now);
  if (!ActivitiesOf(*held.body).empty()) decisions_.effects.push_back(ForgetWork{.id = id});
  if (held.successor && !IsAnswered(*held.successor, now)) Accept(*std::move(held.successor));
}

// Only a planner or broker that gave the item up revokes it; the outcome is reported all the same.
void Agent::OnRevoke(const ItemId& id, Now now) {
  const auto found = held_.find(id.step);
  if (found == held_.end() || found->second.id != id) return;
  Held& held = found->second;
  if (held.state == Held::State::kRunning) {
    decisions_.effects.push_back(StopWork{id});
    held.state = Held::State::kStopping;
    return;
  }
  if (held.state == Held::State::kWaiting && held.mode == StartMode::kFresh) {
    scheduler_.Remove(id);
    const std::uint64_t hash = held.body_hash;
    held_.erase(found);
    const Outcome outcome = Refusal(Verdict::kUnavailable, "revoked before it began");
    Record(StepSettled{.id = id, .body_hash = hash, .outcome = outcome});
    SendOutcome(id, Encode(outcome), now);
  }
}

void Agent::OnOutcomeAck(const ItemId& id) {
  if (unacknowledged_.erase(id) > 0) acknowledged_.push_back(id);
}

void Agent::ExpireLease(Now now) {
  if (!ledger_.lease || ledger_.lease->standing == LedgerLease::Standing::kConfirmed) return;
  if (now.wall < ledger_.lease->expires) return;
  Record(LeaseReleased{.transaction = ledger_.lease->transaction});
}

void Agent::OnTick(Now now) {
  ExpireLease(now);
  RecordAcknowledged();
  if (link_ == Link::kDown) return;
  for (const auto& [id, sent] : unacknowledged_) {
    if (now.steady - sent < options_.resend_after) continue;
    const LedgerAttempt* attempt = ledger_.Find(id);
    ERIS_CHECK(attempt != nullptr && attempt->outcome, "what is unacknowledged is settled");
    SendOutcome(id, Encode(*attempt->outcome), now);
  }
}

bool Agent::wants_ticks() const {
  const bool may_expire =
      ledger_.lease && ledger_.lease->standing != LedgerLease::Standing::kConfirmed;
  return may_expire || !acknowledged_.empty() || !unacknowledged_.empty();
}

std::vector<ItemId> Agent::InFlight() const {
  std::vector<ItemId> ids;
  ids.reserve(held_.size());
  for (const auto& [step, held] : held_) ids.push_back(held.id);
  return ids;
}

}  // namespace eris
