// What a derivation file says of its outputs and inputs. Reads the beginning of Nix' ATerm text
// only: builder, arguments and environment are nobody's business here. Pure.
#pragma once

#include <map>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "schema/base/error.h"
#include "schema/values/ids.h"

namespace eris {

struct DerivationSummary {
  // By name ("out"); those whose path nobody knows yet (content-addressed later) are left out.
  std::map<std::string, StorePath> outputs;
  std::map<StorePath, std::vector<std::string>> input_derivations;  // and which outputs of them
  std::vector<StorePath> input_sources;
};
using DerivationSummaries = std::map<StorePath, DerivationSummary>;

// kInvalid when the text is no derivation.
Result<DerivationSummary> ParseDerivation(std::string_view text);

// Of the valid outputs those that whoever builds `wanted` needs not build itself: what is wanted
// and there, and else what it is built from, and only where that is not there what this is built
// from. Linear. Ascending, each once.
std::vector<StorePath> OutputsToStartFrom(std::span<const StorePath> wanted,
                                          const DerivationSummaries& derivations,
                                          const std::set<StorePath>& valid);

}  // namespace eris
