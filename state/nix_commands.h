// Nix by its command line: what to run for each question, and what the output says. Pure, so that a
// loop can spawn the commands and watch them; package_store.h runs them to their end instead. The
// store they work with is given by their environment (store_location.h). For Nix 2.8 and later.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "schema/base/error.h"
#include "schema/values/ids.h"

namespace eris {

// One program call; argv[0] is looked up in PATH. A question about many paths becomes several
// commands: a command line is limited to about 20,000 paths. They may run in any order.
using NixCommand = std::vector<std::string>;
inline constexpr std::size_t kMaxPathBytesPerCommand = std::size_t{1} << 20;

struct RealiseOptions {
  std::uint32_t max_jobs = 1;       // builds at the same time
  std::string roots_prefix;         // not empty: outputs are rooted as PREFIX, PREFIX-2 …
  std::int64_t silent_limit_s = 0;  // a build that prints nothing for so long is ended; 0 = never
};

// Builds (or substitutes) what is missing and goes on after failures. The exit status says little:
// ask InvalidPathsCommands for the outputs afterwards, and ParseBuildFailures what became of the
// others.
std::vector<NixCommand> RealiseCommands(std::span<const StorePath> paths,
                                        const RealiseOptions& options);

// Prints those of the paths that are not valid; exit status 0 either way.
std::vector<NixCommand> InvalidPathsCommands(std::span<const StorePath> paths);

// Prints the closures of the paths, each path once a command. All must be valid.
std::vector<NixCommand> RequisitesCommands(std::span<const StorePath> paths);

// Makes symbolic links PREFIX, PREFIX-2 …, PREFIX.1, PREFIX.1-2 … (absolute; the directory is made)
// that protect the paths from the garbage collector as long as they exist. Safe against a collector
// that is running, which links made by hand are not. Fails without a link when one of the paths is
// not valid and cannot be fetched: from the substituters of nix.conf, and from these. Repeating it
// is harmless.
std::vector<NixCommand> AddRootsCommands(std::span<const StorePath> paths,
                                         const std::string& prefix,
                                         const std::vector<std::string>& substituters = {});

// The same for derivations, which are protected as they are and not built. What cannot be the name
// of a store path is left out.
std::vector<NixCommand> AddDerivationRootsCommands(std::span<const StorePath> derivations,
                                                   const std::string& prefix);

// Deletes what no root protects; `ParseFreedBytes` reads its output.
NixCommand CollectGarbageCommand();
// Also deletes all but the current generation of each profile before.
NixCommand DeleteOldAndCollectGarbageCommand();

// Makes the store's database, if there is none.
NixCommand InitialiseCommand();

// Evaluates to the store's directory; `ParseStoreDirectory` reads its output.
NixCommand StoreDirectoryCommand();

// One absolute path a line.
Result<std::vector<StorePath>> ParsePaths(std::string_view output);
Result<std::uint64_t> ParseFreedBytes(std::string_view output);
Result<std::string> ParseStoreDirectory(std::string_view output);

}  // namespace eris
