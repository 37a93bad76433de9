// eris-worker: runs the work items of one target, or builds. Wiring only, from top to bottom.
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <span>
#include <string>

#include "broker/link/context.h"
#include "broker/link/key_file.h"
#include "broker/link/loop.h"
#include "broker/link/zmq_transport.h"
#include "schema/base/crash_point.h"
#include "schema/base/files.h"
#include "schema/base/own_program.h"
#include "schema/base/process.h"
#include "schema/base/random.h"
#include "schema/base/spdlog_log.h"
#include "state/ledger.h"
#include "state/package_store.h"
#include "state/settings.h"
#include "worker/config.h"
#include "worker/daemon.h"
#include "worker/local_executor.h"
#include "worker/vitals.h"

namespace eris {
namespace {

constexpr std::string_view kHelp =
    "usage: eris-worker --config FILE\n"
    "\n"
    "Serves targets and builder systems: pulls work items from the broker and runs them.\n"
    "FILE is described in docs/manual/configuration.md. --version prints the version.\n";
constexpr int kExitSuperseded = 3;

// The directories below the state directory, made private.
struct Layout {
  explicit Layout(const std::string& state_dir) : root(state_dir) {}
  std::filesystem::path root;
  std::filesystem::path attempts = root / "attempts";
  std::filesystem::path dysnomia = root / "dysnomia";
  std::filesystem::path profiles = root / "profiles";
  std::filesystem::path roots = root / "roots";
  std::filesystem::path work = root / "work";

  Status Make() const {
    for (const auto* path : {&root, &attempts, &dysnomia, &profiles, &roots, &work}) {
      ERIS_TRY(MakeDirectories(path->string(), 0700));
    }
    return {};
  }
};

Vitals VitalsOf(const WorkerConfig& config) {
  return ReadVitals(config.store.store_dir.empty() ? "/nix/store" : config.store.store_dir,
                    config.state_dir);
}

LocalExecutor::Options ExecutorOptions(const WorkerConfig& config, const Layout& layout,
                                       DepotClient::Dial dial) {
  OfferSources offer = OfferSourcesFrom(CurrentEnvironment());
  offer.num_of_cores = config.num_of_cores;
  return {.activities = {.dysnomia =
                             config.dysnomia.empty() ? ProgramBeside("dysnomia") : config.dysnomia,
                         .attempts_dir = layout.attempts,
                         .state_dir = layout.dysnomia,
                         .secrets_dir = config.secrets_dir,
                         .at_a_time = config.num_of_cores},
          .store = {.location = config.store,
                    .roots_dir = layout.roots,
                    .profiles_dir = layout.profiles,
                    .work_dir = layout.work,
                    .max_build_jobs = config.num_of_cores},
          .depot_dir = config.depot_dir,
          .dial = std::move(dial),
          .modules_path = offer.modules_path,
          .offer = offer,
          .disnix_profiles = config.disnix_profiles};
}

Status Run(const std::string& config_path) {
  ERIS_ASSIGN(const WorkerConfig config, LoadWorkerConfig(config_path));
  ERIS_ASSIGN(const auto log, OpenLog({.program = "eris-worker", .file = config.log_file}));
  const Layout layout(config.state_dir);
  ERIS_TRY(layout.Make());
  if (const Status store = InitialiseStore(WithStore(CurrentEnvironment(), config.store)); !store) {
    log->Warn("worker.store", {{"error", store.error().message}});
  }
  const char* crash = std::getenv("ERIS_CRASH_AT");
  ERIS_ASSIGN(const auto observer,
              MakeCrashPoint(crash == nullptr ? "" : crash, "worker", config.name));

  SystemClock clock;
  SystemRandom random;
  ERIS_ASSIGN(const auto ledger, Ledger::Open((layout.root / "ledger.db").string(), random));
  ERIS_ASSIGN(const link::CurveKeys keys, link::ReadKeyFile(config.key_file));
  ERIS_ASSIGN(const link::PublicKey server_key, link::PublicKey::FromText(config.server_key));

  ERIS_ASSIGN(const auto loop, link::Loop::Open(clock));
  ERIS_TRY(loop->OnSignals({SIGTERM, SIGINT}, [&](int) { loop->Stop(); }));
  ERIS_ASSIGN(const auto context, link::Context::Open(link::IoThreads::kClient));
  ERIS_ASSIGN(const auto transport,
              link::ZmqClient::Connect(
                  *loop, *context, {.endpoint = config.endpoint, .server_key = server_key}, keys));

  const auto dial =
      [&](const DepotAccess& access) -> Result<std::unique_ptr<link::ClientTransport>> {
    ERIS_ASSIGN(const link::PublicKey key, link::PublicKey::FromText(access.server_key));
    return link::ZmqClient::Connect(*loop, *context,
                                    {.endpoint = access.endpoint, .server_key = key}, keys);
  };
  const auto make_executor = [&](ExecutorLinks links) {
    return std::make_unique<LocalExecutor>(ExecutorOptions(config, layout, dial), *loop, *log,
                                           std::move(links));
  };
  ERIS_ASSIGN(const auto daemon,
              WorkerDaemon::Start({.name = config.name,
                                   .software = ERIS_VERSION,
                                   .agent = {.queues = QueuesOf(config),
                                             .limits = {.num_of_cores = config.num_of_cores,
                                                        .max_transfers = config.max_transfers}},
                                   .read_vitals = [&config] { return VitalsOf(config); }},
                                  {.loop = *loop,
                                   .transport = *transport,
                                   .ledger = *ledger,
                                   .log = *log,
                                   .observer = observer.get()},
                                  make_executor));
  log->Info("worker.started", {{"name", config.name}, {"endpoint", config.endpoint}});
  loop->Run();
  log->Info("worker.stopped");
  return daemon->status();
}

}  // namespace
}  // namespace eris

int main(int argc, char** argv) {
  const auto call =
      eris::ParseDaemonCall(std::span(argv, static_cast<std::size_t>(argc)), eris::kHelp);
  if (call && call->config.empty()) return std::fputs(call->answer.c_str(), stdout) < 0;
  const eris::Status status = call ? eris::Run(call->config) : eris::Fail(call.error());
  if (status) return EXIT_SUCCESS;
  std::fprintf(stderr, "eris-worker: %s\n", status.error().message.c_str());
  if (!status.error().fix.empty()) std::fprintf(stderr, "  %s\n", status.error().fix.c_str());
  return status.error().code == eris::ErrorCode::kConflict ? eris::kExitSuperseded : EXIT_FAILURE;
}
