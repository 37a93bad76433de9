// The command line of `dysnomia`: Dysnomia's options, and --attempt and --attempts for workers.
// Reads arguments only.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "dysnomia/activity.h"
#include "schema/base/error.h"

namespace eris::dysnomia {

enum class Mode { kActivity, kAttempt, kAttempts, kSnapshots, kHelp, kVersion };
enum class PropertySource { kContainerFile, kEnvironment };

struct Options {
  Mode mode = Mode::kActivity;
  std::string attempt;             // kAttempt: its directory; kAttempts: the one above theirs
  std::vector<std::string> words;  // kSnapshots: verb and arguments
  std::optional<ActivityKind> operation;  // kShell with --shell
  std::string component;                  // name or path
  std::string container;                  // name or path; with kEnvironment by default the type
  PropertySource properties = PropertySource::kContainerFile;
  std::string type;     // of the module; empty: the container file says
  std::string command;  // of a shell: run, then leave
};

// `arguments` without the program's name. kInvalid for what cannot be understood or is missing.
Result<Options> ParseOptions(const std::vector<std::string>& arguments);

extern const std::string_view kUsage;

}  // namespace eris::dysnomia
