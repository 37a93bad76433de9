#include "planner/up/up.h"

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <optional>
#include <set>
#include <utility>
#include <variant>

#include "broker/link/context.h"
#include "broker/link/zmq_transport.h"
#include "planner/cli/client.h"
#include "planner/models/evaluate_models.h"
#include "planner/up/site.h"
#include "planner/up/supervisor.h"
#include "schema/base/files.h"

namespace eris::up {
namespace {

namespace fs = std::filesystem;
using cli::Client;
using cli::ExitCode;

constexpr Duration kAskPatience{2'000};
constexpr Duration kAskPause{100};
constexpr Duration kWaitingNotice{10'000};
constexpr Duration kLongTurn{60'000};

// The infrastructure alone: models of nothing on it.
Result<std::map<TargetName, Target>> EvaluateTargets(const std::string& infrastructure,
                                                     const SitePlan& plan,
                                                     const UpContext& context) {
  ModelOptions options;
  options.sources.infrastructure = infrastructure;
  options.sources.purpose = ModelSources::Purpose::kUndeploy;
  options.nix.environment = WithStore({}, plan.store);
  ERIS_ASSIGN(EvaluatedModels models, EvaluateModels(options));
  for (const Finding& finding : models.errors) {
    context.output.Problem({ErrorCode::kInvalid, ToString(finding), finding.fix});
  }
  if (!models.errors.empty()) {
    return Fail(ErrorCode::kInvalid, "the infrastructure model has errors", "nothing was started");
  }
  if (models.manifest.targets.empty()) {
    return Fail(ErrorCode::kInvalid, infrastructure + " has no targets", "add one");
  }
  return std::move(models.manifest.targets);
}

Result<Site> PrepareSite(const cli::UpCommand& command, const std::string& directory,
                         const UpContext& context) {
  std::error_code failed;
  SitePlan plan{.directory = directory,
                .programs = fs::read_symlink("/proc/self/exe", failed).parent_path().string(),
                .system = MachineSystem()};
  if (command.store == cli::UpCommand::Store::kOwn) {
    plan.store = OwnStoreBelow(directory + "/nix");
    ERIS_TRY(PrepareOwnStore(plan.store));
  }
  ERIS_ASSIGN(plan.targets, EvaluateTargets(command.infrastructure, plan, context));
  return MakeSite(plan);
}

// The queues of `wanted` that no worker serves, as the planner sees it; all while it is away.
std::set<std::string> Unserved(Client& client, const std::vector<std::string>& wanted) {
  std::set<std::string> missing(wanted.begin(), wanted.end());
  const Result<std::vector<Reply>> replies = client.Ask(RequestVerb::kTargets, {}, kAskPatience);
  if (!replies) return missing;
  for (const Reply& reply : *replies) {
    const auto* targets = std::get_if<TargetsReply>(&reply.body);
    if (targets == nullptr) continue;
    for (const TargetInfo& info : targets->targets) {
      if (info.state == Presence::State::kConnected) missing.erase(info.queue);
    }
  }
  return missing;
}

// Until all workers are connected, or the person has had enough.
void WaitReady(Client& client, const Site& site, const UpContext& context) {
  SteadyTime said = context.clock.Read().steady;
  while (!client.interrupted()) {
    const std::set<std::string> missing = Unserved(client, site.queues);
    if (missing.empty()) return;
    const SteadyTime now = context.clock.Read().steady;
    if (now - said >= kWaitingNotice) {
      said = now;
      context.output.Say("waiting for " + *missing.begin() +
                         (missing.size() > 1
                              ? " and " + std::to_string(missing.size() - 1) + " more"
                              : std::string()));
    }
    client.RunUntil([] { return false; }, kAskPause);
  }
}

// A system that is up: loop, children, and a client that looks whether it is ready.
class Running {
 public:
  Running(const Site& site, const UpContext& context) : site_(site), context_(context) {}

  Status Run() {
    ERIS_ASSIGN(loop_, link::Loop::Open(context_.clock));
    ERIS_TRY(loop_->OnSignals({SIGINT, SIGTERM}, [this](int) { Interrupt(); }));
    ERIS_ASSIGN(zmq_, link::Context::Open(link::IoThreads::kClient));
    Supervisor supervisor(*loop_,
                          SupervisorOptions{.environment = context_.surroundings.environment},
                          [this](std::string_view line) { context_.output.Say(line); });
    Status started = StartAll(supervisor);
    if (started) started = Serve();
    bool is_stopped = false;
    supervisor.Stop([&is_stopped] { is_stopped = true; });
    while (!is_stopped) loop_->Turn(kLongTurn);
    return started;
  }

 private:
  Status StartAll(Supervisor& supervisor) {
    for (const ChildSpec& child : site_.children) {
      ERIS_TRY(EndLeftover(child));
      ERIS_TRY(supervisor.Start(child));
    }
    return {};
  }

  // Until a signal comes.
  Status Serve() {
    ERIS_ASSIGN(transport_, link::ZmqClient::Connect(*loop_, *zmq_,
                                                     {.endpoint = site_.endpoint,
                                                      .server_key = site_.server_key,
                                                      .reconnect_min = Duration(100)},
                                                     site_.client_keys));
    client_.emplace(*loop_, *transport_, log_,
                    cli::ClientOptions{.endpoint = site_.endpoint,
                                       .software = ERIS_VERSION,
                                       .instance = context_.random.NextU64()});
    WaitReady(*client_, site_, context_);
    if (!client_->interrupted()) context_.output.Say("ready");
    while (!client_->interrupted()) client_->RunUntil([] { return false; }, kLongTurn);
    return {};
  }

  void Interrupt() {
    if (client_) client_->Interrupt();
  }

  const Site& site_;
  const UpContext& context_;
  NullLog log_;
  std::unique_ptr<link::Loop> loop_;
  std::unique_ptr<link::Context> zmq_;
  std::unique_ptr<link::ZmqClient> transport_;
  std::optional<Client> client_;  // until the loop has turned for the last time
};

}  // namespace

Result<ExitCode> RunUp(const cli::UpCommand& command, const UpContext& context) {
  const std::string directory = fs::absolute(command.state_dir).lexically_normal().string();
  ERIS_TRY(MakeDirectories(directory + "/run", 0700));
  const Result<FileLock> lock = FileLock::TryAcquire(directory + "/run/lock");
  if (!lock) {
    return Fail(ErrorCode::kConflict, "another `eris up` runs with " + directory,
                "stop it, or give another --state-dir");
  }
  ERIS_ASSIGN(const Site site, PrepareSite(command, directory, context));
  context.output.Say("starting broker, planner, builder and " +
                     std::to_string(site.queues.size() - 1) + " workers; logs: " + directory +
                     "/log");
  const Status status = Running(site, context).Run();
  context.output.Say(
      "stopped; the services go on running, and `eris up` with this directory takes over again");
  if (!status) return Fail(status.error());
  return ExitCode::kDone;
}

}  // namespace eris::up
