// What clients ask: status, watch, logs, history, generations, manifests, targets, cancel, abandon.
#include <algorithm>
#include <iterator>
#include <utility>
#include <variant>

#include "planner/content.h"
#include "planner/coordinator.h"
#include "planner/plan/diff.h"
#include "planner/plan/plan_text.h"
#include "planner/reply_parts.h"
#include "schema/codec/codec.h"
#include "schema/values/key_grant.h"

namespace eris::planner {
namespace {

constexpr std::uint32_t kDefaultHistory = 200;
constexpr std::uint32_t kMaxHistory = 2'000;
constexpr std::uint32_t kLastTransactions = 20;
constexpr std::size_t kMaxAbsentLines = 20;
constexpr std::size_t kLogBytes = limits::kChunkBytes;

std::string NameOf(TransactionId transaction) {
  return "transaction " + std::to_string(transaction.value);
}

constexpr std::size_t kMostWaits = 20;  // lines for one queue

// What the transaction has out in that lane, or would if somebody were there.
void AddWaits(const Transaction& transaction, LaneNumber lane, std::vector<std::string>& lines) {
  const Lanes& lanes = transaction.lanes();
  for (const PublishedItem& out : transaction.Out()) {
    if (lanes.LaneOf(out.index) != lane || lines.size() >= kMostWaits) continue;
    lines.push_back(DescribeItem(transaction.BodyOf(out)) + ", step " +
                    std::to_string(out.index.value) + " of " + NameOf(transaction.id()));
  }
  if (lanes.SilentSince(lane) && lines.size() < kMostWaits) {
    lines.push_back(NameOf(transaction.id()) + " waits for it to be connected");
  }
}

Error NotAllowed(const std::string& author, const std::string& what) {
  return {ErrorCode::kInvalid, "key '" + author + "' may not " + what,
          "ask an administrator for `eris key authorize`"};
}

// Those that it names, or else those of what is asked for and of what runs.
std::vector<TargetName> TargetsOf(const Submission& submission, GenerationNumber current,
                                  JournalReader& journal) {
  std::vector<TargetName> targets;
  const auto* operate = std::get_if<Operate>(&submission.action);
  const auto* work = std::get_if<StateOperation>(&submission.action);
  if (operate != nullptr && !operate->targets.empty()) return operate->targets;
  // What is restored or migrated takes down its users on other targets, too.
  const bool stays_there = work != nullptr && (work->job == StateOperation::Job::kSnapshot ||
                                               work->job == StateOperation::Job::kDelete);
  if (stays_there && !work->which.targets.empty()) return work->which.targets;
  if (operate == nullptr && work == nullptr) {
    targets = TargetsWanted(submission, current, journal).value_or(targets);
  }
  const auto running =
      current ? journal.LoadManifest(submission.profile, current) : Result<Manifest>(Manifest());
  if (!running) return targets;
  for (TargetName& target : ParticipantsOf(*running)) targets.push_back(std::move(target));
  return targets;
}

// The targets that its plan has a part on; while there is none, those of what is asked for and of
// what runs.
std::vector<TargetName> TargetsOf(const Transaction& transaction, GenerationNumber current,
                                  JournalReader& journal) {
  std::vector<TargetName> targets;
  if (transaction.is_planned()) {
    const Lanes& lanes = transaction.lanes();
    for (std::uint32_t i = 0; i < lanes.size(); ++i) {
      const QueueName& queue = lanes.QueueOf({i});
      if (queue.kind == QueueName::Kind::kTarget) targets.emplace_back(queue.name);
    }
    return targets;
  }
  return TargetsOf(transaction.submission(), current, journal);
}

Status CheckCovered(const std::string& author, const std::vector<std::string>& allowed,
                    const std::vector<TargetName>& targets) {
  for (const TargetName& target : targets) {
    if (Covers(allowed, target.text)) continue;
    return Fail(NotAllowed(author, "act on target '" + target.text + "'"));
  }
  return {};
}

// Whether the client's key may change that profile, and act on those targets.
Status CheckRight(const ClientRequest& request, const ProfileName& profile,
                  const std::vector<TargetName>& targets) {
  if (!Covers(request.profiles, profile.text)) {
    return Fail(NotAllowed(request.author, "change profile '" + profile.text + "'"));
  }
  return CheckCovered(request.author, request.targets, targets);
}

}  // namespace

Status Coordinator::CheckTargets(const Submission& submission,
                                 const std::vector<std::string>& targets) const {
  if (Covers(targets, "*")) return {};
  ERIS_ASSIGN(const std::optional<JournaledSubmission> known, FindSubmission(submission.id));
  if (known) return {};  // it is only asked about
  if (std::holds_alternative<UploadObjects>(submission.action)) return {};
  const GenerationNumber current = CurrentGeneration(submission.profile);
  const auto* retry = std::get_if<RetryTransaction>(&submission.action);
  const Transaction* of = retry == nullptr ? nullptr : Find(retry->of);
  const bool goes_on = of != nullptr && of->phase() != TransactionPhase::kEnded;
  return CheckCovered(
      submission.author, targets,
      goes_on ? TargetsOf(*of, current, *journal_) : TargetsOf(submission, current, *journal_));
}

void Coordinator::OnRequest(const ClientRequest& request, Now now) {
  if (stopped_) return;
  const auto refuse = [&](Error error) {
    Send(request, {More::kLast, ErrorReply{std::move(error)}});
  };
  Status streamed;
  switch (request.verb) {
    case RequestVerb::kWatch:
      streamed = StartWatch(request);
      break;
    case RequestVerb::kLogs:
      streamed = StreamLogs(request);
      break;
    case RequestVerb::kHistory:
      streamed = StreamHistory(request);
      break;
    case RequestVerb::kGetManifest:
      streamed = StreamManifest(request);
      break;
    case RequestVerb::kGetBase:
      streamed = StreamBase(request);
      break;
    case RequestVerb::kUnspecified:
    case RequestVerb::kStatus:
    case RequestVerb::kUnwatch:
    case RequestVerb::kGenerations:
    case RequestVerb::kTargets:
    case RequestVerb::kCancel:
    case RequestVerb::kAbandon:
    case RequestVerb::kResume:
    case RequestVerb::kLacking:
    case RequestVerb::kAdopt: {
      Result<Reply> reply = Answer(request, now);
      if (reply) {
        Send(request, std::move(*reply));
      } else {
        refuse(std::move(reply.error()));
      }
      return;
    }
  }
  if (!streamed) refuse(std::move(streamed.error()));
}

Result<Reply> Coordinator::Answer(const ClientRequest& request, Now now) {
  switch (request.verb) {
    case RequestVerb::kStatus:
      return AnswerStatus(request.body, now);
    case RequestVerb::kUnwatch:
      watchers_.RemoveClient(request.client);
      return Reply{More::kLast, DoneReply{}};
    case RequestVerb::kGenerations:
      return AnswerGenerations(request.body);
    case RequestVerb::kTargets:
      return AnswerTargets();
    case RequestVerb::kCancel:
      return AnswerCancel(request, now);
    case RequestVerb::kAbandon:
      return AnswerAbandon(request, now);
    case RequestVerb::kResume:
      return AnswerResume(request, now);
    case RequestVerb::kUnspecified:
    case RequestVerb::kWatch:
    case RequestVerb::kLogs:
    case RequestVerb::kHistory:
    case RequestVerb::kGetManifest:
    case RequestVerb::kGetBase:
    case RequestVerb::kLacking:  // of whoever has a store: planner/uploads.h
    case RequestVerb::kAdopt:    // of the broker
      break;
  }
  return Fail(ErrorCode::kInvalid, "the planner does not know this request",
              "use a command line of the planner's version");
}

void Coordinator::Send(const ClientRequest& request, Reply reply) {
  for (Reply& part : FittingParts(std::move(reply))) {
    decisions_.effects.emplace_back(SendReply{request.client, request.request, std::move(part)});
  }
}

Result<TransactionId> Coordinator::Resolve(const TransactionRef& ref) const {
  if (ref.transaction) {
    if (ref.transaction <= head_.last_transaction) return ref.transaction;
    return Fail(ErrorCode::kNotFound, NameOf(ref.transaction) + " does not exist",
                "see `eris status`");
  }
  ERIS_ASSIGN(const std::optional<JournaledSubmission> known, FindSubmission(ref.submission));
  if (known) return known->transaction;
  return Fail(ErrorCode::kNotFound,
              "there is no transaction of submission '" + ref.submission.text + "'",
              "see `eris status`");
}

TransactionStatus Coordinator::StatusOf(const Transaction& transaction, SteadyTime now) const {
  TransactionStatus status = transaction.Status(now);
  if (transaction.phase() == TransactionPhase::kEnded) return status;
  if (link_ == Lanes::Presence::kAbsent) status.waiting_for.emplace_back("the broker");
  if (const auto lookout = lookouts_.find(transaction.id()); lookout != lookouts_.end()) {
    for (const TargetName& target : AbsentOf(lookout->second.targets)) {
      if (status.waiting_for.size() >= kMaxAbsentLines) break;
      status.waiting_for.push_back("target " + target.text + " is not connected");
    }
  }
  if (transaction.wants_lock()) {
    if (const std::optional<Blocker> blocker = BlockerOf(transaction)) {
      status.waiting_for.push_back("target " + blocker->target.text + ", which " +
                                   NameOf(blocker->transaction) + " holds");
    }
  }
  const auto profile = profiles_.find(transaction.submission().profile);
  if (transaction.phase() == TransactionPhase::kSubmitted && profile != profiles_.end() &&
      !profile->second.queue.empty() && profile->second.queue.front() != transaction.id() &&
      !transaction.is_operation()) {
    const TransactionId first = profile->second.queue.front();
    const Transaction* ahead = Find(first);
    std::string line = NameOf(first) + " of the same profile";
    if (ahead != nullptr && ahead->is_stuck()) {
      line += ", which is stuck: eris retry " + std::to_string(first.value) + " or eris abandon " +
              std::to_string(first.value);
    }
    status.waiting_for.push_back(std::move(line));
  }
  return status;
}

Result<Reply> Coordinator::AnswerStatus(const Request& request, Now now) {
  StatusReply reply;
  if (request.transaction.transaction || !request.transaction.submission.empty()) {
    ERIS_ASSIGN(const TransactionId id, Resolve(request.transaction));
    if (const Transaction* transaction = Find(id)) {
      reply.transactions.push_back(StatusOf(*transaction, now.steady));
    } else {
      ERIS_ASSIGN(TransactionStatus status, journal_->LoadTransaction(id));
      reply.transactions.push_back(std::move(status));
    }
    return Reply{More::kLast, std::move(reply)};
  }
  std::optional<ProfileName> profile;
  if (!request.profile.empty()) profile = request.profile;
  std::map<TransactionId, TransactionStatus> known;
  ERIS_ASSIGN(
      std::vector<TransactionStatus> stored,
      journal_->LoadTransactions(
          {.limit = request.limit > 0 ? std::min(request.limit, kMaxHistory) : kLastTransactions,
           .profile = profile}));
  for (TransactionStatus& status : stored) {
    const TransactionId id = status.transaction;
    known.insert_or_assign(id, std::move(status));
  }
  for (const auto& [id, transaction] : transactions_) {
    if (profile && transaction->submission().profile != *profile) continue;
    known.insert_or_assign(id, StatusOf(*transaction, now.steady));
  }
  for (auto entry = known.rbegin(); entry != known.rend(); ++entry) {
    reply.transactions.push_back(std::move(entry->second));
  }
  return Reply{More::kLast, std::move(reply)};
}

Status Coordinator::StreamHistory(const ClientRequest& request) {
  const Request& asked = request.body;
  EventFilter filter{
      .from = asked.from,
      .limit = asked.limit > 0 ? std::min(asked.limit, kMaxHistory) : kDefaultHistory,
      .transaction = std::nullopt};
  if (asked.transaction.transaction || !asked.transaction.submission.empty()) {
    ERIS_ASSIGN(filter.transaction, Resolve(asked.transaction));
  }
  ERIS_ASSIGN(std::vector<Event> events, journal_->ReadEvents(filter));
  std::vector<EventsReply> parts = PartsOf(std::move(events));
  if (parts.empty()) parts.emplace_back();
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const More more = i + 1 < parts.size() ? More::kMoreFollows : More::kLast;
    Send(request, {more, std::move(parts[i])});
  }
  return {};
}

