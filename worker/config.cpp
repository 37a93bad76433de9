#include "worker/config.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "schema/base/text.h"
#include "state/settings.h"

namespace eris {
namespace {

constexpr std::array<std::string_view, 19> kKnown = {
    "name",           "state_dir",    "endpoint",     "server_key",      "key_file",
    "targets",        "systems",      "num_of_cores", "dysnomia",        "max_transfers",
    "secrets_dir",    "log_file",     "store.dir",    "store.state_dir", "store.log_dir",
    "store.conf_dir", "store.remote", "depot_dir",    "disnix_profiles"};
constexpr std::int64_t kMaxCores = 1024;

Result<std::uint32_t> Count(const Settings& settings, std::string_view key,
                            std::int64_t otherwise) {
  ERIS_ASSIGN(const std::int64_t value, settings.IntegerOr(key, otherwise));
  if (value < 1 || value > kMaxCores) {
    return Fail(ErrorCode::kInvalid, std::string(key) + " must be between 1 and 1024");
  }
  return static_cast<std::uint32_t>(value);
}

Status Validate(const WorkerConfig& config, const std::string& path) {
  if (config.targets.empty() && config.systems.empty()) {
    return Fail(ErrorCode::kInvalid, path + ": the worker serves nothing",
                "name at least one of `targets` or `systems`");
  }
  if (!config.state_dir.starts_with('/')) {
    return Fail(ErrorCode::kInvalid, path + ": state_dir must be an absolute path");
  }
  for (const std::string& name : config.targets) {
    if (!IsSafeFileName(name)) {
      return Fail(ErrorCode::kInvalid, path + ": \"" + name + "\" cannot be the name of a target");
    }
  }
  return {};
}

}  // namespace

Result<WorkerConfig> LoadWorkerConfig(const std::string& path) {
  ERIS_ASSIGN(const Settings settings, Settings::Load(path));
  ERIS_TRY(settings.RefuseOthers(kKnown));
  WorkerConfig config;
  ERIS_ASSIGN(config.name, settings.String("name"));
  ERIS_ASSIGN(config.state_dir, settings.String("state_dir"));
  ERIS_ASSIGN(config.endpoint, settings.String("endpoint"));
  ERIS_ASSIGN(config.server_key, settings.String("server_key"));
  ERIS_ASSIGN(config.key_file, settings.String("key_file"));
  ERIS_ASSIGN(config.targets, settings.StringsOrNone("targets"));
  ERIS_ASSIGN(config.systems, settings.StringsOrNone("systems"));
  ERIS_ASSIGN(config.num_of_cores, Count(settings, "num_of_cores", 1));
  ERIS_ASSIGN(config.max_transfers, Count(settings, "max_transfers", 2));
  ERIS_ASSIGN(config.dysnomia, settings.StringOr("dysnomia", ""));
  ERIS_ASSIGN(config.depot_dir, settings.StringOr("depot_dir", ""));
  ERIS_ASSIGN(config.secrets_dir, settings.StringOr("secrets_dir", config.state_dir + "/secrets"));
  ERIS_ASSIGN(config.log_file, settings.StringOr("log_file", ""));
  ERIS_ASSIGN(config.store, StoreLocationFrom(settings));
  const std::string& nix = config.store.state_dir;
  ERIS_ASSIGN(config.disnix_profiles,
              settings.StringOr("disnix_profiles",
                                (nix.empty() ? "/nix/var/nix" : nix) + "/profiles/disnix"));
  ERIS_TRY(Validate(config, path));
  return config;
}

std::vector<QueueName> QueuesOf(const WorkerConfig& config) {
  std::vector<QueueName> queues;
  for (const std::string& target : config.targets) {
    queues.push_back({.kind = QueueName::Kind::kTarget, .name = target});
  }
  for (const std::string& system : config.systems) {
    queues.push_back({.kind = QueueName::Kind::kBuilder, .name = system});
  }
  return queues;
}

}  // namespace eris
