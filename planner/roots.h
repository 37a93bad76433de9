// Protects what generations and open transactions need from the garbage collector of the planner's
// store: of a generation its profiles, of a transaction the derivations of the profiles that it
// wants, and through them everything that is to be built. Best effort: a root that cannot be made
// is a warning, and made at the next start.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "broker/link/loop.h"
#include "schema/base/log.h"
#include "schema/base/process.h"
#include "schema/values/ids.h"
#include "schema/values/manifest.h"

namespace eris::planner {

// Owned by the daemon; uses loop and log, which outlive it. One thing is done at a time, in the
// order of the calls: what is asked to be dropped after something else was added is dropped after
// that is protected.
//
//   DIR/generation-of-TX DIR/generation-of-TX-2 …
//   DIR/open/TX/root DIR/open/TX/root-2 …
class Roots {
 public:
  struct Options {
    std::string directory;                 // exists; absolute
    std::vector<std::string> environment;  // of the Nix commands
  };

  Roots(Options options, link::Loop& loop, Log& log);
  ~Roots();
  Roots(const Roots&) = delete;
  Roots& operator=(const Roots&) = delete;

  // Whether the transaction's generation has its roots already.
  bool HasGeneration(TransactionId transaction) const;
  void AddGeneration(TransactionId transaction, const Manifest& manifest);
  void DropGeneration(TransactionId transaction);
  // Of which there are roots.
  std::set<TransactionId> Generations() const;

  bool HasOpen(TransactionId transaction) const;
  void AddOpen(TransactionId transaction, const Manifest& wanted);
  void DropOpen(TransactionId transaction);
  // Those of which there are roots.
  std::set<TransactionId> Open() const;

 private:
  struct Job {
    enum class What : std::uint8_t { kRun, kDropOpen, kDropGeneration };
    TransactionId transaction;
    std::vector<std::string> argv;  // kRun
    What what = What::kRun;
  };

  std::string GenerationPrefix(TransactionId transaction) const;
  std::string OpenFolder(TransactionId transaction) const;
  void Queue(TransactionId transaction, std::vector<std::vector<std::string>> commands);
  void StartNext();
  Status Start(const Job& job);
  Status RemoveGeneration(TransactionId transaction) const;
  void OnEnd();
  void Warn(TransactionId transaction, const std::string& error);

  Options options_;
  link::Loop& loop_;
  Log& log_;
  std::deque<Job> jobs_;  // the first one runs while there is a child
  std::optional<Child> child_;
  link::WatchId watch_ = link::WatchId::kNone;
};

}  // namespace eris::planner
