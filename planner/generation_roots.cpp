#include "planner/generation_roots.h"

#include <csignal>
#include <utility>

#include "schema/base/files.h"
#include "state/nix_commands.h"

namespace eris::planner {

GenerationRoots::GenerationRoots(Options options, link::Loop& loop, Log& log)
    : options_(std::move(options)), loop_(loop), log_(log) {}

GenerationRoots::~GenerationRoots() {
  if (!child_) return;
  loop_.Unwatch(watch_);
  // Half a set of roots is completed at the next start.
  (void)Kill(*child_, SIGKILL);
  (void)Reap(*child_);
}

std::string GenerationRoots::PrefixOf(TransactionId transaction) const {
  return options_.directory + "/generation-of-" + std::to_string(transaction.value);
}

bool GenerationRoots::Has(TransactionId transaction) const {
  return FileExists(PrefixOf(transaction));
}

void GenerationRoots::Add(TransactionId transaction, const Manifest& manifest) {
  std::vector<StorePath> paths;
  for (const auto& [target, profile] : manifest.profiles) {
    if (!profile.path.empty()) paths.push_back(profile.path);
  }
  if (paths.empty()) return;
  for (NixCommand& command : AddRootsCommands(paths, PrefixOf(transaction))) {
    jobs_.push_back({transaction, std::move(command)});
  }
  if (!child_) StartNext();
}

void GenerationRoots::StartNext() {
  while (!jobs_.empty()) {
    Result<Child> child = Spawn({.argv = jobs_.front().argv,
                                 .environment = options_.environment,
                                 .working_directory = options_.directory});
    if (child) {
      Result<link::WatchId> watch = loop_.Watch(child->pidfd.get(), link::Interest::kRead,
                                                [this](link::Readiness) { OnEnd(); });
      if (watch) {
        child_ = std::move(*child);
        watch_ = *watch;
        return;
      }
      (void)Kill(*child, SIGKILL);
      (void)Reap(*child);
      child = Fail(watch.error());
    }
    log_.Warn("roots.failed",
              {{"transaction", jobs_.front().transaction.value}, {"error", child.error().message}});
    jobs_.pop_front();
  }
}

void GenerationRoots::OnEnd() {
  loop_.Unwatch(watch_);
  const Result<ExitStatus> status = Reap(*child_);
  child_.reset();
  if (!status || !status->success()) {
    log_.Warn("roots.failed", {{"transaction", jobs_.front().transaction.value},
                               {"error", status ? ToString(*status) : status.error().message}});
  }
  jobs_.pop_front();
  StartNext();
}

}  // namespace eris::planner
