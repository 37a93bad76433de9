#include "planner/config.h"

#include <array>
#include <string_view>

#include "state/settings.h"

namespace eris::planner {
namespace {

constexpr std::array<std::string_view, 14> kKnown = {
    "name",         "state_dir",    "endpoint",        "server_key",    "key_file",
    "log_file",     "store.dir",    "store.state_dir", "store.log_dir", "store.conf_dir",
    "store.remote", "depot.listen", "depot.advertise", "keep_days"};

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
  constexpr std::int64_t kMostDays = 36'500;
  ERIS_ASSIGN(config.keep_days, settings.IntegerOr("keep_days", config.keep_days));
  if (config.keep_days < 1 || config.keep_days > kMostDays) {
    return Fail(ErrorCode::kInvalid,
                path + ": keep_days must be 1 to " + std::to_string(kMostDays));
  }
  if (!config.state_dir.starts_with('/')) {
    return Fail(ErrorCode::kInvalid, path + ": state_dir must be an absolute path");
  }
  return config;
}

}  // namespace eris::planner
