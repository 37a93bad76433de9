#include "tests/bench/pipeline_daemons.h"

#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <memory>
#include <utility>
#include <vector>

#include "broker/daemon.h"
#include "broker/link/context.h"
#include "broker/link/loop.h"
#include "broker/link/zap.h"
#include "broker/link/zmq_transport.h"
#include "planner/daemon.h"
#include "planner/depot.h"
#include "schema/base/clock.h"
#include "schema/base/files.h"
#include "schema/base/overloaded.h"
#include "schema/base/process.h"
#include "schema/base/random.h"
#include "schema/base/spdlog_log.h"
#include "state/keyring.h"
#include "state/ledger.h"
#include "state/spool.h"
#include "worker/daemon.h"

namespace eris::bench {
namespace {

constexpr const char* kZapDomain = "broker";
constexpr const char* kSoftware = "pipeline benchmark";

// What a daemon and its transport stand on.
struct Base {
  SystemClock clock;
  SystemRandom random;
  std::unique_ptr<BufferedLog> log;
  std::unique_ptr<link::Loop> loop;
  std::unique_ptr<link::Context> context;

  Status Open(const DaemonOptions& options, link::IoThreads threads,
              LogOptions::Lines lines = LogOptions::Lines::kOneByOne) {
    ERIS_ASSIGN(
        log,
        OpenLog({.program = options.name, .file = options.directory + "/log", .lines = lines}));
    ERIS_ASSIGN(loop, link::Loop::Open(clock));
    ERIS_TRY(loop->OnSignals({SIGTERM}, [this](int) { loop->Stop(); }));
    ERIS_ASSIGN(context, link::Context::Open(threads));
    return {};
  }
};

Result<std::unique_ptr<link::ZmqClient>> Dial(Base& base, const BrokerAt& broker,
                                              const link::CurveKeys& keys) {
  return link::ZmqClient::Connect(*base.loop, *base.context,
                                  {.endpoint = broker.endpoint, .server_key = broker.key}, keys);
}

// Hands everything on, and tells of phases at once.
class PhaseLog final : public Log {
 public:
  PhaseLog(Log& next, int fd) : next_(next), fd_(fd) {}

  bool Enabled(LogLevel level) const override { return next_.Enabled(level); }
  void Write(LogLevel level, std::string_view event, std::span<const LogField> fields) override {
    next_.Write(level, event, fields);
    if (event == "transaction.ended") (void)WriteAll(fd_, "E");
    if (event != "transaction.phase") return;
    for (const LogField& field : fields) {
      const auto* text = std::get_if<std::string_view>(&field.value());
      if (field.key() == "phase" && text != nullptr) (void)WriteAll(fd_, text->substr(0, 1));
    }
  }

 private:
  Log& next_;
  int fd_;
};

// Planner and targets share one store; tells of the first item that leaves.
class FirstPublish final : public planner::Depot {
 public:
  explicit FirstPublish(int fd) : fd_(fd) {}
  DepotAccess Allow(const planner::PublishItem&) override {
    if (!std::exchange(told_, true)) (void)WriteAll(fd_, "P");
    return {};
  }
  void Forget(TransactionId) override {}
  void OnPresence(const Presence&) override {}

 private:
  int fd_;
  bool told_ = false;
};

Outcome SuccessOf(const ItemBody& body) {
  Outcome outcome{.verdict = Verdict::kSucceeded};
  if (const auto* build = std::get_if<BuildItem>(&body)) {
    BuildReport report;
    for (const auto& derivation : build->derivations) report.built.push_back(derivation.output);
    outcome.report = std::move(report);
  }
  const auto* lock = std::get_if<LockItem>(&body);
  const bool is_lease = lock != nullptr && std::holds_alternative<AcquireLease>(lock->what);
  if (is_lease || std::holds_alternative<QueryItem>(body)) outcome.report = TargetReport{};
  return outcome;
}

// All that was started in a turn has ended in the next one.
class InstantExecutor final : public Executor {
 public:
  InstantExecutor(link::Loop& loop, Completion done) : loop_(loop), done_(std::move(done)) {}

  void Start(const StartWork& work) override {
    if (ended_.empty()) loop_.After(Duration(0), [this] { Complete(); });
    ended_.push_back({work.id, SuccessOf(*work.body)});
  }
  void Stop(const ItemId&) override {}
  void Forget(const ItemId&) override {}
  void DropRoots(TransactionId) override {}
  void KeepOnlyRoots(const std::set<TransactionId>&) override {}
  void OnStream(const Message&) override {}
  void OnInquiry(const Message&) override {}

 private:
  void Complete() {
    for (ItemOutcome& item : std::exchange(ended_, {})) done_(item.id, std::move(item.outcome));
  }