Result<Reply> Coordinator::AnswerGenerations(const Request& request) {
  GenerationsReply reply;
  std::vector<ProfileName> names;
  if (!request.profile.empty()) {
    names.push_back(request.profile);
  } else {
    for (const auto& [name, profile] : profiles_) names.push_back(name);
  }
  for (const ProfileName& name : names) {
    ERIS_ASSIGN(std::vector<GenerationInfo> generations, journal_->LoadGenerations(name));
    std::move(generations.begin(), generations.end(), std::back_inserter(reply.generations));
  }
  return Reply{More::kLast, std::move(reply)};
}

Result<Reply> Coordinator::AnswerTargets() {
  std::map<std::string, TargetInfo> infos;
  for (const auto& [queue, entry] : presence_) {
    const auto name = ParseQueueName(queue);
    if (name && name->kind == QueueName::Kind::kPlanner) continue;
    infos[queue] = {.queue = queue,
                    .state = entry.presence.state,
                    .worker = entry.presence.worker,
                    .software = entry.presence.software,
                    .since = entry.since,
                    .leased_by = {},
                    .items_in_flight = 0,
                    .vitals = entry.vitals,
                    .vitals_at = entry.vitals_at,
                    .waiting_for = {}};
  }
  for (const auto& [id, transaction] : transactions_) {
    const Lanes& lanes = transaction->lanes();
    for (std::uint32_t i = 0; i < lanes.size(); ++i) {
      const QueueName& queue = lanes.QueueOf({i});
      TargetInfo& info = infos[queue.ToString()];
      info.queue = queue.ToString();
      info.items_in_flight += static_cast<std::uint32_t>(lanes.OutAt({i}));
      if (queue.kind == QueueName::Kind::kTarget && transaction->holds(TargetName(queue.name))) {
        info.leased_by = id;
      }
      AddWaits(*transaction, {i}, info.waiting_for);
    }
    if (!transaction->wants_lock()) continue;
    if (const std::optional<Blocker> blocker = BlockerOf(*transaction)) {
      infos["target." + blocker->target.text].waiting_for.push_back(
          NameOf(id) + " waits until " + NameOf(blocker->transaction) + " lets it go");
    }
  }
  TargetsReply reply;
  for (auto& [queue, info] : infos) reply.targets.push_back(std::move(info));
  return Reply{More::kLast, std::move(reply)};
}

