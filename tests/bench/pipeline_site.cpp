#include "tests/bench/pipeline_site.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <new>
#include <utility>

#include "schema/base/files.h"
#include "schema/base/system_error.h"
#include "state/keyring.h"
#include "tests/support/manifest_builder.h"

namespace eris::bench {
namespace {

constexpr const char* kSystem = "x86_64-linux";

class CountSyncs final : public TurnObserver {
 public:
  explicit CountSyncs(SyncCounter& counter) : counter_(counter) {}
  void Reached(std::string_view point) override {
    if (point == kAfterAppend) ++counter_.appends;
  }

 private:
  SyncCounter& counter_;
};

Result<SyncCounter*> MakeSharedCounter() {
  void* memory = ::mmap(nullptr, sizeof(SyncCounter), PROT_READ | PROT_WRITE,
                        MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) return FailErrno(errno, "cannot share memory");
  return new (memory) SyncCounter{0};
}

struct Pipe {
  UniqueFd read;
  UniqueFd write;
};

Result<Pipe> MakePipe() {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return FailErrno(errno, "cannot make a pipe");
  return Pipe{UniqueFd(ends[0]), UniqueFd(ends[1])};
}

// Until the other end closes it.
std::string ReadAll(int fd) {
  std::string text;
  char buffer[256];
  for (ssize_t size = 0; (size = ::read(fd, buffer, sizeof buffer)) > 0;) {
    text.append(buffer, static_cast<std::size_t>(size));
  }
  return text;
}

void End(const SiteProcess& process, int signal) {
  ::kill(process.pid, signal);
  ::waitpid(process.pid, nullptr, 0);
  ::munmap(process.synced, sizeof(SyncCounter));
}

}  // namespace

std::string TargetText(std::uint32_t number) { return "target-" + std::to_string(number); }

double CpuSecondsOf(const SiteProcess& process) {
  clockid_t clock{};
  timespec time{};
  if (::clock_getcpuclockid(process.pid, &clock) != 0 || ::clock_gettime(clock, &time) != 0) {
    return 0;
  }
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) / 1e9;
}

Manifest ManifestOf(const Load& load) {
  constexpr std::size_t kPropertyBytes = 298;  // travels twice, as text and as JSON
  std::vector<testing::ServiceSpec> services(load.items);
  for (std::uint32_t i = 0; i < load.items; ++i) {
    services[i].name = "service-" + std::to_string(i);
    services[i].places = {{TargetText(i % load.targets)}};
  }
  testing::PropertySpec properties;
  for (std::uint32_t i = 0; i < load.targets; ++i) {
    properties[TargetText(i)]["process"]["payload"] = std::string(kPropertyBytes, 'x');
  }
  return testing::MakeManifest(services, properties);
}

Site::Site(SiteOptions options, link::CurveKeys broker, link::CurveKeys planner,
           link::CurveKeys client)
    : options_(std::move(options)),
      broker_(std::move(broker)),
      planner_(std::move(planner)),
      client_(std::move(client)) {}

Site::~Site() { Stop(); }

Result<Site> Site::Start(const SiteOptions& options) {
  ERIS_ASSIGN(link::CurveKeys broker, link::GenerateKeys());
  ERIS_ASSIGN(link::CurveKeys planner, link::GenerateKeys());
  ERIS_ASSIGN(link::CurveKeys client, link::GenerateKeys());
  Site site(options, std::move(broker), std::move(planner), std::move(client));
  ERIS_TRY(site.AuthorizeAll());
  ERIS_TRY(site.StartBroker());
  ERIS_TRY(site.StartPlanner());
  ERIS_TRY(site.StartWorkers());
  return site;
}

Status Site::AuthorizeAll() {
  const std::string keyring = options_.directory + "/keys";
  const auto authorize = [&keyring](const link::CurveKeys& keys, KeyGrant grant) {
    return Authorize(keyring, {keys.public_key.ToText(), std::move(grant)});
  };
  ERIS_TRY(authorize(planner_, {.name = "planner", .role = Role::kPlanner}));
  ERIS_TRY(authorize(client_, {.name = "client",
                               .role = Role::kClient,
                               .level = KeyLevel::kDeploy,
                               .profiles = {"*"},
                               .targets = {"*"}}));
  for (std::uint32_t i = 0; i <= options_.targets; ++i) {  // the last one is the builder
    const bool builds = i == options_.targets;
    const std::string name = builds ? "builder" : TargetText(i);
    const std::string queue = builds ? std::string("builder.") + kSystem : "target." + name;
    ERIS_ASSIGN(link::CurveKeys keys, link::GenerateKeys());
    ERIS_TRY(authorize(keys, {.name = name, .role = Role::kWorker, .queues = {queue}}));
    workers_.push_back(std::move(keys));
  }
  return {};
}

Status Site::StartBroker() {
  ERIS_ASSIGN(Pipe pipe, MakePipe());
  ERIS_TRY(Fork("broker", [&](const DaemonOptions& daemon) {
    return RunBroker(daemon,
                     {.keys_directory = options_.directory + "/keys",
                      .endpoint_fd = std::exchange(pipe.write, UniqueFd()).Release()},
                     broker_);
  }));
  pipe.write.Reset();
  endpoint_ = ReadAll(pipe.read.get());
  if (endpoint_.empty()) return Fail(ErrorCode::kUnavailable, "the broker did not start");
  return {};
}

Status Site::StartPlanner() {
  ERIS_ASSIGN(Pipe pipe, MakePipe());
  phases_ = std::move(pipe.read);
  return Fork("planner", [&](const DaemonOptions& daemon) {
    return RunPlanner(daemon, {.window = options_.window, .phases_fd = pipe.write.get()},
                      {endpoint_, broker_.public_key}, planner_);
  });
}

Status Site::StartWorkers() {
  for (std::uint32_t i = 0; i <= options_.targets; ++i) {
    const bool builds = i == options_.targets;
    ERIS_TRY(Fork(builds ? "builder" : TargetText(i), [&](const DaemonOptions& daemon) {
      return RunWorker(daemon, {.window = options_.window, .builder_system = builds ? kSystem : ""},
                       {endpoint_, broker_.public_key}, workers_[i]);
    }));
  }
  return {};
}

Status Site::Fork(std::string name, const std::function<Status(const DaemonOptions&)>& run) {
  ERIS_ASSIGN(SyncCounter* const counter, MakeSharedCounter());
  const std::string directory = options_.directory + "/" + name;
  ERIS_TRY(MakeDirectories(directory, 0700));
  std::fflush(nullptr);
  const pid_t pid = ::fork();
  if (pid < 0) return FailErrno(errno, "cannot start the " + name);
  if (pid == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    CountSyncs observer(*counter);
    const Status status = run({.name = name, .directory = directory, .observer = &observer});
    if (!status) std::fprintf(stderr, "%s: %s\n", name.c_str(), status.error().message.c_str());
    ::_exit(status ? EXIT_SUCCESS : EXIT_FAILURE);
  }
  processes_.push_back({.name = std::move(name), .pid = pid, .synced = counter});
  return {};
}

void Site::KillPlanner() {
  const auto planner = std::find_if(processes_.begin(), processes_.end(),
                                    [](const SiteProcess& p) { return p.name == "planner"; });
  if (planner == processes_.end()) return;
  End(*planner, SIGKILL);
  processes_.erase(planner);
}

// The broker last: it hears goodbyes.
void Site::Stop() {
  while (!processes_.empty()) {
    End(processes_.back(), SIGTERM);
    processes_.pop_back();
  }
}

}  // namespace eris::bench
