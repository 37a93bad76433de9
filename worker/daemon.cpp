#include "worker/daemon.h"

#include <set>
#include <utility>

#include "schema/base/overloaded.h"
#include "schema/codec/codec.h"

namespace eris {
namespace {

constexpr Duration kTickInterval{1'000};

}  // namespace

WorkerDaemon::WorkerDaemon(WorkerDaemonOptions options, const Parts& parts, LedgerState state)
    : options_(std::move(options)),
      parts_(parts),
      agent_(Agent::Recover(options_.agent, std::move(state), parts.loop.now())),
      client_(parts.loop, parts.transport, parts.log, MakeHandlers()) {}

WorkerDaemon::~WorkerDaemon() {
  parts_.loop.Cancel(tick_);
  parts_.loop.Cancel(vitals_);
}

Result<std::unique_ptr<WorkerDaemon>> WorkerDaemon::Start(WorkerDaemonOptions options,
                                                          const Parts& parts,
                                                          const MakeExecutor& make_executor) {
  ERIS_ASSIGN(LedgerState state, parts.ledger.Load());
  std::unique_ptr<WorkerDaemon> daemon(
      new WorkerDaemon(std::move(options), parts, std::move(state)));
  WorkerDaemon* self = daemon.get();
  daemon->executor_ =
      make_executor({.done =
                         [self](const ItemId& id, Outcome outcome) {
                           self->agent_.OnDone(id, std::move(outcome), self->parts_.loop.now());
                         },
                     .ledger = [self]() -> const LedgerState& { return self->agent_.ledger(); },
                     .send = [self](const Message& message) { self->client_.Send(message); }});
  std::set<TransactionId> rooted;
  for (const auto& [transaction, paths] : self->agent_.ledger().roots) rooted.insert(transaction);
  daemon->executor_->KeepOnlyRoots(rooted);
  parts.loop.OnTurnEnd([self] { self->EndTurn(); });
  self->TickAfter(Duration(0));  // what is resumed starts in that turn
  return daemon;
}

link::BrokerClientHandlers WorkerDaemon::MakeHandlers() {
  return {.make_hello = [this] { return MakeHello(); },
          .on_established =
              [this](const link::Established& established) {
                agent_.OnJournalInCharge(established.welcome.journal);
                agent_.OnConnected(parts_.loop.now());
                SendVitals();
              },
          .on_lost =
              [this](const link::Lost&) {
                agent_.OnDisconnected();
                parts_.loop.Cancel(vitals_);
              },
          .on_ended =
              [this](const Bye& bye) {
                Stop(Fail(ErrorCode::kConflict,
                          "another worker serves in this one's place: " + bye.message));
              },
          .on_message =
              [this](const Message& message) {
                const MessageKind kind = message.header.kind;
                if (kind == MessageKind::kStream) return executor_->OnStream(message);
                if (kind == MessageKind::kInquiry) return executor_->OnInquiry(message);
                agent_.OnMessage(message, parts_.loop.now());
              }};
}

Hello WorkerDaemon::MakeHello() const {
  const JournalPosition seen = agent_.ledger().Seen();
  Hello hello{.role = Role::kWorker,
              .name = options_.name,
              .instance = parts_.ledger.start(),
              .software = options_.software,
              .journal = agent_.ledger().journal,
              .epoch = seen.epoch,
              .ledger = parts_.ledger.id(),
              .in_flight = agent_.InFlight(),
              .event = seen.event,
              .transaction = seen.transaction};
  for (const QueueName& queue : options_.agent.queues) hello.queues.push_back(queue.ToString());
  return hello;
}

void WorkerDaemon::EndTurn() {
  if (!ticks_ && agent_.wants_ticks()) TickAfter(kTickInterval);
  if (!status_ || agent_.decisions().empty()) {
    client_.Flush();
    return;
  }
  const Status finished = FinishTurn(
      agent_.decisions(), parts_.ledger, [this](const AgentEffect& effect) { Perform(effect); },
      parts_.observer);
  if (!finished) return Stop(finished);
  client_.Flush();
}

void WorkerDaemon::Perform(const AgentEffect& effect) {
  std::visit(Overloaded{
                 [this](const SendMessage& send) { client_.Send(send.message); },
                 [this](const StartWork& work) { executor_->Start(work); },
                 [this](const StopWork& stop) { executor_->Stop(stop.id); },
                 [this](const DropRoots& roots) { executor_->DropRoots(roots.transaction); },
                 [this](const ForgetWork& work) { executor_->Forget(work.id); },
             },
             effect);
}

void WorkerDaemon::TickAfter(Duration pause) {
  ticks_ = true;
  tick_ = parts_.loop.After(pause, [this] {
    ticks_ = false;
    agent_.OnTick(parts_.loop.now());
  });
}

void WorkerDaemon::SendVitals() {
  if (!options_.read_vitals) return;
  parts_.loop.Cancel(vitals_);
  const std::string body = Encode(options_.read_vitals());
  for (const QueueName& queue : options_.agent.queues) {
    client_.Send(
        {.header = {.kind = MessageKind::kVitals, .queue = queue.ToString()}, .body = body});
  }
  vitals_ = parts_.loop.After(options_.vitals_interval, [this] { SendVitals(); });
}

void WorkerDaemon::Stop(Status status) {
  if (!status) parts_.log.Error("worker.stopping", {{"error", status.error().message}});
  status_ = std::move(status);
  parts_.loop.Stop();
}

}  // namespace eris
