#include "planner/config.h"

#include <array>
#include <string_view>

#include "state/settings.h"

namespace eris::planner {
namespace {

constexpr std::array<std::string_view, 11> kKnown = {
    "name",      "state_dir",       "endpoint",      "server_key",     "key_file",    "log_file",
    "store.dir", "store.state_dir", "store.log_dir", "store.conf_dir", "store.remote"};

Result<StoreLocation> ReadStore(const Settings& settings) {
  StoreLocation store;
  ERIS_ASSIGN(store.store_dir, settings.StringOr("store.dir", ""));
  ERIS_ASSIGN(store.state_dir, settings.StringOr("store.state_dir", ""));
  ERIS_ASSIGN(store.log_dir, settings.StringOr("store.log_dir", ""));
  ERIS_ASSIGN(store.conf_dir, settings.StringOr("store.conf_dir", ""));
  ERIS_ASSIGN(store.remote, settings.StringOr("store.remote", ""));
  return store;
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
  ERIS_ASSIGN(config.store, ReadStore(settings));
  if (!config.state_dir.starts_with('/')) {
    return Fail(ErrorCode::kInvalid, path + ": state_dir must be an absolute path");
  }
  return config;
}

}  // namespace eris::planner
