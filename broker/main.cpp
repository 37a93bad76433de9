// eris-broker: routes work items, outcomes, submissions and requests. Wiring only, top to bottom.
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "broker/config.h"
#include "broker/daemon.h"
#include "broker/link/context.h"
#include "broker/link/key_file.h"
#include "broker/link/loop.h"
#include "broker/link/zap.h"
#include "broker/link/zmq_transport.h"
#include "schema/base/clock.h"
#include "schema/base/crash_point.h"
#include "schema/base/files.h"
#include "schema/base/random.h"
#include "schema/base/spdlog_log.h"
#include "state/keyring.h"
#include "state/settings.h"
#include "state/spool.h"

namespace eris {
namespace {

constexpr std::string_view kHelp =
    "usage: eris-broker --config FILE\n"
    "\n"
    "Connects planner, workers and clients. FILE is described in docs/manual/configuration.md.\n"
    "--version prints the version.\n";
constexpr const char* kZapDomain = "broker";
constexpr Duration kKeyringInterval{2'000};
constexpr Duration kIdleInterval{60'000};

void ReportProblems(const Keyring& keyring, Log& log) {
  for (const Error& problem : keyring.problems()) {
    log.Error("keyring.problem", {{"error", problem.message}, {"fix", problem.fix}});
  }
}

// `eris key` changes files; the broker looks by itself.
void WatchKeyring(link::Loop& loop, Keyring& keyring, BrokerDaemon& daemon, Log& log) {
  const Result<Keyring::Reload> reloaded = keyring.ReloadIfChanged();
  if (!reloaded) {
    log.Error("keyring.unreadable", {{"error", reloaded.error().message}});
  } else if (*reloaded == Keyring::Reload::kChanged) {
    log.Info("keyring.changed", {{"keys", keyring.List().size()}});
    ReportProblems(keyring, log);
    daemon.OnKeysChanged();
  }
  loop.After(kKeyringInterval, [&] { WatchKeyring(loop, keyring, daemon, log); });
}

// Keeps the write-ahead log small between the rare submissions.
void CheckpointNowAndThen(link::Loop& loop, Spool& spool, Log& log) {
  if (const Status done = spool.Checkpoint(); !done) {
    log.Warn("spool.checkpoint", {{"error", done.error().message}});
  }
  loop.After(kIdleInterval, [&] { CheckpointNowAndThen(loop, spool, log); });
}

Status Run(const std::string& config_path) {
  ERIS_ASSIGN(const BrokerConfig config, LoadBrokerConfig(config_path));
  ERIS_ASSIGN(const auto log, OpenLog({.program = "eris-broker", .file = config.log_file}));
  ERIS_TRY(MakeDirectories(config.state_dir, 0700));
  const char* crash = std::getenv("ERIS_CRASH_AT");
  ERIS_ASSIGN(const auto observer, MakeCrashPoint(crash == nullptr ? "" : crash, "broker"));

  SystemClock clock;
  SystemRandom random;
  ERIS_ASSIGN(const auto spool, Spool::Open(config.state_dir + "/spool.db"));
  ERIS_ASSIGN(SpoolContent content, spool->Load());
  ERIS_ASSIGN(const link::CurveKeys keys, link::ReadOrMakeKeyFile(config.key_file));
  ERIS_ASSIGN(Keyring keyring, Keyring::Load(config.keys_dir));
  ReportProblems(keyring, *log);

  ERIS_ASSIGN(const auto loop, link::Loop::Open(clock));
  BrokerDaemon* running = nullptr;
  ERIS_TRY(loop->OnSignals({SIGTERM, SIGINT}, [&](int) { running->Stop(); }));
  ERIS_ASSIGN(const auto context, link::Context::Open(link::IoThreads::kServer));
  ERIS_ASSIGN(const auto zap, link::ZapHandler::Open(*loop, *context));
  zap->Serve(kZapDomain, [&keyring](const link::PublicKey& key) {
    return keyring.Find(key.ToText()) == nullptr ? link::Verdict::kDeny : link::Verdict::kAllow;
  });
  ERIS_ASSIGN(const auto transport,
              link::ZmqServer::Listen(*loop, *context,
                                      {.endpoint = config.listen, .zap_domain = kZapDomain}, keys));

  BrokerOptions options = config.options;
  options.boot = random.NextU64();
  ERIS_ASSIGN(options.planners, spool->LoadPlanners());
  ERIS_ASSIGN(options.ledgers, spool->LoadLedgers());
  BrokerDaemon daemon(options, std::move(content),
                      {.loop = *loop,
                       .transport = *transport,
                       .spool = *spool,
                       .content = *spool,
                       .keys = keyring,
                       .log = *log,
                       .observer = observer.get()});
  running = &daemon;
  WatchKeyring(*loop, keyring, daemon, *log);
  CheckpointNowAndThen(*loop, *spool, *log);
  ERIS_TRY(WriteFileAtomically(config.endpoint_file, transport->endpoint() + "\n", 0600));
  log->Info("broker.started", {{"endpoint", transport->endpoint()},
                               {"key", keys.public_key.ToText()},
                               {"keys", keyring.List().size()}});
  loop->Run();
  log->Info("broker.stopped");
  return daemon.status();
}

}  // namespace
}  // namespace eris

int main(int argc, char** argv) {
  const auto call =
      eris::ParseDaemonCall(std::span(argv, static_cast<std::size_t>(argc)), eris::kHelp);
  if (call && call->config.empty()) {
    return std::fputs(call->answer.c_str(), stdout) < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
  }
  const eris::Status status = call ? eris::Run(call->config) : eris::Fail(call.error());
  if (status) return EXIT_SUCCESS;
  std::fprintf(stderr, "eris-broker: %s\n", status.error().message.c_str());
  if (!status.error().fix.empty()) std::fprintf(stderr, "  %s\n", status.error().fix.c_str());
  return EXIT_FAILURE;
}
