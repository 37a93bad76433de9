// One run of nix-instantiate: an expression in, JSON out. Private ways to call Nix are kept here,
// so that evaluation of models and making of profiles agree on them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "schema/base/error.h"

namespace eris {

// How Nix is called.
struct NixOptions {
  std::string program = "nix-instantiate";
  std::vector<std::string> environment;  // "NAME=VALUE", added to the caller's and winning over it
  // kFlakes: flakes are switched on for this run, whatever nix.conf says.
  enum class Features : std::uint8_t { kStable, kFlakes } features = Features::kStable;
  std::string nixpkgs;      // what <nixpkgs> is, absolute; empty = what $NIX_PATH says
  bool show_trace = false;  // an error then carries Nix' whole trace, over several lines
};

// Evaluates `expression` strictly, writing the derivations that it makes to the store, and gives
// the value as JSON. Blocks. Nix' own error comes back as kInvalid with its message and position.
// The expression travels by standard input: it may hold what must not be seen in a process list.
Result<std::string> EvaluateNix(const std::string& expression, const NixOptions& options);

// `text` as a Nix string literal, with quotes.
std::string NixString(std::string_view text);

// The message of Nix' last error, "MESSAGE (at FILE:LINE:COLUMN)", from what it wrote to standard
// error. Led by "POSITION: MODEL model, PATH: " where the mark of nix/lib.nix (`located`) says it.
std::string NixErrorLine(std::string_view stderr_text);

}  // namespace eris
