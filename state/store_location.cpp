#include "state/store_location.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <string_view>
#include <utility>

#include "schema/base/files.h"
#include "state/settings.h"

namespace eris {
namespace {

using Member = std::string StoreLocation::*;
constexpr std::array<std::pair<std::string_view, Member>, 5> kVariables = {{
    {"NIX_STORE_DIR", &StoreLocation::store_dir},
    {"NIX_STATE_DIR", &StoreLocation::state_dir},
    {"NIX_LOG_DIR", &StoreLocation::log_dir},
    {"NIX_CONF_DIR", &StoreLocation::conf_dir},
    {"NIX_REMOTE", &StoreLocation::remote},
}};

// No sandbox and no substituters: they would need namespaces, build users and a network. Who wants
// them edits the file.
constexpr std::string_view kConfiguration =
    "# Nix settings of Eris' own store.\n"
    "build-users-group =\n"
    "sandbox = false\n"
    "substituters =\n";

bool Sets(std::string_view assignment, std::string_view name) {
  return assignment.size() > name.size() && assignment.starts_with(name) &&
         assignment[name.size()] == '=';
}

}  // namespace

StoreLocation StoreLocationFrom(std::span<const std::string> environment) {
  StoreLocation location;
  for (const std::string& assignment : environment) {
    for (const auto& [name, member] : kVariables) {
      if (Sets(assignment, name)) location.*member = assignment.substr(name.size() + 1);
    }
  }
  return location;
}

Result<StoreLocation> StoreLocationFrom(const Settings& settings) {
  StoreLocation store;
  ERIS_ASSIGN(store.store_dir, settings.StringOr("store.dir", ""));
  ERIS_ASSIGN(store.state_dir, settings.StringOr("store.state_dir", ""));
  ERIS_ASSIGN(store.log_dir, settings.StringOr("store.log_dir", ""));
  ERIS_ASSIGN(store.conf_dir, settings.StringOr("store.conf_dir", ""));
  ERIS_ASSIGN(store.remote, settings.StringOr("store.remote", ""));
  return store;
}

StoreLocation OwnStoreBelow(const std::string& given) {
  // Nix prints normal paths, whatever it was given: ours must compare equal to them.
  std::string directory = std::filesystem::path(given).lexically_normal().string();
  if (directory.ends_with('/')) directory.pop_back();
  return {.store_dir = directory + "/store",
          .state_dir = directory + "/var/nix",
          .log_dir = directory + "/var/log/nix",
          .conf_dir = directory + "/etc/nix",
          .remote = "local"};
}

Status PrepareOwnStore(const StoreLocation& location) {
  for (const std::string* directory :
       {&location.store_dir, &location.state_dir, &location.log_dir, &location.conf_dir}) {
    ERIS_TRY(MakeDirectories(*directory, 0755));  // services run from here as any user
  }
  const std::string configuration = location.conf_dir + "/nix.conf";
  if (FileExists(configuration)) return {};
  return WriteFileAtomically(configuration, kConfiguration, 0644);
}

std::vector<std::string> WithStore(std::span<const std::string> environment,
                                   const StoreLocation& location) {
  std::vector<std::string> result(environment.begin(), environment.end());
  for (const auto& [name, member] : kVariables) {
    const std::string& value = location.*member;
    if (value.empty()) continue;
    std::erase_if(result,
                  [&name = name](const std::string& assignment) { return Sets(assignment, name); });
    result.push_back(std::string(name) + "=" + value);
  }
  return result;
}

}  // namespace eris
