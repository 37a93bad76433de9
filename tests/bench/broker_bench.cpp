// What idle workers cost a broker: the real daemon, real sockets with CURVE, made-up workers that
// say hello and keep their sessions alive. Memory a peer, cpu while nothing happens, and how long
// it takes until all are back after the broker was killed.
//
//   broker_bench --broker PROGRAM [--workers N] [--seconds S]
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>
#include <new>
#include <sstream>
#include <string>
#include <vector>

#include "broker/link/broker_client.h"
#include "broker/link/context.h"
#include "broker/link/curve.h"
#include "broker/link/key_file.h"
#include "broker/link/zmq_transport.h"
#include "schema/base/clock.h"
#include "schema/base/files.h"
#include "schema/base/log.h"
#include "schema/base/text.h"
#include "state/keyring.h"

namespace eris {
namespace {

constexpr const char* kQueue = "builder.x86_64-linux";
// Of one process: a context has 1,023 sockets, and each client more than one.
constexpr std::uint32_t kWorkersAProcess = 250;
constexpr Duration kPatience = std::chrono::minutes(2);
constexpr Duration kGlance{5};  // between two looks at what others do

struct Options {
  std::string broker;
  std::uint32_t workers = 5'000;
  int seconds = 20;
};

struct Site {
  std::string directory;
  std::string endpoint;
  link::CurveKeys broker_keys;
  link::CurveKeys worker_keys;
  std::atomic<std::uint32_t>* established = nullptr;  // in memory shared with the workers
  pid_t broker = 0;
};

// Waits for what other processes do.
class Lookout {
 public:
  // Whether it came within that time, and after how many seconds.
  bool Until(const std::function<bool()>& came, Duration patience = kPatience) {
    const SteadyTime start = clock_.Read().steady;
    for (took_ = Duration(0); !came(); took_ = clock_.Read().steady - start) {
      if (took_ >= patience) return false;
      loop_->Turn(kGlance);
    }
    return true;
  }
  double seconds() const { return std::chrono::duration<double>(took_).count(); }

