// The shell of a worker: loop, ledger, link to the broker and executor around the agent. Each turn
// ends with one synced append to the ledger, and only then with sends and starts.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "broker/link/broker_client.h"
#include "broker/link/loop.h"
#include "schema/base/log.h"
#include "schema/base/turn.h"
#include "state/ledger.h"
#include "worker/agent.h"
#include "worker/executor.h"

namespace eris {

struct WorkerDaemonOptions {
  std::string name;
  std::string software;
  AgentOptions agent;
  // How the machine is; told to the planner on each welcome and then at this interval. Empty:
  // never.
  std::function<Vitals()> read_vitals;
  Duration vitals_interval{30'000};
};

// Owned by main.
class WorkerDaemon {
 public:
  using MakeExecutor = std::function<std::unique_ptr<Executor>(ExecutorLinks links)>;

  struct Parts {  // borrowed from main, all of which outlives the daemon
    link::Loop& loop;
    link::ClientTransport& transport;
    Ledger& ledger;
    Log& log;
    TurnObserver* observer;  // null outside of tests
  };
  static Result<std::unique_ptr<WorkerDaemon>> Start(WorkerDaemonOptions options,
                                                     const Parts& parts,
                                                     const MakeExecutor& make_executor);
  ~WorkerDaemon();

  // Why the loop ended: success after a signal, an error otherwise.
  const Status& status() const { return status_; }

 private:
  WorkerDaemon(WorkerDaemonOptions options, const Parts& parts, LedgerState state);
  link::BrokerClientHandlers MakeHandlers();
  Hello MakeHello() const;
  void EndTurn();
  void Perform(const AgentEffect& effect);
  void TickAfter(Duration pause);
  void SendVitals();
  void Stop(Status status);

  WorkerDaemonOptions options_;
  Parts parts_;
  Agent agent_;
  std::unique_ptr<Executor> executor_;
  link::BrokerClient client_;
  link::TimerId tick_;
  link::TimerId vitals_;
  bool ticks_ = false;  // that timer is set
  Status status_;
};

}  // namespace eris
