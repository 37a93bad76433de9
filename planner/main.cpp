// eris-planner: plans, journals and leads transactions. Wiring only, from top to bottom.
#include <array>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "broker/link/context.h"
#include "broker/link/key_file.h"
#include "broker/link/loop.h"
#include "broker/link/zmq_transport.h"
#include "planner/config.h"
#include "planner/daemon.h"
#include "planner/depot_socket.h"
#include "planner/epochs.h"
#include "schema/base/crash_point.h"
#include "schema/base/files.h"
#include "schema/base/own_program.h"
#include "schema/base/process.h"
#include "schema/base/random.h"
#include "schema/base/spdlog_log.h"
#include "state/journal.h"
#include "state/package_store.h"
#include "state/settings.h"
#include "state/store_location.h"

namespace eris::planner {
namespace {

constexpr std::string_view kHelp =
    "usage: eris-planner --config FILE [--keep 90d] [--keep 1GB] [--take-over]\n"
    "\n"
    "Plans what is submitted, keeps the journal and leads each transaction to its end.\n"
    "A planner whose journal is an old or a copied one stops for good. --take-over says that its\n"
    "journal is the right one, and ends; the next start fences all other planners of it.\n"
    "FILE is described in docs/manual/configuration.md; --keep is said there, too, and comes "
    "before\n"
    "it. --version prints the version.\n";
constexpr std::array<std::string_view, 1> kOptions{"--keep"};
constexpr std::string_view kTakeOver = "--take-over";
constexpr int kExitSuperseded = 3;

Status TakeJournalOver(const std::string& config_path) {
  ERIS_ASSIGN(const PlannerConfig config, LoadPlannerConfig(config_path));
  SystemClock clock;
  SystemRandom random;
  const std::string path = config.state_dir + "/journal.db";
  if (!FileExists(path)) {
    return Fail(ErrorCode::kNotFound, path + ": there is no journal",
                "put the journal there, or read docs/RECOVERY.md about its loss");
  }
  ERIS_ASSIGN(const auto journal, Journal::Open(path, random));
  ERIS_ASSIGN(const JournalHead head, journal->LoadHead());
  const Event event = TakeOver(head, random.NextU64(), clock.Read().wall);
  ERIS_TRY(journal->Append({&event, 1}));
  std::puts("this journal is the right one from now on: start the planner");
  return {};
}

Status Run(const DaemonCall& call) {
  ERIS_ASSIGN(PlannerConfig config, LoadPlannerConfig(call.config));
  for (const auto& [option, value] : call.options) {
    ERIS_ASSIGN(config.upkeep, WithKept(config.upkeep, value));
  }
  ERIS_ASSIGN(const auto log, OpenLog({.program = "eris-planner",
                                       .file = config.log_file,
                                       .lines = LogOptions::Lines::kUntilFlush}));
  const std::string roots = config.state_dir + "/roots";
  ERIS_TRY(MakeDirectories(config.state_dir, 0700));
  ERIS_TRY(MakeDirectories(roots, 0700));
  const std::vector<std::string> nix = WithStore(CurrentEnvironment(), config.store);
  if (const Status store = InitialiseStore(nix); !store) {
    log->Warn("planner.store", {{"error", store.error().message}});
  }
  const char* crash = std::getenv("ERIS_CRASH_AT");
  ERIS_ASSIGN(const auto observer, MakeCrashPoint(crash == nullptr ? "" : crash, "planner"));

  SystemClock clock;
  SystemRandom random;
  ERIS_ASSIGN(const auto journal, Journal::Open(config.state_dir + "/journal.db", random));
  ERIS_ASSIGN(const link::CurveKeys keys, link::ReadKeyFile(config.key_file));
  ERIS_ASSIGN(const link::PublicKey server_key, link::PublicKey::FromText(config.server_key));

  ERIS_ASSIGN(const auto loop, link::Loop::Open(clock));
  ERIS_TRY(loop->OnSignals({SIGTERM, SIGINT}, [&](int) { loop->Stop(); }));
  ERIS_ASSIGN(const auto context,
              link::Context::Open(config.depot_listen.empty() ? link::IoThreads::kClient
                                                              : link::IoThreads::kServer));
  ERIS_ASSIGN(const auto transport,
              link::ZmqClient::Connect(
                  *loop, *context, {.endpoint = config.endpoint, .server_key = server_key}, keys));

  ERIS_ASSIGN(const auto depot, DepotSocket::Open(config, keys, *loop, *context, *log));
  ERIS_ASSIGN(const auto daemon,
              PlannerDaemon::Start(
                  {.name = config.name,
                   .software = ERIS_VERSION,
                   .instance = random.NextU64(),
                   .roots = {.directory = roots, .environment = nix},
                   .uploads = {.roots_dir = config.state_dir + "/upload-roots", .environment = nix},
                   .keeper = {.dysnomia = ProgramBeside("dysnomia"),
                              .snapshots = config.state_dir + "/snapshots"},
                   .coordinator = {},
                   .upkeep = config.upkeep},
                  {.loop = *loop,
                   .transport = *transport,
                   .journal = *journal,
                   .log = *log,
                   .depot = depot->depot(),
                   .observer = observer.get()}));
  loop->OnTurnEnd([&log] { log->Flush(); });  // after the daemon's end of the turn
  log->Info("planner.started", {{"name", config.name}, {"endpoint", config.endpoint}});
  loop->Run();
  log->Info("planner.stopped");
  return daemon->status();
}

}  // namespace
}  // namespace eris::planner

int main(int argc, char** argv) {
  using namespace eris;
  const auto call = ParseDaemonCall(std::span(argv, static_cast<std::size_t>(argc)), planner::kHelp,
                                    {.verb = planner::kTakeOver, .options = planner::kOptions});
  if (call && call->config.empty()) return std::fputs(call->answer.c_str(), stdout) < 0;
  const auto run = [&call] {
    if (!call) return Status(Fail(call.error()));
    return call->verb.empty() ? planner::Run(*call) : planner::TakeJournalOver(call->config);
  };
  const Status status = run();
  if (status) return EXIT_SUCCESS;
  std::fprintf(stderr, "eris-planner: %s\n", status.error().message.c_str());
  if (!status.error().fix.empty()) std::fprintf(stderr, "  %s\n", status.error().fix.c_str());
  return status.error().code == ErrorCode::kConflict ? planner::kExitSuperseded : EXIT_FAILURE;
}
