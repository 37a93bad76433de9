// What several commands of a call say: how the broker is reached, where the desired state comes
// from, what a submission may say. Values.
#pragma once

#include <cstdint>
#include <string>

#include "planner/models/model_sources.h"
#include "schema/base/clock.h"
#include "schema/values/ids.h"
#include "schema/values/submission.h"

namespace eris::cli {

// How to reach the broker. Empty members are looked up in the environment, then in the
// configuration (client_config.h).
struct ConnectionArguments {
  std::string endpoint;
  std::string key_file;
  std::string server_key;
  Duration patience{15'000};  // how long the broker may take to answer at first
  bool operator==(const ConnectionArguments&) const = default;
};

// Whether targets may be silent.
enum class MissingTargets : std::uint8_t { kRefused, kAllowed };
enum class OutputForm : std::uint8_t { kText, kJson };
enum class Following : std::uint8_t { kToTheEnd, kDetached };

// Where the desired state comes from.
struct ModelArguments {
  ModelSources sources;
  std::string deployment;  // a deployment model instead of them
  std::string nixpkgs;     // path; empty = <nixpkgs>
  std::string extra_params;
  std::string target_property = "hostname";
  enum class State : std::uint8_t { kAsModelled, kDeployAll } state = State::kAsModelled;
  enum class Trace : std::uint8_t { kLastLine, kWhole } trace = Trace::kLastLine;
  bool operator==(const ModelArguments&) const = default;
};

// What every submission may say.
struct SubmitArguments {
  DeployOptions options;
  SubmissionId id;  // the idempotency key; empty = a fresh one
  Following following = Following::kToTheEnd;
  bool operator==(const SubmitArguments&) const = default;
};

}  // namespace eris::cli