 private:
  SystemClock clock_;
  std::unique_ptr<link::Loop> loop_ = link::Loop::Open(clock_).value();
  Duration took_{0};
};

[[noreturn]] void GiveUp(const std::string& why) {
  std::fprintf(stderr, "%s\n", why.c_str());
  std::exit(EXIT_FAILURE);
}

pid_t Fork(const std::function<int()>& child) {
  const pid_t pid = ::fork();
  if (pid != 0) return pid;
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  ::_exit(child());
}

void WriteConfig(const Site& site) {
  const std::string& directory = site.directory;
  std::ofstream(directory + "/broker.toml")
      << "state_dir = \"" << directory << "/broker\"\nlisten = \"" << site.endpoint
      << "\"\nendpoint_file = \"" << directory << "/endpoint\"\nkey_file = \"" << directory
      << "/broker.key\"\nkeys_dir = \"" << directory << "/keys\"\nlog_file = \"" << directory
      << "/broker.log\"\n";
}

void StartBroker(Site& site, const Options& options) {
  const std::string file = site.directory + "/endpoint";
  std::filesystem::remove(file);
  site.broker = Fork([&] {
    const std::string config = site.directory + "/broker.toml";
    ::execl(options.broker.c_str(), "eris-broker", "--config", config.c_str(), nullptr);
    return EXIT_FAILURE;
  });
  if (!Lookout().Until([&file] { return FileExists(file); })) GiveUp("the broker does not start");
  site.endpoint = Trim(ReadFile(file, 4096).value());
  WriteConfig(site);  // a restarted broker listens where it was
}

Site MakeSite(const Options& options) {
  std::string pattern = (std::filesystem::temp_directory_path() / "eris-broker-XXXXXX").string();
  Site site{.directory = ::mkdtemp(pattern.data()),
            .endpoint = "tcp://127.0.0.1:*",
            .broker_keys = link::GenerateKeys().value(),
            .worker_keys = link::GenerateKeys().value()};
  static_cast<void>(link::WriteKeyFile(site.directory + "/broker.key", site.broker_keys));
  static_cast<void>(
      Authorize(site.directory + "/keys",
                {.public_key = site.worker_keys.public_key.ToText(),
                 .grant = {.name = "workers", .role = Role::kWorker, .queues = {kQueue}}}));
  void* shared = ::mmap(nullptr, sizeof(std::atomic<std::uint32_t>), PROT_READ | PROT_WRITE,
                        MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  site.established = new (shared) std::atomic<std::uint32_t>(0);
  WriteConfig(site);
  StartBroker(site, options);
  return site;
}

struct Worker {
  std::unique_ptr<link::ZmqClient> transport;
  std::unique_ptr<link::BrokerClient> client;
};

int RunWorkers(const Site& site, std::uint32_t first, std::uint32_t count) {
  SystemClock clock;
  NullLog log;
  const auto loop = link::Loop::Open(clock).value();
  const auto context = link::Context::Open(link::IoThreads::kClient).value();
  std::vector<Worker> workers(count);
  for (std::uint32_t i = 0; i < count; ++i) {
    Worker& worker = workers[i];
    worker.transport =
        link::ZmqClient::Connect(
            *loop, *context, {.endpoint = site.endpoint, .server_key = site.broker_keys.public_key},
            site.worker_keys)
            .value();
    const std::uint64_t ledger = first + i + 1;
    worker.client = std::make_unique<link::BrokerClient>(
        *loop, *worker.transport, log,
        link::BrokerClientHandlers{
            .make_hello =
                [ledger] {
                  return Hello{.role = Role::kWorker,
                               .name = "worker-" + std::to_string(ledger),
                               .instance = 1,
                               .queues = {kQueue},
                               .ledger = {ledger}};
                },
            .on_established = [&site](const link::Established&) { ++*site.established; },
            .on_lost = [&site](const link::Lost&) { --*site.established; },
            .on_ended = [](const Bye&) {},
            .on_message = [](const Message&) {}});
  }
  loop->Run();
  return EXIT_SUCCESS;
}

double SecondsUntilAllAreHere(const Site& site, std::uint32_t workers) {
  Lookout lookout;
  if (!lookout.Until([&] { return *site.established >= workers; })) {
    GiveUp(std::to_string(*site.established) + " of " + std::to_string(workers) +
           " workers are there after 2 minutes");
  }
  return lookout.seconds();
}

double CpuSeconds(pid_t pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
  std::string text((std::istreambuf_iterator<char>(file)), {});
  std::istringstream rest(text.substr(text.rfind(')') + 2));
  std::string field;
  double ticks = 0;
  for (int i = 3; i <= 15 && rest >> field; ++i) {
    if (i >= 14) ticks += std::stod(field);
  }
  return ticks / static_cast<double>(::sysconf(_SC_CLK_TCK));
}

long ResidentKilobytes(pid_t pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/statm");
  long size = 0;
  long resident = 0;
  file >> size >> resident;
  return resident * (::sysconf(_SC_PAGESIZE) / 1024);
}

// The broker has it from here: a socket a worker.
void AllowManyFiles() {
  rlimit files{};
  if (::getrlimit(RLIMIT_NOFILE, &files) != 0) return;
  files.rlim_cur = files.rlim_max;
  static_cast<void>(::setrlimit(RLIMIT_NOFILE, &files));
}

void Bench(const Options& options) {
  AllowManyFiles();
  Site site = MakeSite(options);
  const long empty = ResidentKilobytes(site.broker);
  std::vector<pid_t> children;
  for (std::uint32_t first = 0; first < options.workers; first += kWorkersAProcess) {
    const std::uint32_t count = std::min(kWorkersAProcess, options.workers - first);
    children.push_back(Fork([&site, first, count] { return RunWorkers(site, first, count); }));
  }
  std::printf("%u workers connected in %.1f s\n", options.workers,
              SecondsUntilAllAreHere(site, options.workers));
  const long full = ResidentKilobytes(site.broker);
  std::printf("memory of the broker: %ld MB empty, %ld MB full: %.1f KB a peer\n", empty / 1024,
              full / 1024, static_cast<double>(full - empty) / options.workers);
  const double before = CpuSeconds(site.broker);
  Lookout().Until([] { return false; }, std::chrono::seconds(options.seconds));
  std::printf("cpu while idle: %.1f %% of a core\n",
              100 * (CpuSeconds(site.broker) - before) / options.seconds);
  std::fflush(stdout);
  ::kill(site.broker, SIGKILL);
  ::waitpid(site.broker, nullptr, 0);
  if (!Lookout().Until([&site] { return *site.established == 0; })) {
    GiveUp("workers do not notice that the broker is gone");
  }
  StartBroker(site, options);
  const double seconds = SecondsUntilAllAreHere(site, options.workers);
  std::printf("all connected %.1f s after the restart of the broker, which took %.1f s cpu\n",
              seconds, CpuSeconds(site.broker));
  for (const pid_t child : children) ::kill(child, SIGKILL);
  ::kill(site.broker, SIGTERM);
  while (::wait(nullptr) > 0) continue;
  static_cast<void>(RemoveTree(site.directory));
}

}  // namespace
}  // namespace eris

int main(int argc, char** argv) {
  eris::Options options;
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::string name = argv[i];
    if (name == "--broker") options.broker = argv[i + 1];
    if (name == "--workers") options.workers = static_cast<std::uint32_t>(std::atoi(argv[i + 1]));
    if (name == "--seconds") options.seconds = std::atoi(argv[i + 1]);
  }
  if (options.broker.empty() || options.workers == 0 || options.seconds <= 0) {
    std::fprintf(stderr, "usage: broker_bench --broker PROGRAM [--workers N] [--seconds S]\n");
    return EXIT_FAILURE;
  }
  eris::Bench(options);
  return EXIT_SUCCESS;
}
