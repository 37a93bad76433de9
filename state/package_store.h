// The Nix store as blocking calls, for command line tools and child processes; a loop spawns the
// commands of nix_commands.h instead. Also profiles: which store path a target runs.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "schema/base/error.h"
#include "schema/values/ids.h"
#include "state/nix_commands.h"
#include "state/store_location.h"

namespace eris {

// What became of a batch of derivations: each output is in one of the two.
struct RealiseResult {
  std::vector<StorePath> valid;
  std::vector<StorePath> failed;
  std::string log_tail;  // of the builds, when something failed
};
struct Derivation {
  StorePath derivation;
  StorePath output;
};

// Makes the database of the store that `environment` tells, unless there is one; before several Nix
// processes use the store at once. Two that open a fresh one together disturb one another, and one
// that is killed meanwhile leaves a store that nobody can open. Blocks; starts no process where
// there is a database already.
Status InitialiseStore(const std::vector<std::string>& environment);

class PackageStore {
 public:
  virtual ~PackageStore() = default;

  // Builds what is missing; goes on after a failure and says which outputs there are. An error only
  // when Nix cannot be asked.
  virtual Result<RealiseResult> Realise(std::span<const Derivation> batch,
                                        const RealiseOptions& options) = 0;
  // Those of the paths that are not valid.
  virtual Result<std::vector<StorePath>> InvalidPaths(std::span<const StorePath> paths) = 0;
  // The closures of the paths, sorted, each path once.
  virtual Result<std::vector<StorePath>> Requisites(std::span<const StorePath> paths) = 0;
  // Protects valid paths; see AddRootsCommands. kUnavailable when one is not valid.
  virtual Status AddRoots(std::span<const StorePath> paths, const std::string& prefix) = 0;
  // Bytes that were freed.
  virtual Result<std::uint64_t> CollectGarbage() = 0;
  // Absolute.
  virtual Result<std::string> StoreDirectory() = 0;
};

// Runs Nix as child processes. Needs no rights but those of the caller; as another user than the
// store's owner Nix asks its daemon.
class NixStore final : public PackageStore {
 public:
  // `environment` is what Nix gets, usually WithStore(CurrentEnvironment(), location).
  explicit NixStore(std::vector<std::string> environment);

  Result<RealiseResult> Realise(std::span<const Derivation> batch,
                                const RealiseOptions& options) override;
  Result<std::vector<StorePath>> InvalidPaths(std::span<const StorePath> paths) override;
  Result<std::vector<StorePath>> Requisites(std::span<const StorePath> paths) override;
  Status AddRoots(std::span<const StorePath> paths, const std::string& prefix) override;
  Result<std::uint64_t> CollectGarbage() override;
  Result<std::string> StoreDirectory() override;

 private:
  // The standard output of all commands; an error when one fails.
  Result<std::string> Run(std::span<const NixCommand> commands, std::string_view doing);

  std::vector<std::string> environment_;
};

}  // namespace eris