// Who gives up one target of several acts on no other.
Status Coordinator::CheckRightOn(const ClientRequest& request, const Transaction& transaction) {
  const ProfileName& profile = transaction.submission().profile;
  std::vector<TargetName> targets{request.body.target};
  if (request.body.target.empty()) {
    targets = TargetsOf(transaction, CurrentGeneration(profile), *journal_);
  }
  return CheckRight(request, profile, targets);
}

Result<Reply> Coordinator::AnswerCancel(const ClientRequest& request, Now now) {
  ERIS_ASSIGN(const TransactionId id, Resolve(request.body.transaction));
  const Transaction* transaction = Find(id);
  if (transaction == nullptr || transaction->phase() == TransactionPhase::kEnded) {
    return Fail(ErrorCode::kConflict, NameOf(id) + " has ended already", "see `eris status`");
  }
  ERIS_TRY(CheckRightOn(request, *transaction));
  if (!transaction->is_cancellable()) {
    return Fail(ErrorCode::kConflict,
                NameOf(id) + " can not be cancelled while it is " +
                    std::string(ToString(transaction->phase())),
                "wait for its end; `eris rollback` goes back");
  }
  Record(id, CancelRequested{.author = request.author, .reason = request.body.reason}, now);
  return Reply{More::kLast, DoneReply{.transaction = id, .message = "cancelling"}};
}

