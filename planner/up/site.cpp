#include "planner/up/site.h"

#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <utility>

#include "broker/link/key_file.h"
#include "schema/base/digest.h"
#include "schema/base/files.h"
#include "schema/base/pidfd.h"
#include "schema/base/random.h"
#include "schema/base/system_error.h"
#include "schema/base/text.h"
#include "state/keyring.h"
#include "state/settings.h"

namespace eris::up {
namespace {

constexpr mode_t kPrivateDirectory = 0700;
constexpr mode_t kPrivateFile = 0600;
constexpr int kPlannerSuperseded = 3;  // planner/main.cpp
constexpr std::size_t kMaxFile = 64 * 1024;
constexpr const char* kHead = "# Written by `eris up`, and again at each start.\n";

// A port that nobody uses now. It is kept in client.toml, so that clients find the broker after a
// restart.
Result<std::string> FreeEndpoint() {
  const UniqueFd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  if (!socket.valid() || ::bind(socket.get(), generic, size) != 0 ||
      ::getsockname(socket.get(), generic, &size) != 0) {
    return FailErrno(errno, "cannot find a free port");
  }
  return "tcp://127.0.0.1:" + std::to_string(ntohs(address.sin_port));
}

Status WriteIfChanged(const std::string& path, const std::string& text) {
  const Result<std::string> old = ReadFile(path, kMaxFile);
  if (old && *old == text) return {};
  return WriteFileAtomically(path, text, kPrivateFile);
}

std::string StoreLines(const StoreLocation& store) {
  std::string text;
  const auto add = [&text](std::string_view key, const std::string& value) {
    if (!value.empty()) text += SettingLine(key, value);
  };
  add("store.dir", store.store_dir);
  add("store.state_dir", store.state_dir);
  add("store.log_dir", store.log_dir);
  add("store.conf_dir", store.conf_dir);
  add("store.remote", store.remote);
  return text;
}

// Makes a site step by step; one use.
class Builder {
 public:
  explicit Builder(const SitePlan& plan) : plan_(plan) {}

  Result<Site> Make() {
    for (const auto& [target, ignored] : plan_.targets) {
      if (IsSafeFileName(target.text)) continue;
      return Fail(ErrorCode::kInvalid,
                  "target '" + target.text + "' has a name that cannot be that of a directory",
                  "rename it in the infrastructure model");
    }
    for (const char* name :
         {"", "/run", "/log", "/keys", "/broker", "/planner", "/builder", "/targets"}) {
      ERIS_TRY(MakeDirectories(plan_.directory + name, kPrivateDirectory));
    }
    ERIS_TRY(ChooseEndpoint());
    ERIS_TRY(AddBroker());
    ERIS_TRY(AddPlanner());
    ERIS_TRY(AddWorker({.name = "builder",
                        .directory = plan_.directory + "/builder",
                        .targets = {},
                        .systems = {plan_.system},
                        .cores = MachineCores()}));
    for (const auto& [name, target] : plan_.targets) {
      ERIS_TRY(AddWorker({.name = "worker-" + name.text,
                          .directory = plan_.directory + "/targets/" + name.text,
                          .targets = {name.text},
                          .systems = {},
                          .cores = target.num_of_cores}));
    }
    ERIS_ASSIGN(link::CurveKeys client, AddClient());
    return Site{std::move(endpoint_), server_key_, std::move(client), std::move(children_),
                std::move(queues_)};
  }

 private:
  struct WorkerPlan {
    std::string name;
    std::string directory;
    std::vector<std::string> targets;
    std::vector<std::string> systems;
    std::uint32_t cores;
  };

  static std::uint32_t MachineCores() {
    const long cores = ::sysconf(_SC_NPROCESSORS_ONLN);
    return cores > 0 ? static_cast<std::uint32_t>(cores) : 1;
  }

  Status ChooseEndpoint() {
    const Result<Settings> old = Settings::Load(plan_.directory + "/client.toml");
    if (old && old->Has("endpoint")) {
      ERIS_ASSIGN(endpoint_, old->String("endpoint"));
      return {};
    }
    ERIS_ASSIGN(endpoint_, FreeEndpoint());
    return {};
  }

  void AddChild(const std::string& name, const std::string& program, const std::string& config) {
    children_.push_back({.name = name,
                         .argv = {plan_.programs + "/" + program, "--config", config},
                         .log_file = plan_.directory + "/log/" + name + ".log",
                         .pid_file = plan_.directory + "/run/" + name + ".pid"});
  }

  // The key of a daemon or client, authorised for exactly this.
  Result<link::CurveKeys> MakeKey(const std::string& file, const KeyGrant& grant) {
    ERIS_ASSIGN(link::CurveKeys keys, link::ReadOrMakeKeyFile(file));
    const std::string directory = plan_.directory + "/keys";
    ERIS_ASSIGN(const Keyring keyring, Keyring::Load(directory));
    const AuthorizedKey wanted{keys.public_key.ToText(), grant};
    for (const AuthorizedKey& known : keyring.List()) {
      if (known == wanted) return keys;
      if (known.grant.name == grant.name || known.public_key == wanted.public_key) {
        ERIS_TRY(Revoke(directory, known.grant.name));
      }
    }
    ERIS_TRY(Authorize(directory, wanted));
    return keys;
  }

