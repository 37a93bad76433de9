// What the depot moves, against the raw stream of the same frames and against Nix alone: one
// process serves, forked ones fetch, over CURVE on loopback, each with a Nix store of its own.
//
//   transfer_bench [--megabytes N] [--paths N] [--targets N] [--ssh SCRIPT --sshd PACKAGES]
//   transfer_bench --dysnomia PROGRAM [--megabytes N]    instead: a snapshot, there and on
//
// With --ssh also against ssh and nix-copy-closure over it (transfer_ssh.sh).
#include <sched.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "broker/bulk/snapshot_shelf.h"
#include "broker/bulk/store_shelf.h"
#include "broker/link/context.h"
#include "broker/link/curve.h"
#include "broker/link/zap.h"
#include "broker/link/zmq_transport.h"
#include "planner/depot_server.h"
#include "schema/base/command.h"
#include "schema/base/digest.h"
#include "schema/base/files.h"
#include "schema/base/log.h"
#include "schema/base/text.h"
#include "state/snapshots/store.h"
#include "worker/depot_client.h"
#include "worker/state_runner.h"

namespace eris {
namespace {

constexpr const char* kQueue = "target.all";
constexpr double kMega = 1e6;

struct Sizes {
  std::size_t megabytes = 256;
  std::size_t paths = 1000;
  std::size_t targets = 8;
  std::string ssh;       // the script that makes one; empty: without
  std::string sshd;      // what it needs
  std::string dysnomia;  // the program; empty: store paths
};

std::string work_dir;  // of the run; removed by main

std::vector<std::string> StoreEnvironment(const std::string& name) {
  std::vector<std::string> environment = CurrentEnvironment();
  std::erase_if(environment, [](const std::string& one) { return one.starts_with("NIX_"); });
  environment.push_back("NIX_CONFIG=substituters =\nsandbox = false\nbuild-users-group =\n");
  environment.push_back("NIX_REMOTE=" + work_dir + "/" + name);
  return environment;
}

std::string Nix(const std::string& store, const std::vector<std::string>& argv) {
  const auto done = RunCommand(argv, {.environment = StoreEnvironment(store)});
  if (!done || !done->status.success()) {
    std::fprintf(stderr, "%s failed: %s\n", argv[0].c_str(), done ? done->stderr_tail.c_str() : "");
    std::exit(EXIT_FAILURE);
  }
  return std::string(Trim(done->stdout_text));
}

// Half noise, half text, as programs are.
void WriteBig(const std::string& file, std::size_t megabytes) {
  std::ofstream out(file, std::ios::binary);
  std::mt19937_64 random(1);
  std::array<std::uint64_t, 8192> block{};
  for (std::size_t i = 0; i < megabytes * 16; ++i) {
    for (std::size_t k = 0; k < block.size(); ++k) block[k] = k % 2 == 0 ? random() : i;
    out.write(reinterpret_cast<const char*>(block.data()), sizeof block);
  }
}

std::string AddBigPath(std::size_t megabytes) {
  const std::string file = work_dir + "/big";
  WriteBig(file, megabytes);
  const std::string path = Nix("planner", {"nix-store", "--add", file});
  std::filesystem::remove(file);
  return path;
}

std::string AddSmallPaths(std::size_t count) {
  const std::string quoted =
      Nix("planner",
          {"nix-instantiate", "--eval", "--read-write-mode", "--expr",
           "let n = " + std::to_string(count) +
               "; one = i: builtins.toFile \"small-${toString i}\" (builtins.concatStringsSep "
               "\" \" (builtins.genList (k: toString (i * k)) 1500)); in builtins.toFile \"all\" "
               "(builtins.concatStringsSep \"\\n\" (map (i: \"${one i}\") (builtins.genList (i: i) "
               "n)))"});
  return quoted.substr(1, quoted.size() - 2);
}

planner::PublishItem ItemOf(ItemBody body) {
  return {.queue = kQueue,
          .item = {.id = {.step = {.journal = {1}, .transaction = {1}, .index = {0}},
                          .grade = {.attempt = 1}},
                   .body = std::move(body)}};
}

ItemBody Naming(const std::string& path) {
  return TransferItem{.profile = ProfileName("x"), .paths = {StorePath(path)}};
}

double CpuSeconds(int who) {
  rusage usage{};
  ::getrusage(who, &usage);
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / kMega;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}
long PeakMegabytes(int who) {
  rusage usage{};
  ::getrusage(who, &usage);
  return usage.ru_maxrss / 1024;
}

// Of this process and of the largest program that it has run.
void PrintUse(std::FILE* to, const char* name) {
  std::fprintf(to, "    %s: cpu %.2f s, peak %ld MB; its programs: cpu %.2f s, peak %ld MB\n", name,
               CpuSeconds(RUSAGE_SELF), PeakMegabytes(RUSAGE_SELF), CpuSeconds(RUSAGE_CHILDREN),
               PeakMegabytes(RUSAGE_CHILDREN));
  std::fflush(to);
}

struct SnapshotMove {
  std::string dysnomia;
  std::string state_dir;  // the target's
  TransferStateItem item;
};

// A worker: fetches one path into its own store, exits with 0.
int FetchAll(const DepotAccess& access, const link::CurveKeys& keys, const std::string& store,
             const std::string& path) {
  SystemClock clock;
  const auto loop = link::Loop::Open(clock).value();
  const auto context = link::Context::Open(link::IoThreads::kClient).value();
  bulk::StoreShelf shelf({.environment = StoreEnvironment(store), .trust = bulk::Trust::kSender},
                         *loop);
  DepotClient client(
      [&](const DepotAccess& to) -> Result<std::unique_ptr<link::ClientTransport>> {
        ERIS_ASSIGN(const link::PublicKey key, link::PublicKey::FromText(to.server_key));
        return link::ZmqClient::Connect(*loop, *context,
                                        {.endpoint = to.endpoint, .server_key = key}, keys);
      },
      *loop);
  std::optional<Status> ended;
  client.Start(
      {.item = ItemOf(Naming(path)).item.id, .access = access, .names = {path}, .shelf = &shelf},
      [&](const Status& status) {
        ended = status;
        loop->Stop();
      });
  loop->Run();
  if (!*ended) std::fprintf(stderr, "fetch: %s\n", ended->error().message.c_str());
  PrintUse(stderr, "worker");
  return *ended ? EXIT_SUCCESS : EXIT_FAILURE;
}

// A worker that brings or fetches a snapshot.
int MoveSnapshot(const DepotAccess& access, const link::CurveKeys& keys, const SnapshotMove& move) {
  SystemClock clock;
  const auto loop = link::Loop::Open(clock).value();
  const auto context = link::Context::Open(link::IoThreads::kClient).value();
  StateRunner runner(
      {.dysnomia = move.dysnomia,
       .state_dir = move.state_dir,
       .depot_dir = {},
       .work_dir = work_dir},
      *loop, [&](const DepotAccess& to) -> Result<std::unique_ptr<link::ClientTransport>> {
        ERIS_ASSIGN(const link::PublicKey key, link::PublicKey::FromText(to.server_key));
        return link::ZmqClient::Connect(*loop, *context,
                                        {.endpoint = to.endpoint, .server_key = key}, keys);
      });
  std::optional<Outcome> ended;
  runner.Transfer({ItemOf(move.item).item.id, access}, move.item, std::chrono::hours(1),
                  [&](Outcome outcome) {
                    ended = std::move(outcome);
                    loop->Stop();
                  });
  loop->Run();
  PrintUse(stderr, "worker");
  if (ended->verdict == Verdict::kSucceeded) return EXIT_SUCCESS;
  std::fprintf(stderr, "snapshot: %s\n", ended->message.c_str());
  return EXIT_FAILURE;
}

// Frames of a chunk's size with a window, no more: what the link can do.
int TakeRaw(const DepotAccess& access, const link::CurveKeys& keys, std::size_t frames) {
  SystemClock clock;
  const auto loop = link::Loop::Open(clock).value();
  const auto context = link::Context::Open(link::IoThreads::kClient).value();
  const auto key = link::PublicKey::FromText(access.server_key).value();
  const auto client = link::ZmqClient::Connect(
                          *loop, *context, {.endpoint = access.endpoint, .server_key = key}, keys)
                          .value();
  const link::Frame grant(64);
  client->SetHandlers({.on_frame =
                           [&](link::Bytes) {
                             static_cast<void>(client->Send(grant));
                             if (--frames == 0) loop->Stop();
                           },
                       .on_link =
                           [&](link::LinkEvent event) {
                             if (event != link::LinkEvent::kUp) return;
                             for (std::uint32_t i = 0; i < limits::kBulkWindow; ++i) {
                               static_cast<void>(client->Send(grant));
                             }
                           }});
  loop->Run();
  return EXIT_SUCCESS;
}

pid_t Fork(const std::function<int()>& child) {
  const pid_t pid = ::fork();
  if (pid == 0) ::_exit(child());
  return pid;
}

// ---- the server, a child of its own, because there is one ZeroMQ context a process ----
struct Server {
  std::string path;            // what its one item names
  std::size_t raw_frames = 0;  // not 0: sends these to whoever grants, and nothing else
  std::optional<SnapshotMove> snapshot = std::nullopt;  // instead of the path
};

std::string AccessFile() { return work_dir + "/access"; }

void SendRaw(link::ServerTransport& transport, std::size_t frames) {
  auto frame = std::make_shared<link::Frame>(limits::kBulkChunkBytes);
  auto left = std::make_shared<std::size_t>(frames);
  transport.SetHandlers({.on_frame = [&transport, frame, left](
                                         link::PeerId peer, const link::PublicKey&, link::Bytes) {
    if (*left == 0) return;
    --*left;
    static_cast<void>(transport.Send(peer, *frame));
  }});
}

int Serve(const Server& server, const link::CurveKeys& keys, const link::PublicKey& worker,
          int stop_fd) {
  SystemClock clock;
  const auto loop = link::Loop::Open(clock).value();
  const auto context = link::Context::Open(link::IoThreads::kServer).value();
  const auto zap = link::ZapHandler::Open(*loop, *context).value();
  zap->Serve("bench", [](const link::PublicKey&) { return link::Verdict::kAllow; });
  const auto transport = link::ZmqServer::Listen(*loop, *context,
                                                 {.endpoint = "tcp://127.0.0.1:*",
                                                  .zap_domain = "bench",
                                                  .max_peer_queue_bytes = std::size_t{32} << 20},
                                                 keys)
                             .value();
  NullLog log;
  planner::DepotServer depot({.endpoint = transport->endpoint(),
                              .server_key = keys.public_key.ToText(),
                              .secret = "secret",
                              .roots_dir = work_dir + "/roots",
                              .environment = StoreEnvironment("planner")},
                             *loop, *transport, log);
  depot.OnPresence({.queue = kQueue,
                    .state = Presence::State::kConnected,
                    .worker = "",
                    .software = "",
                    .keys = {worker.ToText()}});
  std::optional<bulk::SnapshotShelf> shelf;
  if (server.snapshot) {
    shelf.emplace(bulk::SnapshotShelfOptions{.dysnomia = server.snapshot->dysnomia,
                                             .environment = CurrentEnvironment(),
                                             .place = bulk::PlacesBelow(work_dir + "/depot")},
                  *loop);
    depot.Serve(ObjectKind::kSnapshot, *shelf);
  }
  const DepotAccess access =
      depot.Allow(ItemOf(server.snapshot ? ItemBody(server.snapshot->item) : Naming(server.path)));
  if (server.raw_frames > 0) SendRaw(*transport, server.raw_frames);
  static_cast<void>(
      WriteFileAtomically(AccessFile(), access.endpoint + " " + Hex(access.ticket), 0600));
  static_cast<void>(
      loop->Watch(stop_fd, link::Interest::kRead, [&](link::Readiness) { loop->Stop(); }));
  loop->Run();
  PrintUse(stdout, "server");
  return EXIT_SUCCESS;
}

// Seconds from when the server listens until all have what they want.
double Measure(const Server& server, std::size_t targets, const std::string& name) {
  const link::CurveKeys keys = link::GenerateKeys().value();
  const link::CurveKeys worker = link::GenerateKeys().value();
  std::filesystem::remove(AccessFile());
  std::array<int, 2> stop{};
  if (::pipe(stop.data()) != 0) std::exit(EXIT_FAILURE);
  const pid_t serving = Fork([&] {
    ::close(stop[1]);
    return Serve(server, keys, worker.public_key, stop[0]);
  });
  while (!FileExists(AccessFile())) ::sched_yield();
  const std::string text = ReadFile(AccessFile(), 4096).value();
  const std::size_t space = text.find(' ');
  const DepotAccess access{.endpoint = text.substr(0, space),
                           .server_key = keys.public_key.ToText(),
                           .ticket = FromHex(text.substr(space + 1)).value()};
  const auto start = std::chrono::steady_clock::now();
  std::vector<pid_t> children;
  for (std::size_t i = 0; i < targets; ++i) {
    children.push_back(Fork([&] {
      ::close(stop[1]);
      if (server.raw_frames > 0) return TakeRaw(access, worker, server.raw_frames);
      if (server.snapshot) return MoveSnapshot(access, worker, *server.snapshot);
      return FetchAll(access, worker, name + std::to_string(i), server.path);
    }));
  }
  for (const pid_t child : children) {
    int status = 0;
    ::waitpid(child, &status, 0);
    if (status != 0) std::exit(EXIT_FAILURE);
  }
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
  ::close(stop[1]);
  int status = 0;
  ::waitpid(serving, &status, 0);
  ::close(stop[0]);
  return took.count();
}

void Print(const std::string& what, double seconds, double megabytes) {
  std::printf("%-48s %8.2f s", what.c_str(), seconds);
  if (megabytes > 0) std::printf(" %8.1f MB/s", megabytes / seconds);
  std::printf("\n");
  std::fflush(stdout);
}

double SecondsOf(const std::string& command) {
  const auto start = std::chrono::steady_clock::now();
  Nix("planner", {"sh", "-c", command});
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
  return took.count();
}

std::string SshConfig() { return work_dir + "/ssh/config"; }

double CopyBySsh(const std::string& path, const std::string& store) {
  const std::string remote = work_dir + "/" + store;
  return SecondsOf("echo " + remote + " > " + work_dir + "/ssh/store; NIX_SSHOPTS='-F " +
                   SshConfig() + "' nix-copy-closure --to bench " + path);
}

double CopyByNixAlone(const std::string& path, const std::string& store) {
  const auto start = std::chrono::steady_clock::now();
  const auto env = [](const std::string& name) { return "NIX_REMOTE=" + work_dir + "/" + name; };
  Nix("planner", {"sh", "-c",
                  env("planner") + " nix-store --export $(" + env("planner") +
                      " nix-store --query --requisites " + path + ") | " + env(store) +
                      " nix-store --import > /dev/null"});
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
  return took.count();
}

void BenchSsh(const Sizes& sizes, const std::string& big, const std::string& small) {
  if (sizes.ssh.empty()) return;
  const double megabytes = static_cast<double>(sizes.megabytes) * 1.048576;
  Nix("planner", {"bash", sizes.ssh, sizes.sshd, work_dir + "/ssh"});
  Nix("planner", {"sh", "-c", "echo local > " + work_dir + "/ssh/store"});
  Print("ssh alone, aes128-gcm",
        SecondsOf("head -c " + std::to_string(sizes.megabytes) + "M /dev/zero | ssh -F " +
                  SshConfig() + " bench 'cat > /dev/null'"),
        megabytes);
  Print("nix-copy-closure over it, one big path", CopyBySsh(big, "copied"), megabytes);
  Print("nix-copy-closure over it, " + std::to_string(sizes.paths) + " small paths",
        CopyBySsh(small, "copied2"), 0);
}

// A dump of this size as a target has it.
std::string TakeBig(const std::string& state_dir, std::size_t megabytes) {
  const snapshots::SnapshotStore store(state_dir);
  const snapshots::StateKey key{"bench", "rooms"};
  const auto staged = store.Stage(key);
  WriteBig(*staged / "dump", megabytes);
  if (!store.Commit(key, *staged, "id")) std::exit(EXIT_FAILURE);
  return snapshots::SnapshotStore::ReferenceOf(key, "id");
}

// Each way to the raw stream of the same number of frames, over a socket of the same kind.
void BenchSnapshot(const Sizes& sizes) {
  const double megabytes = static_cast<double>(sizes.megabytes) * 1.048576;
  const std::string first = work_dir + "/first";
  TransferStateItem item{.profile = ProfileName("x"),
                         .way = TransferStateItem::Way::kToDepot,
                         .service_name = ServiceName("rooms"),
                         .container = ContainerName("bench"),
                         .component = ComponentName("rooms"),
                         .from = {},
                         .snapshot = TakeBig(first, sizes.megabytes),
                         .taken_by = {}};
  const double raw = Measure({"", sizes.megabytes * 4, std::nullopt}, 1, "raw");
  Print("raw CURVE stream, frames of 256 KiB", raw, megabytes);
  const double sent = Measure({"", 0, SnapshotMove{sizes.dysnomia, first, item}}, 1, "first");
  Print("a snapshot, target to depot", sent, megabytes);
  item.way = TransferStateItem::Way::kFromDepot;
  const double fetched =
      Measure({"", 0, SnapshotMove{sizes.dysnomia, work_dir + "/second", item}}, 1, "second");
  Print("a snapshot, depot to target", fetched, megabytes);
  std::printf("to the raw stream: %.2f there, %.2f on\n", raw / sent, raw / fetched);
}

void Bench(const Sizes& sizes) {
  const double megabytes = static_cast<double>(sizes.megabytes) * 1.048576;
  const std::size_t frames = sizes.megabytes * 4;
  const std::string big = AddBigPath(sizes.megabytes);
  const std::string small = AddSmallPaths(sizes.paths);
  Print("raw CURVE stream, frames of 256 KiB", Measure({big, frames, std::nullopt}, 1, "raw"),
        megabytes);
  Print("depot, one big path", Measure({big, 0, std::nullopt}, 1, "big"), megabytes);
  Print("nix-store --export | --import, no network", CopyByNixAlone(big, "alone"), megabytes);
  Print("depot, " + std::to_string(sizes.paths) + " small paths",
        Measure({small, 0, std::nullopt}, 1, "small"), 0);
  Print("nix-store --export | --import, the same", CopyByNixAlone(small, "alone2"), 0);
  BenchSsh(sizes, big, small);
  Print("depot, the big path to " + std::to_string(sizes.targets) + " targets",
        Measure({big, 0, std::nullopt}, sizes.targets, "many"),
        megabytes * static_cast<double>(sizes.targets));
}

}  // namespace
}  // namespace eris

int main(int argc, char** argv) {
  eris::Sizes sizes;
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::string name = argv[i];
    if (name == "--ssh") sizes.ssh = argv[i + 1];
    if (name == "--sshd") sizes.sshd = argv[i + 1];
    if (name == "--dysnomia") sizes.dysnomia = argv[i + 1];
    const auto value = static_cast<std::size_t>(std::strtoul(argv[i + 1], nullptr, 10));
    if (name == "--megabytes") sizes.megabytes = value;
    if (name == "--paths") sizes.paths = value;
    if (name == "--targets") sizes.targets = value;
  }
  std::string pattern = (std::filesystem::temp_directory_path() / "eris-transfer-XXXXXX").string();
  eris::work_dir = ::mkdtemp(pattern.data());
  if (sizes.dysnomia.empty()) {
    eris::Bench(sizes);
  } else {
    eris::BenchSnapshot(sizes);
  }
  return eris::RemoveTree(eris::work_dir) ? EXIT_SUCCESS : EXIT_FAILURE;
}
