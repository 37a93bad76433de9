// The daemons of a simulated installation: each is a real core, its disk in memory and a shell that
// does what the real shell does, turn by turn.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "broker/broker.h"
#include "planner/coordinator.h"
#include "planner/memory_journal.h"
#include "planner/wire.h"
#include "schema/values/key_grant.h"
#include "state/memory_log.h"
#include "tests/sim/broker_port.h"
#include "tests/sim/foreign_item.h"
#include "tests/sim/machine.h"
#include "tests/sim/process.h"
#include "worker/agent.h"

namespace eris::sim {

// Small, so that it is reached.
inline constexpr std::size_t kItemsPerQueue = 6;

// The keyring of the installation: who holds which name may do what.
class Keyring final : public KeyGrants {
 public:
  void Add(const std::string& key, KeyGrant grant) { grants_[key] = std::move(grant); }
  const KeyGrant* Find(std::string_view public_key) const override;
  const KeyGrant* FindNamed(std::string_view name) const override;

 private:
  std::map<std::string, KeyGrant, std::less<>> grants_;
};

class BrokerNode final : public Process, public ServerEnd {
 public:
  BrokerNode(Context& context, const Keyring& keys);

  // ServerEnd
  void OnMessage(link::PeerId peer, std::string_view key, Message message) override;
  void OnGone(link::PeerId peer) override;

  // The planner has said that they can never become transactions.
  const std::set<SubmissionId>& refused() const { return refused_; }
  // Nothing is here that no planner has taken yet.
  bool has_passed_on_all() const;
  // Of the fullest queue.
  std::size_t waiting(const std::vector<std::string>& queues) const;

 private:
  void Boot() override;
  void Halt() override;
  void EndTurn();
  void ForwardSubmissions();
  void Tick();

  const Keyring& keys_;
  std::set<SubmissionId> refused_;
  MemoryLog<SpoolRecord> spool_;
  std::optional<Broker> broker_;
};

class PlannerNode final : public Process {
 public:
  // Of record: what it journals is the truth, and it must never stop.
  enum class Standing : std::uint8_t { kOfRecord, kPretender };

  PlannerNode(Context& context, planner::CoordinatorOptions options,
              planner::MemoryJournal journal);

  planner::MemoryJournal& journal() { return journal_; }
  std::size_t journal_size() const { return journal_.events().size(); }
  // It starts again with the first `events` of its journal: an old backup. Until TakeNewest it is a
  // pretender.
  void TakeBackup(std::size_t events);
  // It starts again with the journal that TakeBackup has put away. No effect without one.
  void TakeNewest();
  // Somebody else goes on from a copy of its journal.
  void Depose() { standing_ = Standing::kPretender; }
  // Somebody else has served before, or tries to.
  void ExpectPretender() { had_pretender_ = true; }
  // It has said that its journal is not the newest, and waits for a person.
  bool stopped() const { return stopped_; }
  bool on_backup() const { return newest_.has_value(); }
  std::optional<Epoch> epoch() const;
  // Items that are out at the busiest target.
  std::size_t out() const;
  // Every transaction is over, and every promise about it kept.
  bool idle() const;
  BrokerPort& port() { return port_; }

 private:
  void Boot() override;
  void Halt() override;
  void EndTurn();
  void Perform(const planner::Effect& effect);
  void SetWake();

  void GiveUp(const std::string& why);
  void TakeOver();
  bool IsSuperseded();

  planner::CoordinatorOptions options_;
  Standing standing_ = Standing::kOfRecord;
  bool had_pretender_ = false;
  bool stopped_ = false;
  std::string must_stop_;  // at the end of this turn
  planner::MemoryJournal journal_;
  std::optional<planner::MemoryJournal> newest_;  // put away
  std::size_t last_append_ = 0;                   // where the last append to the journal began
  std::optional<planner::Coordinator> coordinator_;
  std::optional<planner::Intake> intake_;
  BrokerPort port_;
  std::uint64_t instance_ = 0;
  std::uint64_t wake_ = 0;
};

struct WorkerOptions {
  LedgerId ledger;
  std::vector<QueueName> queues;
  Scheduler::Limits limits;
};

class WorkerNode final : public Process {
 public:
  WorkerNode(Context& context, WorkerOptions options, Machine& machine);

  bool idle() const { return agent_ && agent_->held() == 0; }
  const std::vector<QueueName>& queues() const { return options_.queues; }
  const TargetName& target() const { return machine_.target(); }
  std::size_t held() const { return agent_ ? agent_->held() : 0; }
  const LedgerState& ledger() const { return agent_->ledger(); }
  BrokerPort& port() { return port_; }

 private:
  void Boot() override;
  void Halt() override;
  void EndTurn();
  void Perform(const AgentEffect& effect);
  void OnMessage(const Message& message);
  void TakeForeignItem(const Message& message);
  void NoteDelivery(const Header& header);
  void Tick();

  WorkerOptions options_;
  Machine& machine_;
  MemoryLog<LedgerRecord> log_;
  std::optional<Agent> agent_;
  BrokerPort port_;
  std::uint64_t starts_ = 0;  // kept with the ledger
  struct Delivery {
    Epoch epoch;
    Epoch newest;
  };
  std::map<ItemId, Delivery> deliveries_;
  ForeignPlanner foreign_planner_;
};

}  // namespace eris::sim