  Status AddBroker() {
    const std::string directory = plan_.directory + "/broker";
    const std::string key_file = directory + "/broker.key";
    ERIS_ASSIGN(const link::CurveKeys keys, link::ReadOrMakeKeyFile(key_file));
    server_key_ = keys.public_key;
    const std::string config = directory + "/broker.toml";
    ERIS_TRY(WriteIfChanged(config, kHead + SettingLine("state_dir", directory) +
                                        SettingLine("listen", endpoint_) +
                                        SettingLine("endpoint_file", directory + "/endpoint") +
                                        SettingLine("key_file", key_file) +
                                        SettingLine("keys_dir", plan_.directory + "/keys")));
    AddChild("broker", "eris-broker", config);
    return {};
  }

  std::string LinkLines(const std::string& key_file) const {
    return SettingLine("endpoint", endpoint_) + SettingLine("server_key", server_key_.ToText()) +
           SettingLine("key_file", key_file);
  }

  Status AddPlanner() {
    const std::string directory = plan_.directory + "/planner";
    const std::string key_file = directory + "/planner.key";
    ERIS_TRY(MakeKey(key_file, {.name = "planner", .role = Role::kPlanner}));
    const std::string config = directory + "/planner.toml";
    ERIS_TRY(WriteIfChanged(config, kHead + SettingLine("state_dir", directory) +
                                        LinkLines(key_file) + StoreLines(plan_.store)));
    AddChild("planner", "eris-planner", config);
    children_.back().final_status = kPlannerSuperseded;
    return {};
  }

  Status AddWorker(const WorkerPlan& worker) {
    ERIS_TRY(MakeDirectories(worker.directory, kPrivateDirectory));
    KeyGrant grant{.name = worker.name, .role = Role::kWorker};
    for (const std::string& target : worker.targets) grant.queues.push_back("target." + target);
    for (const std::string& system : worker.systems) grant.queues.push_back("builder." + system);
    const std::string key_file = worker.directory + "/worker.key";
    ERIS_TRY(MakeKey(key_file, grant));
    queues_.insert(queues_.end(), grant.queues.begin(), grant.queues.end());
    const std::string config = worker.directory + "/worker.toml";
    std::string text = kHead + SettingLine("name", worker.name) +
                       SettingLine("state_dir", worker.directory) + LinkLines(key_file);
    if (!worker.targets.empty()) text += SettingLine("targets", worker.targets);
    if (!worker.systems.empty()) text += SettingLine("systems", worker.systems);
    text += SettingLine("num_of_cores", std::int64_t{worker.cores}) +
            SettingLine("dysnomia", plan_.programs + "/dysnomia") +
            SettingLine("depot_dir", plan_.directory + "/planner/snapshots") +
            SettingLine("disnix_profiles", worker.directory + "/disnix") + StoreLines(plan_.store);
    ERIS_TRY(WriteIfChanged(config, text));
    AddChild(worker.name, "eris-worker", config);
    return {};
  }

  Result<link::CurveKeys> AddClient() {
    const std::string key_file = plan_.directory + "/client.key";
    const std::string digest_key_file = plan_.directory + "/digest.key";
    ERIS_ASSIGN(link::CurveKeys keys, MakeKey(key_file, {.name = "operator",
                                                         .role = Role::kClient,
                                                         .level = KeyLevel::kAdmin,
                                                         .profiles = {"*"},
                                                         .targets = {"*"}}));
    if (!FileExists(digest_key_file)) {
      SystemRandom random;
      std::string key;
      for (int i = 0; i < 4; ++i) {
        const std::uint64_t word = random.NextU64();
        key.append(reinterpret_cast<const char*>(&word), sizeof word);
      }
      ERIS_TRY(WriteFileAtomically(digest_key_file, Hex(key) + "\n", kPrivateFile));
    }
    ERIS_TRY(WriteIfChanged(plan_.directory + "/client.toml",
                            kHead + LinkLines(key_file) +
                                SettingLine("digest_key_file", digest_key_file) +
                                SettingLine("state_dir", plan_.directory + "/client") +
                                "store.shared = true\n" + StoreLines(plan_.store)));
    return keys;
  }

  const SitePlan& plan_;
  std::string endpoint_;
  link::PublicKey server_key_;
  std::vector<ChildSpec> children_;
  std::vector<std::string> queues_;
};

}  // namespace

Result<Site> MakeSite(const SitePlan& plan) { return Builder(plan).Make(); }

std::string MachineSystem() {
  utsname names{};
  if (::uname(&names) != 0) return "x86_64-linux";
  return std::string(names.machine) + "-linux";
}

Status EndLeftover(const ChildSpec& child) {
  constexpr int kPatienceMs = 15'000;
  const Result<std::string> text = ReadFile(child.pid_file, kMaxFile);
  if (!text) return {};
  const Result<std::uint64_t> number = ParseUnsigned(Trim(*text));
  if (!number) return {};
  const pid_t pid = static_cast<pid_t>(*number);
  UniqueFd pidfd(PidfdOpen(pid));
  if (!pidfd.valid()) return {};
  // The number may belong to somebody else by now: its command line tells.
  std::string wanted;
  for (const std::string& argument : child.argv) wanted += argument + '\0';
  const Result<std::string> line = ReadFile("/proc/" + std::to_string(pid) + "/cmdline", kMaxFile);
  if (!line || *line != wanted) return {};
  for (const int signal : {SIGTERM, SIGKILL}) {
    static_cast<void>(PidfdSendSignal(pidfd.get(), signal));
    pollfd ended{.fd = pidfd.get(), .events = POLLIN, .revents = 0};
    if (::poll(&ended, 1, kPatienceMs) > 0) return {};
  }
  return Fail(ErrorCode::kConflict,
              child.name + " of an earlier run (process " + std::to_string(pid) + ") does not end");
}

}  // namespace eris::up
