// Protects what committed generations need from the garbage collector of the planner's store: a
// root for the profiles of each. Best effort: a root that cannot be made is a warning, and made at
// the next start.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "broker/link/loop.h"
#include "schema/base/log.h"
#include "schema/base/process.h"
#include "schema/values/ids.h"
#include "schema/values/manifest.h"

namespace eris::planner {

// Owned by the daemon; uses loop and log, which outlive it. Runs one Nix command at a time.
class GenerationRoots {
 public:
  struct Options {
    std::string directory;                 // exists; absolute
    std::vector<std::string> environment;  // of the Nix commands
  };

  GenerationRoots(Options options, link::Loop& loop, Log& log);
  ~GenerationRoots();
  GenerationRoots(const GenerationRoots&) = delete;
  GenerationRoots& operator=(const GenerationRoots&) = delete;

  // Whether the transaction's generation has its roots already.
  bool Has(TransactionId transaction) const;
  void Add(TransactionId transaction, const Manifest& manifest);

 private:
  struct Job {
    TransactionId transaction;
    std::vector<std::string> argv;
  };

  std::string PrefixOf(TransactionId transaction) const;
  void StartNext();
  void OnEnd();

  Options options_;
  link::Loop& loop_;
  Log& log_;
  std::deque<Job> jobs_;  // the first one runs
  std::optional<Child> child_;
  link::WatchId watch_ = link::WatchId::kNone;
};

}  // namespace eris::planner