  link::Loop& loop_;
  Completion done_;
  std::vector<ItemOutcome> ended_;
};

}  // namespace

Status RunBroker(const DaemonOptions& options, const BrokerProcess& broker,
                 const link::CurveKeys& keys) {
  Base base;
  ERIS_TRY(base.Open(options, link::IoThreads::kServer));
  ERIS_ASSIGN(const auto spool, Spool::Open(options.directory + "/spool.db"));
  ERIS_ASSIGN(SpoolContent content, spool->Load());
  ERIS_ASSIGN(const Keyring keyring, Keyring::Load(broker.keys_directory));
  ERIS_ASSIGN(const auto zap, link::ZapHandler::Open(*base.loop, *base.context));
  zap->Serve(kZapDomain, [&keyring](const link::PublicKey& key) {
    return keyring.Find(key.ToText()) == nullptr ? link::Verdict::kDeny : link::Verdict::kAllow;
  });
  ERIS_ASSIGN(const auto transport,
              link::ZmqServer::Listen(*base.loop, *base.context, {.zap_domain = kZapDomain}, keys));
  BrokerDaemon daemon({.boot = base.random.NextU64()}, std::move(content),
                      {.loop = *base.loop,
                       .transport = *transport,
                       .spool = *spool,
                       .content = *spool,
                       .keys = keyring,
                       .log = *base.log,
                       .observer = options.observer});
  ERIS_TRY(WriteAll(broker.endpoint_fd, transport->endpoint()));
  ::close(broker.endpoint_fd);
  base.loop->Run();
  return daemon.status();
}

Status RunPlanner(const DaemonOptions& options, const PlannerProcess& planner,
                  const BrokerAt& broker, const link::CurveKeys& keys) {
  Base base;
  ERIS_TRY(base.Open(options, link::IoThreads::kClient, LogOptions::Lines::kUntilFlush));
  PhaseLog log(*base.log, planner.phases_fd);
  const std::string roots = options.directory + "/roots";
  ERIS_TRY(MakeDirectories(roots, 0700));
  ERIS_ASSIGN(const auto journal, Journal::Open(options.directory + "/journal.db", base.random));
  ERIS_ASSIGN(const auto transport, Dial(base, broker, keys));
  planner::PlannerDaemonOptions daemon_options{
      .name = options.name,
      .software = kSoftware,
      .instance = base.random.NextU64(),
      // Without a PATH: there is no store whose garbage would matter.
      .roots = {.directory = roots, .environment = {}},
      .coordinator = {}};
  daemon_options.coordinator.tuning.window = planner.window;
  FirstPublish depot(planner.phases_fd);
  ERIS_ASSIGN(const auto daemon, planner::PlannerDaemon::Start(std::move(daemon_options),
                                                               {.loop = *base.loop,
                                                                .transport = *transport,
                                                                .journal = *journal,
                                                                .log = log,
                                                                .depot = depot,
                                                                .observer = options.observer}));
  base.loop->OnTurnEnd([&base] { base.log->Flush(); });
  base.loop->Run();
  return daemon->status();
}

namespace {

// One worker whose executor is made up. Declared in the order of its making: the daemon ends first.
struct InstantWorker {
  std::unique_ptr<Ledger> ledger;
  std::unique_ptr<link::ZmqClient> transport;
  std::unique_ptr<WorkerDaemon> daemon;

  Status Start(Base& base, const DaemonOptions& options, AgentOptions agent, const BrokerAt& broker,
               const link::CurveKeys& keys) {
    ERIS_ASSIGN(ledger, Ledger::Open(options.directory + "/ledger.db", base.random));
    ERIS_ASSIGN(transport, Dial(base, broker, keys));
    const auto make_executor = [&base](ExecutorLinks links) {
      return std::make_unique<InstantExecutor>(*base.loop, std::move(links.done));
    };
    ERIS_ASSIGN(daemon,
                WorkerDaemon::Start(
                    {.name = options.name, .software = kSoftware, .agent = std::move(agent)},
                    {.loop = *base.loop,
                     .transport = *transport,
                     .ledger = *ledger,
                     .log = *base.log,
                     .observer = options.observer},
                    make_executor));
    return {};
  }
};

AgentOptions AgentFor(QueueName queue, std::uint32_t window) {
  AgentOptions agent{.queues = {std::move(queue)},
                     .limits = {.num_of_cores = window, .max_transfers = window}};
  agent.max_items = std::max(agent.max_items, window);
  return agent;
}

}  // namespace

Status RunWorker(const DaemonOptions& options, const WorkerProcess& worker, const BrokerAt& broker,
                 const link::CurveKeys& keys) {
  Base base;
  ERIS_TRY(base.Open(options, link::IoThreads::kClient));
  const QueueName queue =
      worker.builder_system.empty()
          ? QueueName{.kind = QueueName::Kind::kTarget, .name = options.name}
          : QueueName{.kind = QueueName::Kind::kBuilder, .name = worker.builder_system};
  InstantWorker one;
  ERIS_TRY(one.Start(base, options, AgentFor(queue, worker.window), broker, keys));
  base.loop->Run();
  return one.daemon->status();
}

Status RunCrew(const DaemonOptions& options, const Crew& crew, const BrokerAt& broker,
               const link::CurveKeys& keys) {
  Base base;
  ERIS_TRY(base.Open(options, link::IoThreads::kClient));
  std::vector<InstantWorker> workers(crew.queues.size());
  for (std::size_t i = 0; i < workers.size(); ++i) {
    const std::string name = crew.queues[i].ToString();
    const DaemonOptions own{.name = name, .directory = options.directory + "/" + name};
    ERIS_TRY(MakeDirectories(own.directory, 0700));
    ERIS_TRY(workers[i].Start(base, own, AgentFor(crew.queues[i], crew.window), broker, keys));
  }
  base.loop->Run();
  for (const InstantWorker& worker : workers) ERIS_TRY(worker.daemon->status());
  return {};
}

}  // namespace eris::bench
