// Where the broker is and with which key it is spoken to: from the command line, the environment
// and client.toml, in this order. Reads files, keeps nothing.
#pragma once

#include <string>
#include <vector>

#include "broker/link/curve.h"
#include "planner/cli/call.h"
#include "schema/base/error.h"

namespace eris::cli {

// What the environment says, read once by main.
struct Surroundings {
  std::string endpoint;                  // $ERIS_ENDPOINT
  std::string key_file;                  // $ERIS_KEY
  std::string server_key;                // $ERIS_SERVER_KEY
  std::string config_dir = "/etc/eris";  // $ERIS_CONFIG_DIR
  std::vector<std::string> environment;  // all of it, "NAME=VALUE"
};
Surroundings SurroundingsFrom(std::vector<std::string> environment);

// DIR/client.toml. All of it is optional: what is missing is complained about when it is needed.
// Paths in it are relative to the file.
struct ClientSettings {
  std::string path;
  std::string endpoint;
  std::string server_key;
  std::string key_file;
  std::string state_dir;            // what this machine's clients must not forget
  std::string digest_key_file;      // hex; keys the digests in profiles
  std::vector<std::string> store;   // "NIX_STORE_DIR=…": for Nix on this machine
  bool has_planners_store = false;  // it is the planner's, too: nothing has to be uploaded
  bool operator==(const ClientSettings&) const = default;
};
// A file that does not exist is an empty one. kInvalid: it is malformed.
Result<ClientSettings> LoadClientSettings(const std::string& config_dir);

// state_dir, or what the environment's user has for such things.
std::string StateDirectoryOf(const ClientSettings& settings, const Surroundings& surroundings);
// All of the environment, with the store that the settings name.
std::vector<std::string> NixEnvironmentOf(const ClientSettings& settings,
                                          const Surroundings& surroundings);

// What is needed to dial.
struct BrokerAddress {
  std::string endpoint;
  link::PublicKey server_key;
  link::CurveKeys keys;
};
Result<BrokerAddress> ResolveBroker(const ConnectionArguments& arguments,
                                    const Surroundings& surroundings,
                                    const ClientSettings& settings);

// The key of digests; kInvalid when the settings name none.
Result<std::vector<std::uint8_t>> ReadDigestKey(const ClientSettings& settings);

}  // namespace eris::cli
