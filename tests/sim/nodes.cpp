#include "tests/sim/nodes.h"

#include <algorithm>
#include <span>
#include <utility>

#include "schema/base/check.h"
#include "schema/base/overloaded.h"
#include "schema/codec/codec.h"
#include "state/memory_spool.h"

namespace eris::sim {
namespace {

constexpr Duration kSecond{1'000};
constexpr Duration kRestart{5'000};

}  // namespace

const KeyGrant* Keyring::Find(std::string_view public_key) const {
  const auto found = grants_.find(public_key);
  return found == grants_.end() ? nullptr : &found->second;
}

const KeyGrant* Keyring::FindNamed(std::string_view name) const {
  const auto found = std::find_if(grants_.begin(), grants_.end(),
                                  [name](const auto& entry) { return entry.second.name == name; });
  return found == grants_.end() ? nullptr : &found->second;
}

// ---- broker ----

BrokerNode::BrokerNode(Context& context, const Keyring& keys)
    : Process(context, "broker"), keys_(keys) {}

void BrokerNode::Boot() {
  spool_.Restart();
  BrokerOptions options{.boot = context_.timeline.NextU64()};
  options.queues.items_per_queue = kItemsPerQueue;
  options.planners = spool_.Replay(ServedPlanners{});
  options.ledgers = spool_.Replay(KnownLedgers{});
  broker_.emplace(options, spool_.Replay(SpoolContent{}), keys_);
  context_.network.ServerUp(*this);
  After(kSecond, [this] { Tick(); });
  EndTurn();
}

void BrokerNode::Halt() {
  broker_.reset();
  if (context_.plant == Plant::kSkipSpoolSync) spool_.LoseTail();
  context_.network.ServerDown();
}

void BrokerNode::OnMessage(link::PeerId peer, std::string_view key, Message message) {
  broker_->OnMessage(peer, key, std::move(message), now());
  EndTurn();
}

void BrokerNode::OnGone(link::PeerId peer) {
  broker_->OnPeerGone(peer);
  EndTurn();
}

void BrokerNode::Tick() {
  After(kSecond, [this] { Tick(); });
  broker_->OnTick(now());
  EndTurn();
}

void BrokerNode::EndTurn() {
  if (context_.plant == Plant::kSkipSpoolSync && !broker_->decisions().records.empty()) {
    spool_.ReleaseWrites();
    spool_.HoldWrites();
  }
  EndTurnBy(
      broker_->decisions(), spool_,
      [this](const BrokerEffect& effect) {
        // A dropped peer is silent from now on: what it sends is answered by whoAreYou.
        if (const auto* send = std::get_if<SendTo>(&effect)) {
          context_.network.ToClient(send->peer, send->message);
        }
      },
      [this](const SpoolRecord& record) {
        const auto* taken = std::get_if<SpoolTaken>(&record);
        if (taken != nullptr && !taken->refused.empty()) refused_.insert(taken->id);
        context_.watch.Tell(&Checker::OnSpooled, record);
      });
  if (up()) ForwardSubmissions();
}

std::size_t BrokerNode::waiting(const std::vector<std::string>& queues) const {
  std::size_t most = 0;
  for (const std::string& queue : queues) {
    if (broker_) most = std::max(most, broker_->queues().waiting(queue));
  }
  return most;
}

bool BrokerNode::has_passed_on_all() const {
  const SpoolContent content = spool_.Replay(SpoolContent{});
  return std::all_of(content.begin(), content.end(), [](const SpooledSubmission& submission) {
    return submission.standing == SpooledSubmission::Standing::kTaken;
  });
}

void BrokerNode::ForwardSubmissions() {
  MemorySpoolReader reader(spool_);
  while (const std::optional<Forward> forward = broker_->NextForward()) {
    const ForwardPiece& piece = forward->piece;
    Result<std::string> bytes = reader.ReadContent(piece.id, piece.offset, piece.bytes);
    ERIS_CHECK(bytes.has_value(), "what is accepted is in the spool");
    context_.network.ToClient(forward->planner,
                              {.header = forward->header,
                               .body = Encode(SubmitChunk{.id = piece.id,
                                                          .total_bytes = piece.total_bytes,
                                                          .sha256 = piece.sha256,
                                                          .offset = piece.offset,
                                                          .bytes = *std::move(bytes)})});
  }
}

// ---- planner ----

PlannerNode::PlannerNode(Context& context, planner::CoordinatorOptions options,
                         planner::MemoryJournal journal)
    : Process(context, "planner"),
      options_(options),
      journal_(std::move(journal)),
      port_(context.timeline, context.network, "planner") {
  port_.SetHandlers(
      {.make_hello =
           [this] {
             return Hello{.role = Role::kPlanner,
                          .name = "planner",
                          .instance = instance_,
                          .journal = coordinator_->journal(),
                          .epoch = coordinator_->epoch(),
                          .transaction = coordinator_->last_transaction(),
                          .starts = coordinator_->starts()};
           },
       .on_established =
           [this](const link::Established& established) {
             intake_->OnEstablished(established.welcome, now());
           },
       .on_lost = [this] { coordinator_->OnLinkLost(now()); },
       .on_ended = [this](const Bye& bye) { coordinator_->OnSuperseded(bye.seen, now()); },
       .on_message =
           [this](const Message& message) {
             // What does not fit is dropped, as the daemon does.
             static_cast<void>(intake_->OnMessage(message, now()));
           },
       .on_turn_end = [this] { EndTurn(); }});
}

void PlannerNode::Boot() {
  stopped_ = false;
  must_stop_.clear();
  instance_ = context_.timeline.NextU64();
  options_.start = context_.timeline.NextU64();
  auto recovered = planner::Coordinator::Recover(options_, journal_, now());
  if (!recovered && recovered.error().code == ErrorCode::kConflict) {
    return GiveUp(recovered.error().message);
  }
  if (!recovered) return context_.verdicts.Report("recovery", recovered.error().message);
  if (IsSuperseded()) {
    context_.verdicts.Report("fences", "a planner was started on a superseded journal");
  }
  coordinator_.emplace(*std::move(recovered));
  intake_.emplace(*coordinator_);
  port_.Up();
  EndTurn();
}

void PlannerNode::Halt() {
  intake_.reset();
  coordinator_.reset();
  if (context_.plant == Plant::kSkipJournalSync) journal_.Truncate(last_append_);
  port_.Down();
}

// Whoever is of record is taken over by an operator, who knows that there was another one. A
// pretender is started again by a supervisor that does not look at its exit status.
void PlannerNode::GiveUp(const std::string& why) {
  const bool is_of_record = standing_ == Standing::kOfRecord;
  if (is_of_record && !had_pretender_) {
    return context_.verdicts.Report("ends", "the planner of record stopped: " + why);
  }
  context_.faults.Mark(is_of_record ? "an operator takes a journal over"
                                    : "a planner with another journal stopped");
  context_.timeline.Note(name(), "stops: " + why);
  stopped_ = true;
  coordinator_.reset();
  intake_.reset();
  port_.Down();
  After(kRestart, [this, is_of_record] {
    if (is_of_record) TakeOver();
    Crash();
  });
}

void PlannerNode::TakeOver() {
  const Event event =
      planner::TakeOver(*journal_.LoadHead(), context_.timeline.NextU64(), now().wall);
  ERIS_CHECK(journal_.Append({&event, 1}).has_value(),
             "a journal in memory takes what it is given");
  last_append_ = journal_.events().size();
  context_.watch.Tell(&Checker::OnJournaled, event);
}

bool PlannerNode::IsSuperseded() { return journal_.LoadHead()->superseded; }

void PlannerNode::TakeBackup(std::size_t events) {
  Crash();
  newest_ = journal_;
  journal_.Truncate(events);
  standing_ = Standing::kPretender;
  had_pretender_ = true;
}

void PlannerNode::TakeNewest() {
  if (!newest_) return;
  Crash();
  journal_ = *std::exchange(newest_, std::nullopt);
  standing_ = Standing::kOfRecord;
}

std::optional<Epoch> PlannerNode::epoch() const {
  if (!coordinator_) return std::nullopt;
  return coordinator_->epoch();
}

std::size_t PlannerNode::out() const {
  std::size_t most = 0;
  if (!coordinator_) return most;
  for (const auto& [id, transaction] : coordinator_->transactions()) {
    const planner::Lanes& lanes = transaction->lanes();
    for (std::uint32_t i = 0; i < lanes.size(); ++i) most = std::max(most, lanes.OutAt({i}));
  }
  return most;
}

bool PlannerNode::idle() const { return coordinator_ && coordinator_->transactions().empty(); }

void PlannerNode::EndTurn() {
  if (!coordinator_) return;
  coordinator_->Advance(now());
  if (!coordinator_->decisions().records.empty()) last_append_ = journal_.events().size();
  ++wake_;
  EndTurnBy(
      coordinator_->decisions(), journal_,
      [this](const planner::Effect& effect) { Perform(effect); },
      [this](const Event& event) {
        if (standing_ == Standing::kPretender) return;
        context_.timeline.Note("journal", std::to_string(event.transaction.value) + " event " +
                                              std::to_string(event.body.index()));
        context_.watch.Tell(&Checker::OnJournaled, event);
      });
  if (up() && !must_stop_.empty()) return GiveUp(std::exchange(must_stop_, {}));
  if (up()) SetWake();
}

void PlannerNode::Perform(const planner::Effect& effect) {
  if (const auto* stop = std::get_if<planner::StopPlanner>(&effect)) {
    must_stop_ = stop->error.message;
    return;
  }
  if (const std::optional<Message> message = planner::ToMessage(effect)) port_.Send(*message);
}

void PlannerNode::SetWake() {
  if (!coordinator_) return;
  const std::optional<SteadyTime> wake = coordinator_->NextWake();
  if (!wake) return;
  const Duration delay = std::max(*wake - now().steady, Duration(1));
  After(delay, [this, number = wake_] {
    if (wake_ == number) EndTurn();
  });
}

// ---- worker ----

WorkerNode::WorkerNode(Context& context, WorkerOptions options, Machine& machine)
    : Process(context, "worker." + machine.target().text),
      options_(std::move(options)),
      machine_(machine),
      port_(context.timeline, context.network, name()) {
  port_.SetHandlers(
      {.make_hello =
           [this] {
             const JournalPosition seen = agent_->ledger().Seen();
             Hello hello{.role = Role::kWorker,
                         .name = name(),
                         .instance = starts_,
                         .journal = agent_->ledger().journal,
                         .epoch = agent_->ledger().epoch,
                         .ledger = options_.ledger,
                         .in_flight = agent_->InFlight(),
                         .event = seen.event,
                         .transaction = seen.transaction};
             for (const QueueName& queue : options_.queues) {
               hello.queues.push_back(queue.ToString());
             }
             return hello;
           },
       .on_established = [this](const link::Established&) { agent_->OnConnected(now()); },
       .on_lost = [this] { agent_->OnDisconnected(); },
       .on_ended =
           [this](const Bye&) {
             context_.verdicts.Report("D2", "the only " + name() + " was superseded");
           },
       .on_message = [this](const Message& message) { OnMessage(message); },
       .on_turn_end = [this] { EndTurn(); }});
}

void WorkerNode::Boot() {
  ++starts_;
  log_.Restart();
  agent_.emplace(Agent::Recover({.queues = options_.queues, .limits = options_.limits},
                                log_.Replay(LedgerState{}), now()));
  machine_.Attach({.done =
                       [this](const ItemId& id, Outcome outcome) {
                         agent_->OnDone(id, std::move(outcome), now());
                         EndTurn();
                       },
                   .ledger = [this]() -> const LedgerState& { return agent_->ledger(); }});
  machine_.KeepOnlyRoots(agent_->ledger().roots);
  port_.Up();
  After(kSecond, [this] { Tick(); });
  EndTurn();
}

void WorkerNode::Halt() {
  machine_.Detach();
  agent_.reset();
  deliveries_.clear();
  if (context_.plant == Plant::kSkipLedgerSync) log_.LoseTail();
  port_.Down();
}

void WorkerNode::OnMessage(const Message& message) {
  const bool is_delivery = message.header.kind == MessageKind::kDeliver;
  if (is_delivery) NoteDelivery(message.header);
  agent_->OnMessage(message, now());
  if (!is_delivery || !context_.faults.WantsForeignItem()) return;
  if (const auto foreign = foreign_planner_.NextItem(agent_->ledger())) TakeForeignItem(*foreign);
}

void WorkerNode::NoteDelivery(const Header& header) {
  const bool is_known = header.item.step.journal == agent_->ledger().journal;
  const Epoch newest = is_known ? agent_->ledger().epoch : Epoch();
  Delivery& delivery = deliveries_[header.item];
  if (header.epoch >= delivery.epoch) delivery = {header.epoch, newest};
}

// The answer goes where the item came from, not to the broker.
void WorkerNode::TakeForeignItem(const Message& message) {
  const ItemId id = message.header.item;
  context_.faults.Count(Fault::kForeignItem);
  NoteDelivery(message.header);
  std::vector<AgentEffect>& effects = agent_->decisions().effects;
  const std::size_t before = effects.size();
  agent_->OnMessage(message, now());
  for (std::size_t i = effects.size(); i > before; --i) {
    const auto* sent = std::get_if<SendMessage>(&effects[i - 1]);
    if (sent == nullptr || sent->message.header.item != id) continue;
    const auto outcome = Decode<Outcome>(sent->message.body);
    ERIS_CHECK(outcome.has_value(), "an item is answered with an outcome");
    const ForeignAnswerSeen seen{.id = id, .verdict = outcome->verdict};
    context_.watch.Tell(&Checker::OnForeignAnswer, seen);
    effects.erase(effects.begin() + static_cast<std::ptrdiff_t>(i - 1));
  }
}

void WorkerNode::Tick() {
  After(kSecond, [this] { Tick(); });
  agent_->OnTick(now());
  EndTurn();
}

void WorkerNode::EndTurn() {
  if (!agent_ || agent_->decisions().empty()) return;
  if (context_.plant == Plant::kSkipLedgerSync && !agent_->decisions().records.empty()) {
    log_.ReleaseWrites();
    log_.HoldWrites();
  }
  EndTurnBy(
      agent_->decisions(), log_, [this](const AgentEffect& effect) { Perform(effect); },
      [this](const LedgerRecord& record) {
        context_.timeline.Note(name(), "record " + std::to_string(record.index()));
        context_.watch.Tell(&Checker::OnLedgered, record);
      });
}

void WorkerNode::Perform(const AgentEffect& effect) {
  std::visit(Overloaded{
                 [this](const SendMessage& send) { port_.Send(send.message); },
                 [this](const StartWork& work) {
                   const Delivery& delivery = deliveries_[work.id];
                   const WorkSeen seen{.target = machine_.target(),
                                       .work = work,
                                       .serves = agent_->ledger().journal,
                                       .delivered = delivery.epoch,
                                       .newest = delivery.newest};
                   context_.watch.Tell(&Checker::OnWork, seen);
                   machine_.Start(work);
                 },
                 [this](const StopWork& stop) { machine_.Stop(stop.id); },
                 [this](const DropRoots& drop) { machine_.DropRootsOf(drop.transaction); },
                 [this](const ForgetWork& work) { machine_.Forget(work.id); },
             },
             effect);
}

}  // namespace eris::sim
