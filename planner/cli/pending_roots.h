// Protects the derivations of submissions that no planner has taken yet from the garbage collector
// of this machine's store: until it takes them, which can be days, nobody else knows of them. Once
// it has, it protects them itself (planner/roots.h).
#pragma once

#include <string>
#include <vector>

#include "schema/base/clock.h"
#include "schema/base/error.h"
#include "schema/values/ids.h"
#include "schema/values/manifest.h"

namespace eris::cli {

// A value: where the roots are, and how Nix is called. Blocks while Nix runs.
//
//   DIR/pending/SUBMISSION/root DIR/pending/SUBMISSION/root-2 …
class PendingRoots {
 public:
  // `directory` need not exist. `environment`: of the Nix commands.
  PendingRoots(std::string directory, std::vector<std::string> environment);

  // Of everything that `manifest` would have built.
  Status Protect(const SubmissionId& submission, const Manifest& manifest) const;
  Status Drop(const SubmissionId& submission) const;

  struct Entry {
    SubmissionId submission;
    Duration age{};
  };
  // The oldest first.
  std::vector<Entry> Entries() const;

 private:
  std::string FolderOf(const SubmissionId& submission) const;

  std::string directory_;
  std::vector<std::string> environment_;
};

}  // namespace eris::cli