Result<Reply> Coordinator::AnswerAbandon(const ClientRequest& request, Now now) {
  ERIS_ASSIGN(const TransactionId id, Resolve(request.body.transaction));
  const Transaction* transaction = Find(id);
  if (transaction == nullptr || transaction->is_finished()) {
    return Fail(ErrorCode::kConflict, NameOf(id) + " has nothing left to do", "see `eris status`");
  }
  ERIS_TRY(CheckRightOn(request, *transaction));
  if (transaction->is_cancellable()) {
    return Fail(ErrorCode::kConflict,
                NameOf(id) + " is " + std::string(ToString(transaction->phase())),
                "use `eris cancel " + std::to_string(id.value) + "`");
  }
  Record(id, Abandoned{.author = request.author, .target = request.body.target}, now);
  return Reply{More::kLast, DoneReply{.transaction = id, .message = "given up"}};
}

Result<Reply> Coordinator::AnswerResume(const ClientRequest& request, Now now) {
  ERIS_ASSIGN(const TransactionId id, Resolve(request.body.transaction));
  const Transaction* transaction = Find(id);
  if (transaction == nullptr || !transaction->is_paused()) {
    return Fail(ErrorCode::kConflict, NameOf(id) + " does not wait to be resumed",
                "see `eris status " + std::to_string(id.value) + "`");
  }
  ERIS_TRY(CheckRightOn(request, *transaction));
  const Until until = request.body.until;
  if (until != Until::kEnd && until <= transaction->paused_after()) {
    return Fail(ErrorCode::kInvalid,
                NameOf(id) + " is behind " + std::string(ToString(until)) + " already",
                "let it go on to a later stop, or without --until to its end");
  }
  Record(id, TransactionResumed{.author = request.author, .until = until}, now);
  return Reply{More::kLast, DoneReply{.transaction = id, .message = "goes on"}};
}

