// What a broker is told by its configuration file (broker.toml; docs/manual/configuration.md).
#pragma once

#include <string>

#include "broker/broker.h"
#include "schema/base/error.h"

namespace eris {

struct BrokerConfig {
  std::string state_dir;      // the spool
  std::string listen;         // "tcp://ADDRESS:PORT"; port `*`: a free one
  std::string endpoint_file;  // where the endpoint is written; default: STATE_DIR/endpoint
  std::string key_file;       // our own keys, made when missing; default: STATE_DIR/broker.key
  std::string keys_dir;       // the keyring: who may do what; default: STATE_DIR/keys
  std::string log_file;       // default: standard error
  BrokerOptions options;      // boot is main's to draw
};

Result<BrokerConfig> LoadBrokerConfig(const std::string& path);

}  // namespace eris
