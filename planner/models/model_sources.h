// Which models there are, and which combinations of them make sense: the entry levels. Decides the
// defaults (./services.nix and so on) and writes them down as arguments of nix/evaluate.nix.
#pragma once

#include <cstdint>
#include <string>

#include "schema/base/error.h"

namespace eris {

// Files or directories, relative to the working directory or absolute; Nix, or JSON when called so.
// Empty = not given.
struct ModelSources {
  std::string services;
  std::string infrastructure;
  std::string distribution;
  std::string packages;
  std::string architecture;
  std::string flake;  // "REF" or "REF#NAME": the models are its output `eris.NAME` ("default")
  // kUndeploy: the infrastructure with nothing on it.
  enum class Purpose : std::uint8_t { kDeploy, kUndeploy } purpose = Purpose::kDeploy;
  bool operator==(const ModelSources&) const = default;
};

// With the defaults filled in: services, infrastructure and distribution where nothing else is
// given, the infrastructure beside a packages model alone. kInvalid: they do not go together;
// kNotFound: a file is missing.
Result<ModelSources> ResolveSources(ModelSources given);

// Resolved sources as a Nix attribute set, arguments of nix/evaluate.nix.
std::string SourcesToNix(const ModelSources& sources);

// A path as a Nix expression: a literal cannot hold every name.
std::string NixPath(const std::string& path);

}  // namespace eris
