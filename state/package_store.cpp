#include "state/package_store.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <set>
#include <utility>

#include "schema/base/command.h"
#include "schema/base/text.h"
#include "state/build_failures.h"

namespace eris {
namespace {

// Builds are ended by their own limits; this one only stops a Nix that hangs.
constexpr Duration kTimeout = std::chrono::hours(24);
constexpr std::size_t kBuildErrorBytes = std::size_t{1} << 20;
// Other daemons may do the same on this machine, now: each try starts a process, which takes its
// time.
constexpr int kInitialiseTries = 10;
constexpr std::chrono::minutes kInitialiseTimeout{2};

// Nix says what is wrong in its last line that begins with "error:".
std::string ErrorLineOf(std::string_view stderr_text) {
  std::string_view found;
  for (const std::string_view line : Split(stderr_text, '\n')) {
    const std::string_view text = Trim(line);
    if (text.starts_with("error:") || (found.empty() && !text.empty())) found = text;
  }
  return std::string(found);
}

// Of a store that is opened as files; empty when another process answers for it.
std::string SchemaFileOf(const std::vector<std::string>& environment) {
  const StoreLocation location = StoreLocationFrom(environment);
  const bool is_chroot = location.remote.starts_with('/');
  if (!is_chroot && !location.remote.empty() && location.remote != "local") return {};
  std::string state = location.state_dir.empty() ? "/nix/var/nix" : location.state_dir;
  if (is_chroot) state = location.remote + "/nix/var/nix";
  return state + "/db/schema";
}

}  // namespace

Status InitialiseStore(const std::vector<std::string>& environment) {
  const std::string schema = SchemaFileOf(environment);
  std::error_code failed;
  // Nix writes it last of all.
  if (!schema.empty() && std::filesystem::file_size(schema, failed) > 0 && !failed) return {};
  std::string why;
  for (int tried = 0; tried < kInitialiseTries; ++tried) {
    ERIS_ASSIGN(const CommandOutput done,
                RunCommand(InitialiseCommand(),
                           {.environment = environment, .timeout = kInitialiseTimeout}));
    if (done.status.success()) return {};
    why = ErrorLineOf(done.stderr_tail);
  }
  return Fail(ErrorCode::kUnavailable, "cannot open the Nix store: " + why);
}

NixStore::NixStore(std::vector<std::string> environment) : environment_(std::move(environment)) {}

Result<std::string> NixStore::Run(std::span<const NixCommand> commands, std::string_view doing) {
  std::string output;
  for (const NixCommand& command : commands) {
    ERIS_ASSIGN(const CommandOutput done,
                RunCommand(command, {.environment = environment_, .timeout = kTimeout}));
    if (!done.status.success()) {
      return Fail(ErrorCode::kUnavailable,
                  fmt::format("cannot {}: {} ({} ended with {})", doing,
                              ErrorLineOf(done.stderr_tail), command[0], ToString(done.status)));
    }
    output += done.stdout_text;
  }
  return output;
}

Result<RealiseResult> NixStore::Realise(std::span<const Derivation> batch,
                                        const RealiseOptions& options) {
  std::vector<StorePath> derivations;
  std::vector<StorePath> outputs;
  for (const Derivation& item : batch) {
    derivations.push_back(item.derivation);
    outputs.push_back(item.output);
  }
  RealiseResult result;
  for (const NixCommand& command : RealiseCommands(derivations, options)) {
    ERIS_ASSIGN(const CommandOutput done,
                RunCommand(command, {.environment = environment_,
                                     .timeout = kTimeout,
                                     .stderr_tail_bytes = kBuildErrorBytes}));
    if (done.status.success()) continue;
    const std::vector<BuildFailure> failures = ParseBuildFailures(done.stderr_tail);
    result.log_tail += failures.empty() ? done.stderr_tail : LogOfBuildFailures(failures);
  }
  ERIS_ASSIGN(result.failed, InvalidPaths(outputs));
  const std::set<StorePath> failed(result.failed.begin(), result.failed.end());
  std::copy_if(outputs.begin(), outputs.end(), std::back_inserter(result.valid),
               [&](const StorePath& output) { return !failed.contains(output); });
  return result;
}

Result<std::vector<StorePath>> NixStore::InvalidPaths(std::span<const StorePath> paths) {
  ERIS_ASSIGN(const std::string output,
              Run(InvalidPathsCommands(paths), "ask which store paths are valid"));
  return ParsePaths(output);
}

Result<std::vector<StorePath>> NixStore::Requisites(std::span<const StorePath> paths) {
  ERIS_ASSIGN(const std::string output,
              Run(RequisitesCommands(paths), "ask for the closure of store paths"));
  ERIS_ASSIGN(std::vector<StorePath> closure, ParsePaths(output));
  std::sort(closure.begin(), closure.end());
  closure.erase(std::unique(closure.begin(), closure.end()), closure.end());
  return closure;
}

Status NixStore::AddRoots(std::span<const StorePath> paths, const std::string& prefix) {
  ERIS_TRY(Run(AddRootsCommands(paths, prefix), "protect store paths from the garbage collector"));
  return {};
}

Result<std::uint64_t> NixStore::CollectGarbage() {
  const NixCommand command = CollectGarbageCommand();
  ERIS_ASSIGN(const std::string output, Run(std::span(&command, 1), "collect garbage"));
  return ParseFreedBytes(output);
}

Result<std::string> NixStore::StoreDirectory() {
  const NixCommand command = StoreDirectoryCommand();
  ERIS_ASSIGN(const std::string output, Run(std::span(&command, 1), "ask for the store directory"));
  return ParseStoreDirectory(output);
}

}  // namespace eris
