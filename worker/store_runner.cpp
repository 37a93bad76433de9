#include "worker/store_runner.h"

#include <grp.h>
#include <unistd.h>

#include <algorithm>
#include <set>
#include <string_view>
#include <system_error>
#include <utility>

#include "schema/base/files.h"
#include "schema/base/process.h"
#include "schema/base/text.h"
#include "state/build_failures.h"
#include "state/nix_commands.h"
#include "state/store_roots.h"

namespace eris {
namespace {

constexpr std::size_t kKeptProfileLinks = 10;
constexpr std::size_t kErrorBytes = std::size_t{1} << 20;  // of Nix that are read
constexpr std::size_t kLogBytes = std::size_t{8} << 10;    // that an outcome may carry
constexpr std::size_t kTroubleBytes = 500;                 // of it in one line

Outcome Succeeded() { return {.verdict = Verdict::kSucceeded}; }

bool IsDerivation(const StorePath& path) { return path.text.ends_with(".drv"); }

// Realising is how Nix roots a path; a derivation would be built by that.
std::vector<NixCommand> RootCommands(const std::vector<StorePath>& paths, const std::string& prefix,
                                     const std::vector<std::string>& substituters) {
  std::vector<StorePath> derivations;
  std::vector<StorePath> outputs;
  for (const StorePath& path : paths) (IsDerivation(path) ? derivations : outputs).push_back(path);
  std::vector<NixCommand> commands = AddRootsCommands(outputs, prefix, substituters);
  for (NixCommand& command : AddDerivationRootsCommands(derivations, prefix + "-derivations")) {
    commands.push_back(std::move(command));
  }
  return commands;
}

// Nix roots a derivation whether it is there or not.
CommandsResult WithLackingDerivations(CommandsResult rooted, const std::vector<StorePath>& paths) {
  if (!rooted.success) return rooted;
  const auto lacking = std::find_if(paths.begin(), paths.end(), [](const StorePath& path) {
    return IsDerivation(path) && !FileExists(path.text);
  });
  if (lacking == paths.end()) return rooted;
  rooted.success = false;
  rooted.failure = lacking->text + " is not in the store";
  return rooted;
}

std::string LastBytes(const std::string& text, std::size_t count) {
  return text.size() > count ? text.substr(text.size() - count) : text;
}

Outcome Failed(const CommandsResult& result) {
  return {.verdict = Verdict::kFailed,
          .message = result.failure,
          .log_tail = LastBytes(result.stderr_tail, kLogBytes)};
}

// What Nix says about substituters that it could not use, in one line: it goes on without them.
std::string SubstituterTrouble(const CommandsResult& rooted,
                               const std::vector<std::string>& substituters) {
  constexpr std::string_view kWarning = "warning: ";
  std::string trouble;
  for (std::string_view line : Split(rooted.stderr_tail, '\n')) {
    if (!line.starts_with(kWarning) || line.find("; retrying in ") != line.npos) continue;
    line.remove_prefix(kWarning.size());
    const bool is_theirs = std::any_of(
        substituters.begin(), substituters.end(),
        [line](const std::string& one) { return line.find(one) != std::string_view::npos; });
    if (!is_theirs || trouble.find(line) != std::string::npos) continue;
    trouble += (trouble.empty() ? "" : "; ") + std::string(line);
  }
  return trouble;
}

// With what else there is to say: beside a failure, or on record beside a success.
Outcome WithTrouble(Outcome outcome, const std::string& trouble) {
  if (trouble.empty()) return outcome;
  if (outcome.verdict == Verdict::kSucceeded) {
    outcome.log_tail = LastBytes("substituters: " + trouble, kLogBytes);
  } else {
    outcome.message += " (substituters: " + LastBytes(trouble, kTroubleBytes) + ")";
  }
  return outcome;
}

Outcome FromStatus(const Status& status) {
  if (status) return Succeeded();
  return {.verdict = Verdict::kUnavailable, .message = status.error().message};
}

// As root, Nix builds as the members of a group, and refuses to build at all where that group does
// not exist (a fresh Debian). Whoever says something about it in NIX_CONFIG is right.
std::vector<std::string> WithUsableBuildUsers(std::vector<std::string> environment) {
  constexpr std::string_view kName = "NIX_CONFIG=";
  constexpr std::string_view kSetting = "build-users-group";
  if (::geteuid() != 0 || ::getgrnam("nixbld") != nullptr) return environment;
  const auto found = std::find_if(environment.begin(), environment.end(),
                                  [&](const std::string& one) { return one.starts_with(kName); });
  if (found == environment.end()) {
    environment.push_back(std::string(kName) + std::string(kSetting) + " =");
  } else if (found->find(kSetting) == std::string::npos) {
    *found += "\n" + std::string(kSetting) + " =";
  }
  return environment;
}

// What a depot refuses for good must not be tried again; all else may be.
Outcome NotTransferred(const Error& error) {
  return {.verdict = error.code == ErrorCode::kInvalid ? Verdict::kFailed : Verdict::kUnavailable,
          .message = "transfer: " + error.message};
}

}  // namespace

StoreRunner::StoreRunner(StoreRunnerOptions options, link::Loop& loop, DepotClient::Dial dial)
    : options_(std::move(options)),
      loop_(loop),
      commands_(options_.work_dir, loop),
      environment_(WithUsableBuildUsers(WithStore(CurrentEnvironment(), options_.location))) {
  if (dial) depot_.emplace(std::move(dial), loop);
}

StoreRunner::~StoreRunner() = default;

void StoreRunner::Ask(const ItemAt& at, const Moved& moved, OnFetched on_end) {
  auto& shelf = shelves_[at.id];
  // What the profile refers to may be found at substituters, though the profile itself is not.
  shelf = std::make_unique<bulk::StoreShelf>(
      bulk::StoreShelfOptions{.environment = environment_,
                              .extra_substituters = moved.substituters,
                              .trust = bulk::Trust::kSender},
      loop_);
  DepotRequest request{
      .item = at.id, .access = at.depot, .direction = moved.direction, .shelf = shelf.get()};
  for (const StorePath& path : moved.paths) request.names.push_back(path.text);
  depot_->Start(std::move(request), std::move(on_end));
}

std::filesystem::path StoreRunner::RootsOf(const ItemId& id) const {
  return RootsOf(id.step.transaction) / std::to_string(id.step.index.value);
}

std::filesystem::path StoreRunner::RootsOf(TransactionId transaction) const {
  return options_.roots_dir / std::to_string(transaction.value);
}

void StoreRunner::Run(const ItemId& id, std::vector<std::vector<std::string>> commands,
                      OnResult on_result) {
  running_[id] = commands_.Run(
      {.argvs = std::move(commands), .environment = environment_, .tail_bytes = kErrorBytes},
      [this, id, on_result = std::move(on_result)](CommandsResult result) {
        running_.erase(id);
        on_result(std::move(result));
      });
}

void StoreRunner::Build(const ItemAt& at, const BuildItem& item, Done done) {
  std::vector<StorePath> lacking;
  for (const BuildItem::Derivation& one : item.derivations) {
    if (!FileExists(one.derivation.text)) lacking.push_back(one.derivation);
  }
  if (lacking.empty() || !depot_ || at.depot.endpoint.empty()) {
    return Realise(at, item, std::move(done));
  }
  Ask(at, {.direction = BulkOpen::Direction::kFetch, .paths = lacking},
      [this, at, item, done = std::move(done)](const Status& fetched) {
        if (!fetched) {
          shelves_.erase(at.id);
          return done(NotTransferred(fetched.error()));
        }
        Realise(at, item, [this, at, done](Outcome outcome) {
          shelves_.erase(at.id);
          done(std::move(outcome));
        });
      });
}

// Whoever builds for others brings them what it has made.
void StoreRunner::Push(const ItemAt& at, Outcome outcome, const Done& done) {
  const auto* report = std::get_if<BuildReport>(&outcome.report);
  const bool for_others = depot_ && !at.depot.endpoint.empty();
  if (!for_others || report == nullptr || report->built.empty()) return done(std::move(outcome));
  Ask(at, {.direction = BulkOpen::Direction::kPush, .paths = report->built},
      [this, at, outcome, done](const Status& pushed) {
        shelves_.erase(at.id);
        done(pushed ? outcome : NotTransferred(pushed.error()));
      });
}

void StoreRunner::Realise(const ItemAt& at, const BuildItem& item, Done then) {
  const ItemId& id = at.id;
  const auto done = [this, at, then = std::move(then)](Outcome outcome) {
    Push(at, std::move(outcome), then);
  };
  std::vector<StorePath> derivations;
  derivations.reserve(item.derivations.size());
  for (const BuildItem::Derivation& one : item.derivations) derivations.push_back(one.derivation);
  auto commands = RealiseCommands(
      derivations,
      {.max_jobs = options_.max_build_jobs,
       .roots_prefix = RootsOf(id).string(),
       .silent_limit_s =
           std::chrono::duration_cast<std::chrono::seconds>(options_.build_silence).count()});
  Run(id, std::move(commands), [this, id, item, done](const CommandsResult& built) {
    if (built.success) {
      BuildReport report;
      for (const BuildItem::Derivation& one : item.derivations) report.built.push_back(one.output);
      return done({.verdict = Verdict::kSucceeded, .report = std::move(report)});
    }
    JudgeBuild(id, item, built, done);
  });
}

// The exit status says that something failed; the store says what, and Nix why.
void StoreRunner::JudgeBuild(const ItemId& id, const BuildItem& item, const CommandsResult& built,
                             const Done& done) {
  std::vector<StorePath> outputs;
  for (const BuildItem::Derivation& one : item.derivations) outputs.push_back(one.output);
  Run(id, InvalidPathsCommands(outputs), [built, outputs, done](const CommandsResult& asked) {
    const Result<std::vector<StorePath>> invalid = ParsePaths(asked.stdout_text);
    const std::vector<BuildFailure> failures = ParseBuildFailures(built.stderr_tail);
    Outcome outcome = Failed(built);
    if (!failures.empty()) {
      outcome.message = NameBuildFailures(failures);
      outcome.log_tail = LogOfBuildFailures(failures);
    }
    if (!asked.success || !invalid) return done(std::move(outcome));
    const std::set<StorePath> missing(invalid->begin(), invalid->end());
    BuildReport report;
    for (const StorePath& output : outputs) {
      (missing.contains(output) ? report.failed : report.built).push_back(output);
    }
    if (!report.failed.empty()) {
      outcome.message = std::to_string(report.failed.size()) + " of " +
                        std::to_string(outputs.size()) + " builds failed: " + outcome.message;
    }
    outcome.report = std::move(report);
    done(std::move(outcome));
  });
}

void StoreRunner::Transfer(const ItemAt& at, const TransferItem& item, Done done) {
  if (item.paths.empty()) {
    loop_.After(Duration(0), [done = std::move(done)] { done(Succeeded()); });
    return;
  }
  const auto root = [this, at, item](OnResult on_result) {
    Run(at.id, RootCommands(item.paths, RootsOf(at.id).string(), item.substituters),
        [paths = item.paths, on_result = std::move(on_result)](CommandsResult rooted) {
          on_result(WithLackingDerivations(std::move(rooted), paths));
        });
  };
  if (item.way == TransferItem::Way::kFromTarget) return Bring(at, item.paths, root, done);
  root([this, at, root, paths = item.paths, substituters = item.substituters,
        done = std::move(done)](const CommandsResult& rooted) {
    const auto end = [trouble = SubstituterTrouble(rooted, substituters), done](Outcome outcome) {
      done(WithTrouble(std::move(outcome), trouble));
    };
    if (rooted.success) return end(Succeeded());
    if (!depot_ || at.depot.endpoint.empty()) return end(Failed(rooted));
    const Moved moved{BulkOpen::Direction::kFetch, paths, substituters};
    Ask(at, moved, [this, at, root, end](const Status& fetched) {
      if (!fetched) {
        shelves_.erase(at.id);
        return end(NotTransferred(fetched.error()));
      }
      root([this, at, end](const CommandsResult& again) {
        shelves_.erase(at.id);
        end(again.success ? Succeeded() : Failed(again));
      });
    });
  });
}

// Where there is no depot, planner and target share a store.
void StoreRunner::Bring(const ItemAt& at, const std::vector<StorePath>& paths,
                        const std::function<void(OnResult)>& root, const Done& done) {
  root([this, at, paths, done](const CommandsResult& rooted) {
    if (!rooted.success) return done(Failed(rooted));
    if (!depot_ || at.depot.endpoint.empty()) return done(Succeeded());
    Ask(at, {.direction = BulkOpen::Direction::kPush, .paths = paths},
        [this, at, done](const Status& pushed) {
          shelves_.erase(at.id);
          done(pushed ? Succeeded() : NotTransferred(pushed.error()));
        });
  });
}

void StoreRunner::SetProfile(const ItemId& id, const SetProfileItem& item, Done done) {
  const Profile profile = ProfileOf(item.profile);
  if (item.path.empty()) {
    // The last links stay, as in any other switch: a rollback may need what they keep.
    Status removed = profile.Remove();
    if (removed) removed = profile.DeleteOldGenerations(kKeptProfileLinks);
    loop_.After(Duration(0), [done = std::move(done), removed] { done(FromStatus(removed)); });
    return;
  }
  const Result<Profile::Switch> next = profile.Next(item.path);
  if (!next || next->link.empty()) {
    const Status status = next ? Status() : Status(Fail(next.error()));
    loop_.After(Duration(0), [done = std::move(done), status] { done(FromStatus(status)); });
    return;
  }
  const auto activate = [profile, link = next->link, done] {
    Status status = profile.Activate(link);
    if (status) status = profile.DeleteOldGenerations(kKeptProfileLinks);
    done(FromStatus(status));
  };
  if (RootWithoutNix(id, {.root = profile.PathOf(next->link), .path = item.path})) {
    loop_.After(Duration(0), activate);
    return;
  }
  Run(id, {next->command}, [activate, done](const CommandsResult& rooted) {
    if (!rooted.success) return done(Failed(rooted));
    activate();
  });
}

// The item that brought the path here has rooted it by Nix; that root shows where others go.
bool StoreRunner::RootWithoutNix(const ItemId& id, const StoreRoot& wanted) {
  std::error_code error;
  std::filesystem::directory_iterator entry(RootsOf(id.step.transaction), error);
  const std::filesystem::directory_iterator end;
  const auto roots_it = [&](const std::filesystem::directory_entry& one) {
    std::error_code no_link;
    return std::filesystem::read_symlink(one.path(), no_link) == wanted.path.text;
  };
  while (!error && entry != end && !roots_it(*entry)) entry.increment(error);
  if (error || entry == end) return false;
  if (!collectors_links_) {
    collectors_links_ =
        FindCollectorsLinks(StoreLocationFrom(environment_).state_dir, entry->path().string());
  }
  return collectors_links_ && MakeDirectories(options_.profiles_dir.string(), 0755) &&
         AddRoot(*collectors_links_, wanted);
}

void StoreRunner::Collect(const ItemId& id, const CollectItem& item, Done done) {
  const bool is_thorough = item.scope == CollectItem::Scope::kGarbageAndOldGenerations;
  const NixCommand command =
      is_thorough ? DeleteOldAndCollectGarbageCommand() : CollectGarbageCommand();
  Run(id, {command}, [done = std::move(done)](const CommandsResult& collected) {
    if (!collected.success) return done(Failed(collected));
    const Result<std::uint64_t> freed =
        ParseFreedBytes(collected.stdout_text + collected.stderr_tail);
    done({.verdict = Verdict::kSucceeded,
          .report = CollectReport{.freed_bytes = freed.value_or(0)}});
  });
}

void StoreRunner::Stop(const ItemId& id) {
  if (const auto found = running_.find(id); found != running_.end()) commands_.Stop(found->second);
  if (depot_) depot_->Stop(id);
}

Status StoreRunner::DropRoots(TransactionId transaction) {
  return RemoveTree(RootsOf(transaction).string());
}

Status StoreRunner::KeepOnlyRoots(const std::set<TransactionId>& kept) {
  std::set<std::string> names;
  for (const TransactionId transaction : kept) names.insert(std::to_string(transaction.value));
  std::vector<std::string> left_over;
  std::error_code error;
  std::filesystem::directory_iterator entry(options_.roots_dir, error);
  for (const std::filesystem::directory_iterator end; !error && entry != end;
       entry.increment(error)) {
    if (!names.contains(entry->path().filename().string())) {
      left_over.push_back(entry->path().string());
    }
  }
  for (const std::string& path : left_over) ERIS_TRY(RemoveTree(path));
  return {};
}

}  // namespace eris