Status Coordinator::StreamLogs(const ClientRequest& request) {
  ERIS_ASSIGN(const TransactionId id, Resolve(request.body.transaction));
  const Transaction* transaction = Find(id);
  Result<Plan> stored = Fail(ErrorCode::kNotFound, NameOf(id) + " has no plan");
  if (transaction == nullptr || !transaction->is_planned()) stored = journal_->LoadPlan(id);
  const bool is_live = transaction != nullptr && transaction->is_planned();
  if (!is_live && !stored) {
    if (stored.error().code != ErrorCode::kNotFound) return Fail(stored.error());
    Send(request, {More::kLast, LogsReply{}});
    return {};
  }
  const Plan& plan = is_live ? transaction->plan() : *stored;
  std::optional<ItemIndex> item;
  if (request.body.item.value != UINT32_MAX) item = request.body.item;
  ERIS_ASSIGN(std::vector<ItemSettled> outcomes, journal_->LoadOutcomes(id, item));
  LogsReply part;
  std::size_t bytes = 0;
  for (ItemSettled& settled : outcomes) {
    if (settled.item.index.value >= plan.items.size()) continue;
    const std::size_t size = Encode(settled.outcome).size();
    if (bytes + size > kLogBytes && !part.entries.empty()) {
      Send(request, {More::kMoreFollows, std::exchange(part, {})});
      bytes = 0;
    }
    bytes += size;
    part.entries.push_back(
        {.item = OutlineOf(plan.items[settled.item.index.value], settled.item.index),
         .grade = settled.item.grade,
         .outcome = std::move(settled.outcome)});
  }
  Send(request, {More::kLast, std::move(part)});
  return {};
}

Status Coordinator::StreamManifest(const ClientRequest& request) {
  GenerationNumber number = request.body.generation;
  if (!number) number = CurrentGeneration(request.body.profile);
  if (!number) {
    Send(request, {More::kLast, ManifestReply{}});
    return {};
  }
  ERIS_ASSIGN(const Manifest manifest, journal_->LoadManifest(request.body.profile, number));
  SendManifest(request, number, manifest);
  return {};
}

Status Coordinator::StreamBase(const ClientRequest& request) {
  const GenerationNumber current = CurrentGeneration(request.body.profile);
  ERIS_ASSIGN(const std::optional<Manifest> base, BaseOf(request.body.profile, current, *journal_));
  if (base) {
    SendManifest(request, current, *base);
  } else {
    Send(request, {More::kLast, ManifestReply{}});
  }
  return {};
}

void Coordinator::SendManifest(const ClientRequest& request, GenerationNumber number,
                               const Manifest& manifest) {
  const std::string bytes = Encode(manifest);
  std::size_t offset = 0;
  do {
    const std::size_t size = std::min(limits::kChunkBytes, bytes.size() - offset);
    const bool is_last = offset + size == bytes.size();
    Send(request, {is_last ? More::kLast : More::kMoreFollows,
                   ManifestReply{.generation = number,
                                 .total_bytes = bytes.size(),
                                 .offset = offset,
                                 .bytes = bytes.substr(offset, size)}});
    offset += size;
  } while (offset < bytes.size());
}

Status Coordinator::StartWatch(const ClientRequest& request) {
  std::optional<TransactionId> transaction;
  if (request.body.transaction.transaction || !request.body.transaction.submission.empty()) {
    ERIS_ASSIGN(transaction, Resolve(request.body.transaction));
  }
  return watchers_.Add({request.client, request.request}, transaction, request.body.from);
}

}  // namespace eris::planner
