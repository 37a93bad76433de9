#include "broker/config.h"

#include <array>
#include <string_view>

#include "state/settings.h"

namespace eris {
namespace {

constexpr std::array<std::string_view, 9> kKnown = {
    "state_dir", "listen",       "endpoint_file",     "key_file",      "keys_dir",
    "log_file",  "heartbeat_ms", "missed_heartbeats", "spool_quota_mb"};

struct Range {
  std::int64_t least;
  std::int64_t most;
  std::int64_t otherwise;
};

Result<std::int64_t> Bounded(const Settings& settings, std::string_view key, Range range) {
  ERIS_ASSIGN(const std::int64_t value, settings.IntegerOr(key, range.otherwise));
  if (value >= range.least && value <= range.most) return value;
  return eris::Fail(ErrorCode::kInvalid, std::string(key) + " must be between " +
                                             std::to_string(range.least) + " and " +
                                             std::to_string(range.most));
}

Result<BrokerOptions> ReadOptions(const Settings& settings) {
  BrokerOptions options;
  ERIS_ASSIGN(
      const std::int64_t heartbeat,
      Bounded(settings, "heartbeat_ms", {.least = 50, .most = 600'000, .otherwise = 5'000}));
  ERIS_ASSIGN(const std::int64_t missed,
              Bounded(settings, "missed_heartbeats", {.least = 1, .most = 100, .otherwise = 3}));
  ERIS_ASSIGN(const std::int64_t quota, Bounded(settings, "spool_quota_mb",
                                                {.least = 1, .most = 1'000'000, .otherwise = 512}));
  options.heartbeat = Duration(heartbeat);
  options.missed_heartbeats = static_cast<std::uint32_t>(missed);
  options.submissions.quota_bytes = static_cast<std::uint64_t>(quota) << 20;
  return options;
}

}  // namespace

Result<BrokerConfig> LoadBrokerConfig(const std::string& path) {
  ERIS_ASSIGN(const Settings settings, Settings::Load(path));
  ERIS_TRY(settings.RefuseOthers(kKnown));
  BrokerConfig config;
  ERIS_ASSIGN(config.state_dir, settings.String("state_dir"));
  if (!config.state_dir.starts_with('/')) {
    return Fail(ErrorCode::kInvalid, path + ": state_dir must be an absolute path");
  }
  ERIS_ASSIGN(config.listen, settings.StringOr("listen", "tcp://127.0.0.1:*"));
  ERIS_ASSIGN(config.endpoint_file,
              settings.StringOr("endpoint_file", config.state_dir + "/endpoint"));
  ERIS_ASSIGN(config.key_file, settings.StringOr("key_file", config.state_dir + "/broker.key"));
  ERIS_ASSIGN(config.keys_dir, settings.StringOr("keys_dir", config.state_dir + "/keys"));
  ERIS_ASSIGN(config.log_file, settings.StringOr("log_file", ""));
  ERIS_ASSIGN(config.options, ReadOptions(settings));
  return config;
}

}  // namespace eris
