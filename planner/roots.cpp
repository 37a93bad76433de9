#include "planner/roots.h"

#include <sys/resource.h>

#include <csignal>
#include <filesystem>
#include <system_error>
#include <utility>

#include "schema/base/files.h"
#include "schema/base/text.h"
#include "state/nix_commands.h"

namespace eris::planner {
namespace {

constexpr std::string_view kGenerationPrefix = "generation-of-";

// Whose root a link is: "generation-of-TX", "generation-of-TX-N".
std::optional<TransactionId> GenerationOf(const std::filesystem::path& link) {
  const std::string name = link.filename().string();
  if (!name.starts_with(kGenerationPrefix)) return std::nullopt;
  const std::string rest = name.substr(kGenerationPrefix.size());
  const Result<std::uint64_t> number = ParseUnsigned(rest.substr(0, rest.find('-')));
  if (!number) return std::nullopt;
  return TransactionId{*number};
}

}  // namespace

Roots::Roots(Options options, link::Loop& loop, Log& log)
    : options_(std::move(options)), loop_(loop), log_(log) {}

Roots::~Roots() {
  if (!child_) return;
  loop_.Unwatch(watch_);
  // Half a set of roots is completed at the next start.
  (void)Kill(*child_, SIGKILL);
  (void)Reap(*child_);
}

std::string Roots::GenerationPrefix(TransactionId transaction) const {
  return options_.directory + "/" + std::string(kGenerationPrefix) +
         std::to_string(transaction.value);
}

std::string Roots::OpenFolder(TransactionId transaction) const {
  return options_.directory + "/open/" + std::to_string(transaction.value);
}

bool Roots::HasGeneration(TransactionId transaction) const {
  return FileExists(GenerationPrefix(transaction));
}

void Roots::AddGeneration(TransactionId transaction, const Manifest& manifest) {
  std::vector<StorePath> paths;
  for (const auto& [target, profile] : manifest.profiles) {
    if (!profile.path.empty()) paths.push_back(profile.path);
  }
  Queue(transaction, AddRootsCommands(paths, GenerationPrefix(transaction)));
}

bool Roots::HasOpen(TransactionId transaction) const { return FileExists(OpenFolder(transaction)); }

void Roots::AddOpen(TransactionId transaction, const Manifest& wanted) {
  std::vector<StorePath> derivations;
  for (const auto& [target, profile] : wanted.profiles) {
    if (!profile.derivation.empty()) derivations.push_back(profile.derivation);
  }
  if (derivations.empty()) return;
  const std::string folder = OpenFolder(transaction);
  if (const Status made = MakeDirectories(folder, 0700); !made) {
    return Warn(transaction, made.error().message);
  }
  Queue(transaction, AddDerivationRootsCommands(derivations, folder + "/root"));
}

void Roots::DropOpen(TransactionId transaction) {
  jobs_.push_back({transaction, {}, Job::What::kDropOpen});
  if (!child_) StartNext();
}

void Roots::DropGeneration(TransactionId transaction) {
  jobs_.push_back({transaction, {}, Job::What::kDropGeneration});
  if (!child_) StartNext();
}

std::set<TransactionId> Roots::Generations() const {
  std::set<TransactionId> generations;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(options_.directory, error)) {
    if (const auto transaction = GenerationOf(entry.path())) generations.insert(*transaction);
  }
  return generations;
}

Status Roots::RemoveGeneration(TransactionId transaction) const {
  std::error_code error;
  std::vector<std::filesystem::path> links;
  for (const auto& entry : std::filesystem::directory_iterator(options_.directory, error)) {
    if (GenerationOf(entry.path()) == transaction) links.push_back(entry.path());
  }
  for (const std::filesystem::path& link : links) {
    if (std::filesystem::remove(link, error); error) {
      return Fail(ErrorCode::kUnavailable,
                  "cannot remove " + link.string() + ": " + error.message());
    }
  }
  return {};
}

std::set<TransactionId> Roots::Open() const {
  std::set<TransactionId> open;
  std::error_code error;
  for (const auto& entry :
       std::filesystem::directory_iterator(options_.directory + "/open", error)) {
    const Result<std::uint64_t> number = ParseUnsigned(entry.path().filename().string());
    if (number) open.insert({*number});
  }
  return open;
}

void Roots::Queue(TransactionId transaction, std::vector<std::vector<std::string>> commands) {
  for (std::vector<std::string>& command : commands) {
    jobs_.push_back({transaction, std::move(command), Job::What::kRun});
  }
  if (!child_) StartNext();
}

void Roots::StartNext() {
  while (!jobs_.empty()) {
    const Status started = Start(jobs_.front());
    if (started && child_) return;
    if (!started) Warn(jobs_.front().transaction, started.error().message);
    jobs_.pop_front();
  }
}

Status Roots::Start(const Job& job) {
  if (job.what == Job::What::kDropOpen) return RemoveTree(OpenFolder(job.transaction));
  if (job.what == Job::What::kDropGeneration) return RemoveGeneration(job.transaction);
  ERIS_ASSIGN(Child child, Spawn({.argv = job.argv,
                                  .environment = options_.environment,
                                  .working_directory = options_.directory}));
  // Nobody waits for it, and transactions need the processors. As it is, should that fail.
  constexpr int kLowest = 19;
  (void)::setpriority(PRIO_PROCESS, static_cast<id_t>(child.pid), kLowest);
  Result<link::WatchId> watch =
      loop_.Watch(child.pidfd.get(), link::Interest::kRead, [this](link::Readiness) { OnEnd(); });
  if (!watch) {
    (void)Kill(child, SIGKILL);
    (void)Reap(child);
    return Fail(std::move(watch.error()));
  }
  child_ = std::move(child);
  watch_ = *watch;
  return {};
}

void Roots::OnEnd() {
  loop_.Unwatch(watch_);
  const Result<ExitStatus> status = Reap(*child_);
  child_.reset();
  if (!status || !status->success()) {
    Warn(jobs_.front().transaction, status ? ToString(*status) : status.error().message);
  }
  jobs_.pop_front();
  StartNext();
}

void Roots::Warn(TransactionId transaction, const std::string& error) {
  log_.Warn("roots.failed", {{"transaction", transaction.value}, {"error", error}});
}

}  // namespace eris::planner
