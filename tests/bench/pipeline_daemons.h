// What runs in each process of the pipeline benchmark until it is told to end: the wiring of the
// daemons' mains, with keys in memory instead of configuration files.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "broker/link/curve.h"
#include "schema/base/error.h"
#include "schema/base/turn.h"
#include "schema/values/plan.h"

namespace eris::bench {

struct DaemonOptions {
  std::string name;
  std::string directory;  // exists; of this daemon alone
  TurnObserver* observer = nullptr;
};

// `endpoint_fd` is told where it listens, and closed.
struct BrokerProcess {
  std::string keys_directory;
  int endpoint_fd = -1;
};
Status RunBroker(const DaemonOptions& options, const BrokerProcess& broker,
                 const link::CurveKeys& keys);

struct BrokerAt {
  std::string endpoint;
  link::PublicKey key;
};

// `phases_fd` is told the first letter of each phase that was journaled, E at the end, and P before
// the first item that this process publishes.
struct PlannerProcess {
  std::uint32_t window = 1;
  int phases_fd = -1;
};
Status RunPlanner(const DaemonOptions& options, const PlannerProcess& planner,
                  const BrokerAt& broker, const link::CurveKeys& keys);

// Serves the target of its own name, and builds when it is told a system.
struct WorkerProcess {
  std::uint32_t window = 1;
  std::string builder_system;
};
Status RunWorker(const DaemonOptions& options, const WorkerProcess& worker, const BrokerAt& broker,
                 const link::CurveKeys& keys);

// Workers of a queue each, all in one process and with one key: for systems of more targets than
// this machine has room for workers.
struct Crew {
  std::vector<QueueName> queues;
  std::uint32_t window = 1;
};
Status RunCrew(const DaemonOptions& options, const Crew& crew, const BrokerAt& broker,
               const link::CurveKeys& keys);

}  // namespace eris::bench
