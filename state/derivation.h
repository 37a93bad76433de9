// What a derivation file says of its outputs and inputs. Reads the beginning of Nix' ATerm text
// only: builder, arguments and environment are nobody's business here. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "schema/base/error.h"
#include "schema/values/ids.h"

namespace eris {

struct DerivationSummary {
  std::vector<StorePath> outputs;  // paths; empty ones (content-addressed later) are left out
  std::vector<StorePath> input_derivations;
  std::vector<StorePath> input_sources;
};

// kInvalid when the text is no derivation.
Result<DerivationSummary> ParseDerivation(std::string_view text);

}  // namespace eris
