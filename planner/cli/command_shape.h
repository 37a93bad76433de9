// The command line's grammar as data: what completions and the manual page are made from. Read from
// the parser's own definitions, so neither can tell of an option that is not there.
#pragma once

#include <string>
#include <vector>

namespace eris::cli {

struct OptionShape {
  std::vector<std::string> names;  // "--json", "-p"; of a positional argument its name alone
  std::string help;
  std::string value;                 // what stands for its value: "SECONDS"
  std::vector<std::string> choices;  // the only possible values; empty = any
  enum class Kind { kFlag, kValue, kPositional } kind = Kind::kFlag;
  bool operator==(const OptionShape&) const = default;
};

struct CommandShape {
  std::string name;
  std::string help;
  std::vector<OptionShape> options;
  std::vector<CommandShape> commands;
};

}  // namespace eris::cli
