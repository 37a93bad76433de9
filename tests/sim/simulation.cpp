#include "tests/sim/simulation.h"

#include <array>
#include <memory>
#include <string>
#include <utility>
#include <variant>

#include "tests/sim/checkers/all.h"
#include "tests/sim/client.h"
#include "tests/sim/nodes.h"
#include "tests/sim/scenario.h"

namespace eris::sim {
namespace {

constexpr Duration kBetweenStrikes{1'000};
// Everything must be over that long after the last fault.
constexpr Duration kProgress{3'600'000};
constexpr Duration kLookAgain{5'000};

planner::CoordinatorOptions PlannerOptions(Timeline& timeline) {
  planner::CoordinatorOptions options;
  options.tuning.activity_deadline = Duration(30'000);
  options.tuning.supply_deadline = Duration(30'000);
  options.tuning.control_deadline = Duration(20'000);
  options.tuning.grace = Duration(15'000);
  options.tuning.window = static_cast<std::uint32_t>(1 + timeline.Below(8));
  return options;
}

KeyGrant GrantOf(Role role, const std::string& name) {
  KeyGrant grant;
  grant.name = name;
  grant.role = role;
  if (role == Role::kClient) {
    grant.level = KeyLevel::kAdmin;
    grant.profiles = {"*"};
    grant.targets = {"*"};
  }
  return grant;
}

class Simulation {
 public:
  explicit Simulation(const RunOptions& options);
  RunReport Run();

 private:
  void MakeWorkers();
  void StrikeEverySecond();
  void LookForEnd();
  bool IsOver();
  void JudgeEnd();
  void CheckFaultless();

  RunOptions options_;
  Timeline timeline_;
  Faults faults_;
  Network network_;
  World world_;
  Verdicts verdicts_;
  Watch watch_;
  Context context_;
  Keyring keys_;
  Scenario scenario_;
  BrokerNode broker_;
  PlannerNode planner_;
  std::vector<std::unique_ptr<Machine>> machines_;
  std::vector<std::unique_ptr<WorkerNode>> workers_;
  Client client_;
  bool over_ = false;
};

Simulation::Simulation(const RunOptions& options)
    : options_(options),
      timeline_(options.seed, options.trace),
      faults_(timeline_),
      network_(timeline_, faults_),
      verdicts_(timeline_),
      context_{timeline_, network_, faults_, world_, watch_, verdicts_, options.plant},
      scenario_(MakeScenario(timeline_)),
      broker_(context_, keys_),
      planner_(context_, PlannerOptions(timeline_)),
      client_(context_, scenario_.orders) {
  for (const auto make : {MakeOrderChecker, MakeEffectChecker, MakeContentChecker, MakeLockChecker,
                          MakeSubmissionChecker, MakeEndChecker}) {
    watch_.Add(make(world_, verdicts_));
  }
  keys_.Add("planner", GrantOf(Role::kPlanner, "planner"));
  keys_.Add("client", GrantOf(Role::kClient, "client"));
  MakeWorkers();
}

void Simulation::MakeWorkers() {
  const bool has_status = timeline_.Below(3) != 0;
  for (std::size_t i = 0; i < scenario_.targets.size(); ++i) {
    const TargetName& target = scenario_.targets[i];
    WorkerOptions options{
        .ledger = {100 + i}, .queues = {{QueueName::Kind::kTarget, target.text}}, .limits = {}};
    options.limits.num_of_cores = static_cast<std::uint32_t>(1 + timeline_.Below(3));
    if (i == 0) options.queues.push_back({QueueName::Kind::kBuilder, scenario_.system.text});
    KeyGrant grant = GrantOf(Role::kWorker, "worker." + target.text);
    for (const QueueName& queue : options.queues) grant.queues.push_back(queue.ToString());
    keys_.Add(grant.name, grant);
    machines_.push_back(std::make_unique<Machine>(
        context_,
        MachineOptions{.target = target, .broken = scenario_.broken, .has_status = has_status}));
    workers_.push_back(
        std::make_unique<WorkerNode>(context_, std::move(options), *machines_.back()));
  }
}

RunReport Simulation::Run() {
  broker_.Start();
  planner_.Start();
  for (const auto& worker : workers_) worker->Start();
  client_.Start();
  if (!faults_.none()) StrikeEverySecond();
  timeline_.At(faults_.calm_from(), [this] {
    timeline_.Note("faults", "end");
    faults_.End();
    LookForEnd();
  });
  while (!over_ && timeline_.RunNext()) {
  }
  JudgeEnd();
  if (faults_.none()) CheckFaultless();
  return {.seed = options_.seed,
          .hash = timeline_.hash(),
          .virtual_ms = timeline_.now().steady.ms,
          .violations = verdicts_.all(),
          .coverage = faults_.coverage()};
}

void Simulation::StrikeEverySecond() {
  if (faults_.calm()) return;
  timeline_.After(kBetweenStrikes, [this] { StrikeEverySecond(); });
  std::vector<Process*> processes = {&broker_, &planner_};
  std::vector<BrokerPort*> ports = {&planner_.port(), &client_.port()};
  for (const auto& worker : workers_) {
    processes.push_back(worker.get());
    ports.push_back(&worker->port());
  }
  const FaultRates& rates = faults_.rates();
  for (BrokerPort* port : ports) {
    if (faults_.Strikes(rates.break_link, "link broken")) network_.BreakLink(port->number());
  }
  for (Process* process : processes) {
    if (!process->up() || !faults_.Strikes(rates.sudden_crash, "sudden crash")) continue;
    process->Crash();
  }
}

void Simulation::LookForEnd() {
  over_ = IsOver() || timeline_.now().steady >= faults_.calm_from() + kProgress;
  if (!over_) timeline_.After(kLookAgain, [this] { LookForEnd(); });
}

// Nothing is left to do, and everybody knows it.
bool Simulation::IsOver() {
  if (!client_.done() || !planner_.idle()) return false;
  std::size_t made = 0;
  for (const Event& event : planner_.journal().events()) {
    if (std::holds_alternative<SubmissionAccepted>(event.body)) ++made;
  }
  if (made < client_.accepted().size()) return false;
  for (const auto& worker : workers_) {
    if (!worker->up() || !worker->idle()) return false;
  }
  return true;
}

void Simulation::JudgeEnd() {
  EndSeen end{.journal = planner_.journal(), .ledgers = {}, .accepted = client_.accepted()};
  if (!client_.done()) verdicts_.Report("end", "a submission was never accepted");
  if (!IsOver()) verdicts_.Report("end", "no rest within the deadline of the calm phase");
  for (const auto& worker : workers_) {
    if (worker->up()) end.ledgers.push_back(&worker->ledger());
  }
  watch_.Tell(&Checker::AtEnd, end);
}

// Without faults the two good manifests are committed, and the broken one is rolled back.
void Simulation::CheckFaultless() {
  std::vector<TransactionResult> results;
  for (const Event& event : planner_.journal().events()) {
    if (const auto* ended = std::get_if<TransactionEnded>(&event.body)) {
      results.push_back(ended->result);
    }
  }
  const bool all = results.size() == client_.accepted().size();
  const bool good =
      all && results[0] == TransactionResult::kCommitted &&
      (results[1] == TransactionResult::kCommitted || results[1] == TransactionResult::kUnchanged);
  const bool bad = scenario_.broken.empty() || results[2] == TransactionResult::kRolledBack;
  if (!good || !bad) verdicts_.Report("faultless", "an ending is not as it should be");
}

}  // namespace

RunReport Simulate(const RunOptions& options) { return Simulation(options).Run(); }

}  // namespace eris::sim
