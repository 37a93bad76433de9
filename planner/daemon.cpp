#include "planner/daemon.h"

#include <chrono>
#include <utility>
#include <variant>

#include "planner/event_log.h"
#include "schema/base/random.h"
#include "schema/codec/codec.h"

namespace eris::planner {

namespace {

// Hardly ever is one missing, and to look for it takes long where manifests are large: what is
// unsettled is published first.
constexpr std::chrono::milliseconds kRootsAfter{1'000};

std::string DepotQueue() {
  return QueueName{.kind = QueueName::Kind::kPlanner, .name = std::string(kDepotPart)}.ToString();
}

}  // namespace

PlannerDaemon::PlannerDaemon(PlannerDaemonOptions options, const Parts& parts)
    : options_(std::move(options)),
      parts_(parts),
      answers_(parts.journal),
      roots_(options_.roots, parts.loop, parts.log),
      needs_(options_.keeper.snapshots),
      keeper_(options_.keeper, parts.loop,
              [this](const ItemId& item, Outcome outcome) { OnKept(item, std::move(outcome)); }),
      uploads_(options_.uploads, parts.loop, parts.log, MakeUploadHandlers()),
      client_(parts.loop, parts.transport, parts.log, MakeHandlers()) {}

PlannerDaemon::~PlannerDaemon() {
  parts_.loop.Cancel(wake_);
  parts_.loop.Cancel(upkeep_);
  parts_.loop.Cancel(roots_due_);
}

Result<std::unique_ptr<PlannerDaemon>> PlannerDaemon::Start(PlannerDaemonOptions options,
                                                            const Parts& parts) {
  std::unique_ptr<PlannerDaemon> daemon(new PlannerDaemon(std::move(options), parts));
  ERIS_TRY(daemon->Recover());
  PlannerDaemon* self = daemon.get();
  parts.loop.OnTurnEnd([self] { self->EndTurn(); });
  // The new epoch is journaled before the loop runs, and so before a word is said to the broker:
  // one that was announced but not journaled would be announced again by the next start, and
  // refused.
  daemon->EndTurn();
  ERIS_TRY(daemon->status_);
  daemon->roots_due_ = parts.loop.After(kRootsAfter, [self] {
    const Status recovered = self->RecoverRoots();
    if (!recovered) self->Stop(recovered);
  });
  daemon->upkeep_ = parts.loop.After(self->options_.upkeep.interval, [self] { self->KeepUp(); });
  return daemon;
}

Status PlannerDaemon::Recover() {
  options_.coordinator.start = SystemRandom().NextU64();
  ERIS_ASSIGN(Coordinator recovered,
              Coordinator::Recover(options_.coordinator, answers_, parts_.loop.now()));
  coordinator_.emplace(std::move(recovered));
  intake_.emplace(*coordinator_,
                  [this](Submission submission, Now) { uploads_.Add(std::move(submission)); });
  parts_.log.Info("planner.recovered", {{"journal", coordinator_->journal().value},
                                        {"epoch", coordinator_->epoch().value},
                                        {"open", coordinator_->transactions().size()}});
  return {};
}

// What was not finished, or not begun, before the last end.
Status PlannerDaemon::RecoverRoots() {
  ERIS_ASSIGN(const JournalHead head, answers_.LoadHead());
  std::set<TransactionId> deleted = roots_.Generations();
  for (const auto& [profile, newest] : head.generations) {
    ERIS_ASSIGN(const std::vector<GenerationInfo> generations, answers_.LoadGenerations(profile));
    for (const GenerationInfo& info : generations) {
      deleted.erase(info.transaction);
      if (roots_.HasGeneration(info.transaction)) continue;
      ERIS_ASSIGN(const Manifest manifest, answers_.LoadManifest(profile, info.generation));
      roots_.AddGeneration(info.transaction, manifest);
    }
  }
  for (const TransactionId transaction : deleted) roots_.DropGeneration(transaction);
  const auto& open = coordinator_->transactions();
  for (const TransactionId transaction : roots_.Open()) {
    if (!open.contains(transaction)) roots_.DropOpen(transaction);
  }
  for (const auto& [id, transaction] : open) {
    if (roots_.HasOpen(id) || transaction->phase() == TransactionPhase::kEnded) continue;
    ERIS_ASSIGN(const Submission submission, answers_.LoadSubmission(id));
    const auto* deploy = std::get_if<DeployManifest>(&submission.action);
    if (deploy != nullptr) roots_.AddOpen(id, deploy->manifest);
  }
  return needs_.Drop([&open](TransactionId id) { return !open.contains(id); });
}

link::BrokerClientHandlers PlannerDaemon::MakeHandlers() {
  return {.make_hello = [this] { return MakeHello(); },
          .on_established =
              [this](const link::Established& established) {
                uploads_.Clear();
                intake_->OnEstablished(established.welcome, parts_.loop.now());
                coordinator_->OnPresence({.queue = DepotQueue(),
                                          .state = Presence::State::kConnected,
                                          .worker = {},
                                          .software = {},
                                          .keys = {}},
                                         parts_.loop.now());
              },
          .on_lost = [this](const link::Lost&) { coordinator_->OnLinkLost(parts_.loop.now()); },
          .on_ended =
              [this](const Bye& bye) { coordinator_->OnSuperseded(bye.seen, parts_.loop.now()); },
          .on_message = [this](const Message& message) { OnMessage(message); }};
}

Hello PlannerDaemon::MakeHello() const {
  return {.role = Role::kPlanner,
          .name = options_.name,
          .instance = options_.instance,
          .software = options_.software,
          .queues = {},
          .journal = coordinator_->journal(),
          .epoch = coordinator_->epoch(),
          .ledger = {},
          .in_flight = {},
          .event = {},
          .transaction = coordinator_->last_transaction(),
          .starts = coordinator_->starts()};
}

void PlannerDaemon::OnMessage(const Message& message) {
  if (message.header.kind == MessageKind::kPresence) {
    if (const auto presence = Decode<Presence>(message.body)) parts_.depot.OnPresence(*presence);
  }
  const bool is_request = message.header.kind == MessageKind::kRequest;
  if (is_request && message.header.verb == RequestVerb::kLacking) return AnswerLacking(message);
  const Status handled = intake_->OnMessage(message, parts_.loop.now());
  if (handled) return;
  if (const auto silenced = throttle_.Take(parts_.loop.now().steady)) {
    parts_.log.Warn("message.dropped", {{"kind", ToString(message.header.kind)},
                                        {"error", handled.error().message},
                                        {"silenced", *silenced}});
  }
}

Uploads::Handlers PlannerDaemon::MakeUploadHandlers() {
  return {.on_submission =
              [this](const Submission& submission) {
                coordinator_->OnSubmission(submission, parts_.loop.now());
              },
          .on_taken =
              [this](const SubmissionTaken& taken) {
                coordinator_->decisions().effects.emplace_back(ConfirmSubmission{taken});
              }};
}

void PlannerDaemon::AnswerLacking(const Message& message) {
  const auto answer = [this, client = message.header.client,
                       number = message.header.request](Result<std::vector<StorePath>> lacking) {
    Reply reply{More::kLast, LackingReply{}};
    if (lacking) {
      std::get<LackingReply>(reply.body).paths = std::move(*lacking);
    } else {
      reply.body = ErrorReply{lacking.error()};
    }
    coordinator_->decisions().effects.emplace_back(SendReply{client, number, std::move(reply)});
  };
  Result<Request> request = Decode<Request>(message.body);
  if (!request) return answer(Fail(request.error()));
  uploads_.Lacking(request->paths, answer);
}

void PlannerDaemon::EndTurn() {
  if (!status_) return;
  // What is durable is told to people at once, whatever becomes of the sends.
  class JournalAndLog final : public DurableLog<Event> {
   public:
    explicit JournalAndLog(PlannerDaemon& daemon) : daemon_(daemon) {}
    Status Append(std::span<const Event> events) override {
      ERIS_TRY(daemon_.parts_.journal.Append(events));
      daemon_.FollowDurable(events);
      return {};
    }

   private:
    PlannerDaemon& daemon_;
  };
  coordinator_->Advance(parts_.loop.now());
  JournalAndLog log(*this);
  const Status finished = FinishTurn(
      coordinator_->decisions(), log, [this](const Effect& effect) { Perform(effect); },
      parts_.observer);
  if (!finished) return Stop(finished);
  client_.Flush();
  SetWake();
}

void PlannerDaemon::Keep(const PublishItem& publish) {
  const ItemId& id = publish.item.id;
  const auto found = coordinator_->transactions().find(id.step.transaction);
  if (found == coordinator_->transactions().end()) return;
  keeper_.Perform(publish.item, found->second->submission().profile);
}

void PlannerDaemon::OnKept(const ItemId& item, Outcome outcome) {
  coordinator_->OnOutcome(DepotQueue(), {item, std::move(outcome)}, parts_.loop.now());
}

void PlannerDaemon::Perform(const Effect& effect) {
  const auto* acknowledged = std::get_if<AcknowledgeOutcome>(&effect);
  if (acknowledged != nullptr && acknowledged->queue == DepotQueue()) return;
  if (const auto* publish = std::get_if<PublishItem>(&effect)) {
    if (publish->queue == DepotQueue()) return Keep(*publish);
    DepotAccess access = parts_.depot.Allow(*publish);
    if (access == DepotAccess{}) return client_.Send(*ToMessage(effect));
    PublishItem sent = *publish;
    sent.item.depot = std::move(access);
    client_.Send(*ToMessage(Effect(std::move(sent))));
    return;
  }
  if (const auto* stop = std::get_if<StopPlanner>(&effect)) return Stop(Fail(stop->error));
  if (const std::optional<Message> message = ToMessage(effect)) client_.Send(*message);
}

// For people, and for the garbage collector.
void PlannerDaemon::FollowDurable(std::span<const Event> events) {
  for (const Event& event : events) {
    WriteEvent(parts_.log, event);
    FollowRoots(event);
    FollowNeeds(event);
    if (std::holds_alternative<TransactionEnded>(event.body)) {
      parts_.depot.Forget(event.transaction);
    }
  }
}

// What is not kept from a retention is most likely there all the same.
void PlannerDaemon::FollowNeeds(const Event& event) {
  const auto& open = coordinator_->transactions();
  const auto found = open.find(event.transaction);
  const Status followed = needs_.Follow(event, found == open.end() ? nullptr : found->second.get());
  if (!followed) parts_.log.Warn("snapshots.needs", {{"error", followed.error().message}});
  if (std::holds_alternative<TransactionEnded>(event.body)) keeper_.DropBases();
}

void PlannerDaemon::FollowRoots(const Event& event) {
  if (const auto* accepted = std::get_if<SubmissionAccepted>(&event.body)) {
    const auto* deploy = std::get_if<DeployManifest>(&accepted->submission.action);
    if (deploy != nullptr) roots_.AddOpen(event.transaction, deploy->manifest);
    return;
  }
  if (const auto* planned = std::get_if<TransactionPlanned>(&event.body)) {
    // Of a retry: its submission carries no manifest.
    if (!roots_.HasOpen(event.transaction)) roots_.AddOpen(event.transaction, planned->next);
    return;
  }
  if (const auto* committed = std::get_if<GenerationCommitted>(&event.body)) {
    const Result<Manifest> manifest =
        answers_.LoadManifest(committed->profile, committed->generation);
    if (manifest) roots_.AddGeneration(event.transaction, *manifest);
    return;
  }
  if (const auto* deleted = std::get_if<GenerationsDeleted>(&event.body)) {
    for (const auto& [generation, transaction] : deleted->generations) {
      roots_.DropGeneration(transaction);
    }
    return;
  }
  const bool has_ended = std::holds_alternative<TransactionEnded>(event.body);
  if (has_ended && roots_.HasOpen(event.transaction)) roots_.DropOpen(event.transaction);
}

void PlannerDaemon::SetWake() {
  parts_.loop.Cancel(wake_);
  wake_ = {};
  if (const std::optional<SteadyTime> wake = coordinator_->NextWake()) {
    wake_ = parts_.loop.At(*wake, [] {});  // the turn's end does the work
  }
}

// A little at a time; a failure is not worth stopping for, the next append would tell.
void PlannerDaemon::KeepUp() {
  std::chrono::milliseconds pause = options_.upkeep.interval;
  if (!coordinator_->RefersToThePast()) {
    const Result<UpkeepStep> step =
        KeepJournalSmall(options_.upkeep, parts_.loop.now().wall, parts_.journal);
    if (!step) {
      parts_.log.Warn("journal.upkeep", {{"error", step.error().message}});
    } else if (step->pruned > 0 || step->left == UpkeepStep::Left::kTooMuch) {
      parts_.log.Info("journal.pruned", {{"transactions", step->pruned},
                                         {"used_bytes", step->used_bytes},
                                         {"keep_bytes", options_.upkeep.keep_bytes}});
    }
    if (step && step->left == UpkeepStep::Left::kMore) pause = options_.upkeep.pause;
  }
  uploads_.KeepUp();
  upkeep_ = parts_.loop.After(pause, [this] { KeepUp(); });
}

void PlannerDaemon::Stop(Status status) {
  parts_.log.Error("planner.stopping", {{"error", status.error().message}});
  status_ = std::move(status);
  parts_.loop.Stop();
}

}  // namespace eris::planner
