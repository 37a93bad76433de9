#include "planner/watchers.h"

#include <algorithm>
#include <utility>
#include <variant>

#include "planner/plan/plan_text.h"
#include "planner/reply_parts.h"

namespace eris::planner {
namespace {

// Roughly what an event costs on the wire.
std::size_t Weight(const Event& event) {
  constexpr std::size_t kBase = 200;
  constexpr std::size_t kPerItem = 16;
  if (const auto* settled = std::get_if<ItemSettled>(&event.body)) {
    return kBase + settled->outcome.message.size() + settled->outcome.log_tail.size();
  }
  if (const auto* published = std::get_if<ItemsPublished>(&event.body)) {
    return kBase + kPerItem * published->items.size();
  }
  return kBase;
}

void SendEvents(const WatchKey& key, EventsReply events, More more, std::vector<Effect>& effects) {
  for (Reply& part : FittingParts({more, std::move(events)})) {
    effects.emplace_back(SendReply{key.client, key.request, std::move(part)});
  }
}

}  // namespace

std::vector<EventsReply> PartsOf(std::vector<Event> events) {
  std::vector<EventsReply> parts;
  std::size_t weight = 0;
  for (Event& event : events) {
    const std::size_t added = Weight(event);
    weight += added;
    if (parts.empty() || weight > limits::kChunkBytes) {
      parts.emplace_back();
      weight = added;
    }
    parts.back().events.push_back(std::move(event));
  }
  return parts;
}

Event WithoutBulk(const Event& event) {
  Event light{
      .sequence = event.sequence, .at = event.at, .transaction = event.transaction, .body = {}};
  if (const auto* accepted = std::get_if<SubmissionAccepted>(&event.body)) {
    SubmissionAccepted body;
    body.submission.id = accepted->submission.id;
    body.submission.profile = accepted->submission.profile;
    body.submission.author = accepted->submission.author;
    body.submission.options = accepted->submission.options;
    const SubmissionAction& action = accepted->submission.action;
    if (const auto* adopt = std::get_if<AdoptManifest>(&action)) {
      body.submission.action = AdoptManifest{.manifest = {}, .origin = adopt->origin};
    } else if (!std::holds_alternative<DeployManifest>(action)) {
      body.submission.action = action;
    }
    light.body = std::move(body);
    return light;
  }
  if (const auto* planned = std::get_if<TransactionPlanned>(&event.body)) {
    TransactionPlanned body;
    body.plan_hash = planned->plan_hash;
    body.plan.profile = planned->plan.profile;
    body.plan.base = planned->plan.base;
    body.plan.summary = planned->plan.summary;
    light.body = std::move(body);
    return light;
  }
  light.body = event.body;
  if (auto* settled = std::get_if<ItemSettled>(&light.body)) {
    Outcome& outcome = settled->outcome;
    const bool is_bulk = std::holds_alternative<TargetReport>(outcome.report) ||
                         std::holds_alternative<BuildReport>(outcome.report) ||
                         std::holds_alternative<OfferReport>(outcome.report);
    if (is_bulk) outcome.report = std::monostate();
    if (outcome.verdict == Verdict::kSucceeded) outcome.log_tail.clear();
  }
  return light;
}

ItemOutline OutlineOf(const PlanItem& item, ItemIndex index) {
  return {.index = index,
          .phase = item.phase,
          .verb = std::string(VerbOf(item.body)),
          .queue = item.queue.ToString(),
          .subject = DescribeItem(item.body),
          .has_inverse = item.inverse.has_value()};
}

std::vector<OutlineReply> OutlinesOf(TransactionId transaction, const Plan& plan,
                                     std::size_t items_per_reply) {
  std::vector<OutlineReply> replies;
  for (std::uint32_t i = 0; i < plan.items.size(); ++i) {
    if (replies.empty() || replies.back().items.size() >= items_per_reply) {
      replies.push_back({.transaction = transaction, .items = {}});
    }
    replies.back().items.push_back(OutlineOf(plan.items[i], {i}));
  }
  return replies;
}

Status Watchers::Add(WatchKey key, std::optional<TransactionId> transaction, EventSequence from) {
  if (watchers_.size() >= limits_.max_watchers) {
    return Fail(ErrorCode::kUnavailable, "too many clients are watching", "try again later");
  }
  watchers_.insert_or_assign(key, Watcher{.transaction = transaction,
                                          .next = std::max(from, EventSequence{1}),
                                          .outlined = {}});
  behind_ = true;
  return {};
}

void Watchers::Remove(WatchKey key) { watchers_.erase(key); }

void Watchers::RemoveClient(SessionId client) {
  std::erase_if(watchers_, [client](const auto& entry) { return entry.first.client == client; });
}

void Watchers::Push(const Pending& pending, JournalReader& journal, Source& source,
                    std::vector<Effect>& effects) {
  behind_ = false;
  for (auto entry = watchers_.begin(); entry != watchers_.end();) {
    auto& [key, watcher] = *entry;
    Result<Progress> progress = PushOne(key, watcher, pending, {journal, source}, effects);
    if (!progress) {
      effects.emplace_back(
          SendReply{key.client, key.request, {More::kLast, ErrorReply{progress.error()}}});
    }
    if (progress && *progress == Progress::kBehind) behind_ = true;
    const bool is_over = !progress || *progress == Progress::kDone;
    entry = is_over ? watchers_.erase(entry) : std::next(entry);
  }
}

std::optional<Duration> Watchers::CatchUpPause() const {
  if (!behind_) return std::nullopt;
  return limits_.catch_up_pause;
}

Result<Watchers::Progress> Watchers::PushOne(const WatchKey& key, Watcher& watcher,
                                             const Pending& pending, const Sources& from,
                                             std::vector<Effect>& effects) {
  if (watcher.transaction) {
    ERIS_TRY(Outline(key, watcher, *watcher.transaction, from.source, effects));
  }
  ERIS_ASSIGN(std::vector<Event> events, Page(watcher, pending, from.journal));
  for (const Event& event : events) {
    if (!std::holds_alternative<TransactionPlanned>(event.body)) continue;
    ERIS_TRY(Outline(key, watcher, event.transaction, from.source, effects));
  }
  for (EventsReply& part : PartsOf(std::move(events))) {
    SendEvents(key, std::move(part), More::kMoreFollows, effects);
  }
  if (watcher.next < pending.next) return Progress::kBehind;
  if (!watcher.transaction || !from.source.HasEnded(*watcher.transaction))
    return Progress::kUpToDate;
  SendEvents(key, {}, More::kLast, effects);
  return Progress::kDone;
}

// The next events for a watcher; its place moves behind them.
Result<std::vector<Event>> Watchers::Page(Watcher& watcher, const Pending& pending,
                                          JournalReader& journal) {
  const EventSequence durable_end =
      pending.events.empty() ? pending.next : pending.events.front().sequence;
  std::vector<Event> events;
  if (watcher.next < durable_end) {
    ERIS_ASSIGN(const std::vector<Event> stored,
                journal.ReadEvents({.from = watcher.next,
                                    .limit = limits_.events_per_reply,
                                    .transaction = watcher.transaction}));
    for (const Event& event : stored) events.push_back(WithoutBulk(event));
    const bool is_full = stored.size() >= limits_.events_per_reply;
    watcher.next = is_full ? EventSequence{stored.back().sequence.value + 1} : durable_end;
    if (is_full) return events;
  }
  for (const Event& event : pending.events) {
    if (event.sequence < watcher.next) continue;
    if (watcher.transaction && event.transaction != *watcher.transaction) continue;
    events.push_back(WithoutBulk(event));
  }
  watcher.next = std::max(watcher.next, pending.next);
  return events;
}

// Once for each transaction, as soon as it has a plan.
Status Watchers::Outline(const WatchKey& key, Watcher& watcher, TransactionId transaction,
                         Source& source, std::vector<Effect>& effects) const {
  if (watcher.outlined.contains(transaction)) return {};
  const Result<Plan> plan = source.PlanOf(transaction);
  if (!plan) {
    if (plan.error().code == ErrorCode::kNotFound) return {};
    return Fail(plan.error());
  }
  watcher.outlined.insert(transaction);
  for (OutlineReply& outline : OutlinesOf(transaction, *plan, limits_.items_per_outline)) {
    effects.emplace_back(
        SendReply{key.client, key.request, {More::kMoreFollows, std::move(outline)}});
  }
  return {};
}

}  // namespace eris::planner
