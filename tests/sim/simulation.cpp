#include "tests/sim/simulation.h"

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "planner/models/profiles.h"
#include "tests/sim/checkers/all.h"
#include "tests/sim/client.h"
#include "tests/sim/nodes.h"
#include "tests/sim/operator.h"
#include "tests/sim/planted_bug.h"
#include "tests/sim/reconstruction.h"
#include "tests/sim/scenario.h"

namespace eris::sim {
namespace {

constexpr Duration kEachSecond{1'000};
constexpr Duration kEachWrite{350};
// Everything must be over that long after the last fault.
constexpr Duration kProgress{3'600'000};
constexpr Duration kLookAgain{5'000};
constexpr Duration kLongestJump{3'600'000};
constexpr JournalId kJournal{77};
constexpr JournalId kSecondJournal{78};
constexpr std::uint64_t kBreaksLocksEvery = 8;  // seeds
constexpr std::uint64_t kLosesDiskEvery = 4;    // seeds

// In three of seven.
PreCopy PreCopyOf(std::uint64_t seed) {
  const std::uint64_t rest = seed % 7;
  return rest == 0 || rest == 2 || rest == 4 ? PreCopy::kBases : PreCopy::kNone;
}
// Until somebody has put another disk in.
constexpr Duration kRepair{90'000};

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

// Tells the faults in which phase they strike, and whoever reconstructs what the planner knows.
class JournalListener final : public Checker {
 public:
  JournalListener(const World& world, Verdicts& verdicts, Faults& faults,
                  std::optional<Reconstruction>& reconstruction)
      : Checker(world, verdicts), faults_(faults), reconstruction_(reconstruction) {}
  void OnJournaled(const Event& event) override {
    faults_.OnJournaled(event);
    if (reconstruction_) reconstruction_->OnJournaled(event);
  }

 private:
  Faults& faults_;
  std::optional<Reconstruction>& reconstruction_;
};

class Simulation {
 public:
  explicit Simulation(const RunOptions& options);
  RunReport Run();

 private:
  void AddCheckers();
  void MakeWorkers();
  void EverySecond();
  void WriteAll();
  void Strike();
  void StrikeLinks();
  void StrikeProcesses();
  void LookAtQueues();
  bool BreaksLocks() const;
  void TroubleThePlanner();
  void TakeBackupWhen(std::size_t size);
  void LoseDiskWhenQuiet();
  void LoseDisk();
  void Reconstruct();
  bool IsQuiet();
  void SendSecondPlanner();
  void RetirePretender();
  bool AllWorkersKnow(Epoch epoch) const;
  void BecomeCalm();
  void LookForEnd();
  bool IsOver();
  bool AllWorkersRest();
  void JudgeEnd();
  void CheckFaultless();
  PlannerNode& planner() { return *planners_.back(); }
  void LoseATarget();

  RunOptions options_;
  Family family_;
  Timeline timeline_;
  Faults faults_;
  Network network_;
  World world_;
  Verdicts verdicts_;
  Watch watch_;
  Context context_;
  Keyring keys_;
  Scenario scenario_;
  planner::CoordinatorOptions planner_options_;
  BrokerNode broker_;
  std::vector<std::unique_ptr<PlannerNode>> planners_;  // the last one is of record
  std::vector<std::unique_ptr<Machine>> machines_;
  std::vector<std::unique_ptr<WorkerNode>> workers_;
  Client client_;
  Operator operator_;
  std::set<TargetName> gone_;                     // for good
  std::optional<Reconstruction> reconstruction_;  // from when the planner's disk was lost
  std::set<SubmissionId> lost_;                   // only the lost journal knew them
  std::optional<Epoch> second_epoch_;  // of the second planner, until the first is let go on
  bool over_ = false;
};

Simulation::Simulation(const RunOptions& options)
    : options_(options),
      family_(FamilyOf(options.family, options.seed)),
      timeline_(options.seed, options.trace),
      faults_(timeline_, options.cuts.without),
      network_(timeline_, faults_),
      verdicts_(timeline_),
      context_{timeline_, network_, faults_, world_, watch_, verdicts_, options.plant},
      scenario_(MakeScenario(timeline_, family_, options.cuts, PreCopyOf(options.seed))),
      planner_options_(PlannerOptions(timeline_)),
      broker_(context_, keys_),
      client_(context_, scenario_.orders),
      operator_(context_, client_) {
  world_.journal = kJournal;
  world_.closures = scenario_.closures;
  world_.databases.SetSpecs(scenario_.databases);
  planners_.push_back(
      std::make_unique<PlannerNode>(context_, planner_options_, planner::MemoryJournal(kJournal)));
  AddCheckers();
  keys_.Add("planner", GrantOf(Role::kPlanner, "planner"));
  keys_.Add("client", GrantOf(Role::kClient, "client"));
  MakeWorkers();
}

void Simulation::AddCheckers() {
  for (const CheckerKind& kind : AllCheckers()) watch_.Add(kind.make(world_, verdicts_));
  watch_.Add(std::make_unique<JournalListener>(world_, verdicts_, faults_, reconstruction_));
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
  const PlantedBug bug(options_.plant);
  broker_.Start();
  planner().Start();
  for (const auto& worker : workers_) worker->Start();
  client_.Start();
  EverySecond();
  if (!world_.databases.empty()) WriteAll();
  if (family_ == Family::kPlanner && !faults_.none()) TroubleThePlanner();
  if (family_ == Family::kTargets && !faults_.none()) LoseATarget();
  timeline_.At(faults_.calm_from(), [this] { BecomeCalm(); });
  while (!over_ && timeline_.RunNext()) {
  }
  JudgeEnd();
  if (faults_.none() && options_.cuts == Cuts{}) CheckFaultless();
  return {.seed = options_.seed,
          .hash = timeline_.hash(),
          .virtual_ms = timeline_.now().steady.ms,
          .violations = verdicts_.all(),
          .coverage = faults_.coverage()};
}

// ---- while faults strike ----

void Simulation::EverySecond() {
  timeline_.After(kEachSecond, [this] { EverySecond(); });
  LookAtQueues();
  for (const auto& machine : machines_) {
    if (timeline_.Chance(20)) machine->CollectGarbage();
  }
  if (!faults_.calm()) Strike();
}

// Clients write throughout, also when all is calm.
void Simulation::WriteAll() {
  timeline_.After(kEachWrite, [this] { WriteAll(); });
  for (const Databases::Written& written : world_.databases.WriteAll()) {
    watch_.Tell(&Checker::OnWritten, written);
  }
}

void Simulation::LookAtQueues() {
  std::vector<std::string> queues;
  QueuesSeen seen;
  for (const auto& worker : workers_) {
    seen.worker_held = std::max(seen.worker_held, worker->held());
    for (const QueueName& queue : worker->queues()) queues.push_back(queue.ToString());
  }
  seen.broker_waiting = broker_.waiting(queues);
  seen.planner_out = planner().out();
  seen.window = planner_options_.tuning.window;
  watch_.Tell(&Checker::OnQueues, seen);
}

void Simulation::Strike() {
  StrikeLinks();
  StrikeProcesses();
  operator_.MayCancel();
  if (BreaksLocks()) operator_.MayBreakLock(scenario_.targets);
  RetirePretender();
}

// Where that happens all the time, little else is seen.
bool Simulation::BreaksLocks() const { return options_.seed % kBreaksLocksEvery == 0; }

void Simulation::StrikeLinks() {
  std::vector<BrokerPort*> ports = {&planner().port(), &client_.port()};
  for (const auto& worker : workers_) ports.push_back(&worker->port());
  for (BrokerPort* port : ports) {
    if (faults_.Strikes(Fault::kBreakLink)) network_.BreakLink(port->number());
    if (faults_.Strikes(Fault::kOneWay)) network_.MakeOneWay(port->number(), faults_.Outage());
  }
}

void Simulation::StrikeProcesses() {
  std::vector<Process*> processes = {&broker_, &planner()};
  for (const auto& worker : workers_) processes.push_back(worker.get());
  for (Process* process : processes) {
    if (faults_.Strikes(Fault::kClockJump)) {
      const Duration jump = timeline_.Between(Duration(1), kLongestJump);
      process->JumpClock(timeline_.Below(2) == 0 ? jump : -jump);
    }
    if (process->up() && faults_.Strikes(Fault::kSuddenCrash)) process->Crash();
  }
  for (const auto& worker : workers_) {
    if (worker->up() && faults_.Strikes(Fault::kStaleItem)) {
      network_.DeliverAgain(worker->port().number());
    }
    if (!worker->up() || !faults_.Strikes(Fault::kTargetAway)) continue;
    worker->StayDown(timeline_.Between(Duration(40'000), Duration(600'000)));
  }
}

// The first one stays, it is the builder.
void Simulation::LoseATarget() {
  if (timeline_.Below(4) != 0 || !faults_.targets_go()) return;
  WorkerNode& lost = *workers_[1 + timeline_.Below(workers_.size() - 1)];
  const Duration until_calm = faults_.calm_from() - SteadyTime{};
  timeline_.After(timeline_.Between(kEachSecond, until_calm), [this, &lost] {
    faults_.Count(Fault::kTargetGone);
    gone_.insert(lost.target());
    lost.Retire();
  });
}

void Simulation::BecomeCalm() {
  timeline_.Note("faults", "end");
  faults_.End();
  planner().TakeNewest();
  if (planners_.size() > 1) planners_.front()->Retire();
  LookForEnd();
}

// ---- the planner's disk ----

// At some moment an old backup of the journal is taken into service, or a second planner goes on
// from a copy while the first is cut off.
void Simulation::TroubleThePlanner() {
  const Duration half{(faults_.calm_from() - SteadyTime{}).count() / 2};
  const bool is_backup = timeline_.Below(2) == 0;
  const bool is_loss = options_.seed % kLosesDiskEvery == 1;
  timeline_.After(timeline_.Between(kEachSecond, half), [this, half, is_backup, is_loss] {
    if (is_loss) return LoseDiskWhenQuiet();
    if (!is_backup) return SendSecondPlanner();
    const std::size_t size = planner().journal_size();
    timeline_.After(timeline_.Between(kEachSecond, half), [this, size] { TakeBackupWhen(size); });
  });
}

// Targets tell an old journal by what they have seen of it since: all must have seen something.
void Simulation::TakeBackupWhen(std::size_t size) {
  if (faults_.calm()) return;
  const bool all_have_seen = std::all_of(workers_.begin(), workers_.end(), [&](const auto& worker) {
    return worker->up() && worker->ledger().event.value > size;
  });
  if (all_have_seen) {
    faults_.Mark("old backup of the journal");
    return planner().TakeBackup(size);
  }
  timeline_.After(kEachSecond, [this, size] { TakeBackupWhen(size); });
}

// What was under way is lost with the journal that knew of it: nobody could tell what is half done.
// So nothing is under way, and nobody begins anything until all is reconstructed.
void Simulation::LoseDiskWhenQuiet() {
  if (faults_.calm()) return client_.Resume();
  client_.Hold();
  if (IsQuiet()) return LoseDisk();
  timeline_.After(kEachSecond, [this] { LoseDiskWhenQuiet(); });
}

bool Simulation::IsQuiet() {
  return planner().idle() && AllWorkersRest() && broker_.has_passed_on_all() &&
         faults_.phases().stuck().empty();
}

void Simulation::LoseDisk() {
  faults_.Mark("the planner's disk is lost");
  std::map<TargetName, Target> targets;
  for (const TargetName& target : scenario_.targets) targets[target].system = scenario_.system;
  for (const Client::Order& order : scenario_.orders) {
    const auto* deploy = std::get_if<DeployManifest>(&order.submission.action);
    if (deploy == nullptr) continue;
    for (const auto& [name, target] : deploy->manifest.targets) targets[name] = target;
    for (const auto& [target, profile] : deploy->manifest.profiles) {
      world_.profile_texts[profile.path] = ProfileText(deploy->manifest, target, {});
    }
  }
  for (const Event& event : planner().journal().events()) {
    const auto* accepted = std::get_if<SubmissionAccepted>(&event.body);
    if (accepted != nullptr) lost_.insert(accepted->submission.id);
  }
  planner().Retire();
  world_.journal = kSecondJournal;
  watch_.Clear();
  faults_.ForgetPhases();
  AddCheckers();
  planners_.push_back(std::make_unique<PlannerNode>(context_, planner_options_,
                                                    planner::MemoryJournal(kSecondJournal)));
  reconstruction_.emplace(context_, client_, std::move(targets));
  timeline_.After(kRepair, [this] {
    planner().Start();
    Reconstruct();
  });
}

void Simulation::Reconstruct() {
  reconstruction_->Tick();
  if (!reconstruction_->done()) timeline_.After(kEachSecond, [this] { Reconstruct(); });
}

void Simulation::SendSecondPlanner() {
  if (!planner().up() || !planner().epoch()) return;
  PlannerNode& first = planner();
  faults_.Mark("second planner");
  first.Depose();
  second_epoch_ = planner::NextEpoch(*first.epoch(), 0);
  network_.Cut(first.port().number(), Duration(600'000));
  planners_.push_back(std::make_unique<PlannerNode>(context_, planner_options_, first.journal()));
  planner().ExpectPretender();
  planner().Start();
}

bool Simulation::AllWorkersKnow(Epoch epoch) const {
  return std::all_of(workers_.begin(), workers_.end(), [epoch](const auto& worker) {
    return worker->up() && worker->ledger().epoch >= epoch;
  });
}

// The first planner comes back once all targets know the second: it must do no harm.
void Simulation::RetirePretender() {
  if (!second_epoch_) return;
  if (!AllWorkersKnow(*second_epoch_)) return;
  second_epoch_.reset();
  network_.Cut(planners_.front()->port().number(), kEachSecond);
}

// ---- the end ----

void Simulation::LookForEnd() {
  const bool late = timeline_.now().steady >= faults_.calm_from() + kProgress;
  over_ = late || (IsOver() && operator_.HasLooked(scenario_.targets, gone_));
  if (over_) return;
  operator_.TidyUp(gone_);
  timeline_.After(kLookAgain, [this] { LookForEnd(); });
}

bool Simulation::AllWorkersRest() {
  return std::all_of(workers_.begin(), workers_.end(), [this](const auto& worker) {
    return gone_.contains(worker->target()) || (worker->up() && worker->idle());
  });
}

// Nothing is left to do, and everybody knows it.
bool Simulation::IsOver() {
  if (!client_.done() || !planner().idle()) return false;
  if (reconstruction_ && !reconstruction_->done()) return false;
  std::set<SubmissionId> known = broker_.refused();
  known.insert(lost_.begin(), lost_.end());
  for (const Event& event : planner().journal().events()) {
    const auto* accepted = std::get_if<SubmissionAccepted>(&event.body);
    if (accepted != nullptr) known.insert(accepted->submission.id);
  }
  const std::vector<SubmissionId>& promised = client_.accepted();
  return AllWorkersRest() && std::all_of(promised.begin(), promised.end(),
                                         [&](const auto& id) { return known.contains(id); });
}

void Simulation::JudgeEnd() {
  EndSeen end{
      .journal = planner().journal(), .ledgers = {}, .accepted = client_.accepted(), .gone = gone_};
  std::erase_if(end.accepted, [this](const SubmissionId& id) { return lost_.contains(id); });
  if (!client_.done()) verdicts_.Report("ends", "a submission was never accepted");
  if (!IsOver()) verdicts_.Report("ends", "no rest within the deadline of the calm phase");
  for (const auto& worker : workers_) {
    if (worker->up()) end.ledgers.push_back(&worker->ledger());
  }
  watch_.Tell(&Checker::AtEnd, end);
}

// Without faults the good manifests are committed, and the broken ones are rolled back.
void Simulation::CheckFaultless() {
  std::map<TransactionId, std::string> names;
  for (const Event& event : planner().journal().events()) {
    if (const auto* accepted = std::get_if<SubmissionAccepted>(&event.body)) {
      names[event.transaction] = accepted->submission.id.text;
    }
    const auto* ended = std::get_if<TransactionEnded>(&event.body);
    if (ended == nullptr || ended->result == TransactionResult::kSuperseded) continue;
    const char number = names[event.transaction].back();
    const bool good = ended->result == TransactionResult::kCommitted ||
                      ended->result == TransactionResult::kUnchanged;
    if ((number == '1' || number == '2') && !good) {
      verdicts_.Report("ends", "without any fault " + names[event.transaction] + " ended as " +
                                   std::string(ToString(ended->result)) + ": " + ended->message);
    }
  }
}

}  // namespace

RunReport Simulate(const RunOptions& options) { return Simulation(options).Run(); }

}  // namespace eris::sim
