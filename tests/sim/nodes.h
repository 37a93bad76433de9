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
#include "tests/sim/machine.h"
#include "tests/sim/process.h"
#include "worker/agent.h"

namespace eris::sim {

// The keyring of the installation: who holds which name may do what.
class Keyring final : public KeyGrants {
 public:
  void Add(const std::string& key, KeyGrant grant) { grants_[key] = std::move(grant); }
  const KeyGrant* Find(std::string_view public_key) const override;

 private:
  std::map<std::string, KeyGrant, std::less<>> grants_;
};

class BrokerNode final : public Process, public ServerEnd {
 public:
  BrokerNode(Context& context, const Keyring& keys);

  // ServerEnd
  void OnMessage(link::PeerId peer, std::string_view key, Message message) override;
  void OnGone(link::PeerId peer) override;

 private:
  void Boot() override;
  void Halt() override;
  void EndTurn();
  void ForwardSubmissions();
  void Tick();

  const Keyring& keys_;
  MemoryLog<SpoolRecord> spool_;
  std::optional<Broker> broker_;
};

class PlannerNode final : public Process {
 public:
  PlannerNode(Context& context, planner::CoordinatorOptions options);

  planner::MemoryJournal& journal() { return journal_; }
  // Every transaction is over, and every promise about it kept.
  bool idle() const;
  BrokerPort& port() { return port_; }

 private:
  void Boot() override;
  void Halt() override;
  void EndTurn();
  void Perform(const planner::Effect& effect);
  void SetWake();

  planner::CoordinatorOptions options_;
  planner::MemoryJournal journal_;
  std::size_t last_append_ = 0;  // where the last append to the journal began
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
  const LedgerState& ledger() const { return agent_->ledger(); }
  BrokerPort& port() { return port_; }

 private:
  void Boot() override;
  void Halt() override;
  void EndTurn();
  void Perform(const AgentEffect& effect);
  void OnMessage(const Message& message);
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
};

}  // namespace eris::sim
