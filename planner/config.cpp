#include "planner/config.h"

#include <array>
#include <string_view>

#include "state/settings.h"

namespace eris::planner {
namespace {

constexpr std::array<std::string_view, 15> kKnown = {
    "name",         "state_dir",    "endpoint",        "server_key",    "key_file",
    "log_file",     "store.dir",    "store.state_dir", "store.log_dir", "store.conf_dir",
    "store.remote", "depot.listen", "depot.advertise", "keep_days",     "keep_mb"};

Result<Upkeep> ReadUpkeep(const Settings& settings, const std::string& path) {
  constexpr std::int64_t kMostDays = 36'500;
  constexpr std::int64_t kMostMegabytes = 1'000'000;
  constexpr std::int64_t kMegabyte = 1'000'000;
  constexpr int kHoursPerDay = 24;
  Upkeep upkeep;
  ERIS_ASSIGN(const std::int64_t days,
              settings.IntegerOr("keep_days", upkeep.keep.count() / kHoursPerDay));
  ERIS_ASSIGN(const std::int64_t megabytes,
              settings.IntegerOr("keep_mb", upkeep.keep_bytes / kMegabyte));
  if (days < 1 || days > kMostDays) {
    return Fail(ErrorCode::kInvalid,
                path + ": keep_days must be 1 to " + std::to_string(kMostDays));
  }
  if (megabytes < 1 || megabytes > kMostMegabytes) {
    return Fail(ErrorCode::kInvalid,
                path + ": keep_mb must be 1 to " + std::to_string(kMostMegabytes));
  }
  upkeep.keep = std::chrono::days(days);
  upkeep.keep_bytes = megabytes * kMegabyte;
  return upkeep;
}

}  // namespace

Result<PlannerConfig> LoadPlannerConfig(const std::string& path) {
  ERIS_ASSIGN(const Settings settings, Settings::Load(path));
  ERIS_TRY(settings.RefuseOthers(kKnown));
  PlannerConfig config;
  ERIS_ASSIGN(config.name, settings.StringOr("name", "planner"));
  ERIS_ASSIGN(config.state_dir, settings.String("state_dir"));
  ERIS_ASSIGN(config.endpoint, settings.String("endpoint"));
  ERIS_ASSIGN(config.server_key, settings.String("server_key"));
  ERIS_ASSIGN(config.key_file, settings.String("key_file"));
  ERIS_ASSIGN(config.log_file, settings.StringOr("log_file", ""));
  ERIS_ASSIGN(config.store, StoreLocationFrom(settings));
  ERIS_ASSIGN(config.depot_listen, settings.StringOr("depot.listen", ""));
  ERIS_ASSIGN(config.depot_advertise, settings.StringOr("depot.advertise", ""));
  ERIS_ASSIGN(config.upkeep, ReadUpkeep(settings, path));
  if (!config.state_dir.starts_with('/')) {
    return Fail(ErrorCode::kInvalid, path + ": state_dir must be an absolute path");
  }
  return config;
}

}  // namespace eris::planner
