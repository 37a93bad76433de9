#include "planner/cli/client_config.h"

#include <array>
#include <string_view>
#include <utility>

#include "broker/link/key_file.h"
#include "schema/base/digest.h"
#include "schema/base/files.h"
#include "schema/base/text.h"
#include "state/settings.h"

namespace eris::cli {
namespace {

constexpr std::array<std::pair<std::string_view, std::string_view>, 5> kStoreKeys = {{
    {"store.dir", "NIX_STORE_DIR="},
    {"store.state_dir", "NIX_STATE_DIR="},
    {"store.log_dir", "NIX_LOG_DIR="},
    {"store.conf_dir", "NIX_CONF_DIR="},
    {"store.remote", "NIX_REMOTE="},
}};
constexpr std::array<std::string_view, 11> kKnown = {
    "endpoint",     "server_key",      "key_file",      "digest_key_file",
    "store.dir",    "store.state_dir", "store.log_dir", "store.conf_dir",
    "store.remote", "store.shared",    "state_dir"};

std::string FirstOf(std::initializer_list<std::string_view> texts) {
  for (const std::string_view text : texts) {
    if (!text.empty()) return std::string(text);
  }
  return {};
}

std::string Below(const std::string& directory, const std::string& path) {
  return path.empty() || path.front() == '/' ? path : directory + "/" + path;
}

}  // namespace

Surroundings SurroundingsFrom(std::vector<std::string> environment) {
  Surroundings result;
  const std::array<std::pair<std::string_view, std::string*>, 4> wanted = {
      {{"ERIS_ENDPOINT=", &result.endpoint},
       {"ERIS_KEY=", &result.key_file},
       {"ERIS_SERVER_KEY=", &result.server_key},
       {"ERIS_CONFIG_DIR=", &result.config_dir}}};
  for (const std::string& variable : environment) {
    for (const auto& [name, into] : wanted) {
      const bool is_set = variable.starts_with(name) && variable.size() > name.size();
      if (is_set) *into = variable.substr(name.size());
    }
  }
  result.environment = std::move(environment);
  return result;
}

Result<ClientSettings> LoadClientSettings(const std::string& config_dir) {
  ClientSettings result{.path = config_dir + "/client.toml"};
  const Result<Settings> settings = Settings::Load(result.path);
  if (!settings) {
    if (settings.error().code == ErrorCode::kNotFound) return result;
    return Fail(settings.error());
  }
  ERIS_TRY(settings->RefuseOthers(kKnown));
  ERIS_ASSIGN(result.endpoint, settings->StringOr("endpoint", ""));
  ERIS_ASSIGN(result.server_key, settings->StringOr("server_key", ""));
  ERIS_ASSIGN(const std::string key_file, settings->StringOr("key_file", ""));
  ERIS_ASSIGN(const std::string digest_key_file, settings->StringOr("digest_key_file", ""));
  ERIS_ASSIGN(const std::string state_dir, settings->StringOr("state_dir", ""));
  ERIS_ASSIGN(result.has_planners_store, settings->BooleanOr("store.shared", false));
  result.state_dir = Below(config_dir, state_dir);
  result.key_file = Below(config_dir, key_file);
  result.digest_key_file = Below(config_dir, digest_key_file);
  for (const auto& [key, variable] : kStoreKeys) {
    ERIS_ASSIGN(const std::string value, settings->StringOr(key, ""));
    if (!value.empty()) result.store.push_back(std::string(variable) + value);
  }
  return result;
}

std::string StateDirectoryOf(const ClientSettings& settings, const Surroundings& surroundings) {
  if (!settings.state_dir.empty()) return settings.state_dir;
  for (const auto& [name, below] :
       {std::pair<std::string_view, std::string_view>("XDG_STATE_HOME=", "/eris"),
        {"HOME=", "/.local/state/eris"}}) {
    for (const std::string& variable : surroundings.environment) {
      if (!variable.starts_with(name)) continue;
      const std::string home = variable.substr(name.size());
      if (home.starts_with('/')) return home + std::string(below);
    }
  }
  return "/var/lib/eris/client";
}

std::vector<std::string> NixEnvironmentOf(const ClientSettings& settings,
                                          const Surroundings& surroundings) {
  std::vector<std::string> environment = surroundings.environment;
  for (const std::string& variable : settings.store) {
    const std::string name = variable.substr(0, variable.find('=') + 1);
    std::erase_if(environment, [&name](const std::string& old) { return old.starts_with(name); });
    environment.push_back(variable);
  }
  return environment;
}

Result<BrokerAddress> ResolveBroker(const ConnectionArguments& arguments,
                                    const Surroundings& surroundings,
                                    const ClientSettings& settings) {
  const std::string endpoint =
      FirstOf({arguments.endpoint, surroundings.endpoint, settings.endpoint});
  const std::string key_file =
      FirstOf({arguments.key_file, surroundings.key_file, settings.key_file});
  const std::string server_key =
      FirstOf({arguments.server_key, surroundings.server_key, settings.server_key});
  const std::string where = ", and " + settings.path + " does not say either";
  if (endpoint.empty()) {
    return Fail(ErrorCode::kInvalid, "the broker's address is not given" + where,
                "set ERIS_CONFIG_DIR to the directory of client.toml, or give --endpoint");
  }
  if (key_file.empty()) {
    return Fail(ErrorCode::kInvalid, "no key to act with is given" + where,
                "make one with `eris key generate` and give --key");
  }
  if (server_key.empty()) {
    return Fail(ErrorCode::kInvalid, "the broker's public key is not given" + where,
                "give --server-key");
  }
  Result<link::PublicKey> public_key = link::PublicKey::FromText(server_key);
  if (!public_key) return Fail(std::move(public_key.error()).In("the broker's public key"));
  ERIS_ASSIGN(link::CurveKeys keys, link::ReadKeyFile(key_file));
  return BrokerAddress{endpoint, *public_key, std::move(keys)};
}

Result<std::vector<std::uint8_t>> ReadDigestKey(const ClientSettings& settings) {
  constexpr std::size_t kLimit = 1024;
  constexpr std::size_t kLeast = 16;
  if (settings.digest_key_file.empty()) {
    return Fail(ErrorCode::kInvalid, settings.path + " names no digest_key_file",
                "set ERIS_CONFIG_DIR to the directory that `eris up` or an administrator made");
  }
  ERIS_ASSIGN(const std::string text, ReadFile(settings.digest_key_file, kLimit));
  Result<std::string> bytes = FromHex(Trim(text));
  if (!bytes || bytes->size() < kLeast) {
    return Fail(ErrorCode::kInvalid, settings.digest_key_file + " is no key of digests",
                "it holds at least 32 hexadecimal digits");
  }
  return std::vector<std::uint8_t>(bytes->begin(), bytes->end());
}

}  // namespace eris::cli
