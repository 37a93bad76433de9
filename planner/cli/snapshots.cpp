// `eris snapshots`: what stands in a snapshot store of this machine, looked at, copied out and in.
#include <fcntl.h>
#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <filesystem>
#include <memory>
#include <optional>
#include <set>
#include <system_error>

#include "planner/cli/asking.h"
#include "planner/cli/commands.h"
#include "planner/cli/generation.h"
#include "planner/cli/json_text.h"
#include "planner/cli/lists.h"
#include "planner/cli/submitting.h"
#include "schema/base/command.h"
#include "schema/base/files.h"
#include "schema/base/system_error.h"
#include "schema/values/base_snapshot.h"
#include "state/settings.h"
#include "state/snapshots/copy.h"
#include "state/snapshots/stream.h"

namespace eris::cli {
namespace {

namespace fs = std::filesystem;
using snapshots::Generation;
using snapshots::SnapshotName;
using snapshots::SnapshotStore;
using snapshots::StateKey;

// The depot's, of the planner that is configured here or that `eris up` runs.
Result<fs::path> DepotOf(const Context& context) {
  const std::string& config = context.surroundings.config_dir;
  for (const std::string& file : {config + "/planner.toml", config + "/planner/planner.toml"}) {
    if (!FileExists(file)) continue;
    ERIS_ASSIGN(const Settings settings, Settings::Load(file));
    ERIS_ASSIGN(const std::string state, settings.String("state_dir"));
    return fs::path(state) / "snapshots" / context.call.profile.text;
  }
  return Fail(ErrorCode::kInvalid, "there is no planner on this machine, so no depot",
              "name a state directory with --store");
}

Result<SnapshotStore> StoreOf(const SnapshotsCommand& command, const Context& context) {
  if (!command.store.empty()) return SnapshotStore(command.store);
  ERIS_ASSIGN(const fs::path depot, DepotOf(context));
  return SnapshotStore(depot);
}

Result<SnapshotName> Existing(const SnapshotStore& store, const std::string& reference) {
  ERIS_ASSIGN(SnapshotName name, snapshots::ParseReference(reference));
  if (name.id.empty()) {
    ERIS_ASSIGN(const auto newest, store.Newest(name.key));
    if (!newest) return Fail(ErrorCode::kNotFound, "there is no snapshot of " + reference);
    name.id = newest->id;
  }
  ERIS_TRY(store.StoredChecksum(name.key, name.id));
  return name;
}

// Where the state is of what runs now as the service, on the target, or both.
Result<std::set<StateKey>> DeployedKeys(const SnapshotsCommand& command, Context& context) {
  ERIS_ASSIGN(const std::unique_ptr<Session> session, Connect(context));
  ERIS_ASSIGN(const DeployedGeneration current,
              FetchGeneration(session->client(), context.call.profile, {}));
  std::set<StateKey> keys;
  for (const Mapping& mapping : current.manifest.mappings) {
    const Service& service = current.manifest.services.at(mapping.service);
    if (!command.service.empty() && service.name != command.service) continue;
    if (!command.target.empty() && mapping.target != command.target) continue;
    keys.insert({mapping.container.text, ComponentOf(service.package).text});
  }
  if (!keys.empty()) return keys;
  return Fail(ErrorCode::kNotFound,
              command.service.empty() ? "nothing runs on " + command.target.text + " now"
                                      : "no service " + command.service.text + " runs there now",
              "name a container or a component: --container, --component");
}

Result<std::vector<StateKey>> KeysFor(const SnapshotsCommand& command, const SnapshotStore& store,
                                      Context& context) {
  std::optional<std::set<StateKey>> deployed;
  if (!command.service.empty() || !command.target.empty()) {
    ERIS_ASSIGN(deployed, DeployedKeys(command, context));
  }
  ERIS_ASSIGN(std::vector<StateKey> keys, store.Keys());
  ERIS_ASSIGN(const std::vector<StateKey> with_bases, store.KeysWithBases());
  keys.insert(keys.end(), with_bases.begin(), with_bases.end());
  std::sort(keys.begin(), keys.end());
  keys.erase(std::unique(keys.begin(), keys.end()), keys.end());
  std::erase_if(keys, [&](const StateKey& key) {
    return (!command.container.empty() && key.container != command.container) ||
           (!command.component.empty() && key.component != command.component) ||
           (deployed && !deployed->contains(key));
  });
  return keys;
}

WallTime TakenAt(const fs::path& snapshot) {
  std::error_code error;
  const auto time = fs::last_write_time(snapshot, error);
  if (error) return {};
  const auto since = std::chrono::file_clock::to_sys(time).time_since_epoch();
  return {std::chrono::duration_cast<std::chrono::milliseconds>(since).count()};
}

// Those that the command is about, by key, oldest first.
Result<std::vector<StoredSnapshot>> Chosen(const SnapshotsCommand& command,
                                           const SnapshotStore& store, Context& context) {
  ERIS_ASSIGN(const auto keys, KeysFor(command, store, context));
  std::vector<StoredSnapshot> chosen;
  for (const StateKey& key : keys) {
    ERIS_ASSIGN(std::vector<Generation> generations, store.Generations(key));
    if (command.which == SnapshotsCommand::Which::kNewest) {
      if (!generations.empty()) generations = {generations.back()};
    } else {
      ERIS_ASSIGN(const auto bases, store.Bases(key));
      for (const std::string& base : bases) generations.push_back({.number = 0, .id = base});
    }
    for (const Generation& generation : generations) {
      const fs::path path = store.PathOf(key, generation.id);
      chosen.push_back({.reference = SnapshotStore::ReferenceOf(key, generation.id),
                        .generation = generation.number,
                        .bytes = snapshots::BytesOf(path).value_or(0),
                        .taken = TakenAt(path),
                        .increment_of = store.BaseOf(key, generation.id).value_or("")});
    }
  }
  return chosen;
}

Result<ExitCode> List(const SnapshotsCommand& command, const SnapshotStore& store,
                      Context& context) {
  ERIS_ASSIGN(const auto chosen, Chosen(command, store, context));
  context.output.Print(context.output.json() ? ToJson(chosen) : SnapshotsText(chosen));
  return ExitCode::kDone;
}

Result<ExitCode> Show(const SnapshotsCommand& command, const SnapshotStore& store,
                      Context& context) {
  ERIS_ASSIGN(const SnapshotName name, Existing(store, command.reference));
  ERIS_ASSIGN(const std::string checksum, store.StoredChecksum(name.key, name.id));
  const fs::path path = store.PathOf(name.key, name.id);
  std::vector<std::vector<std::string>> rows{{"FILE", "BYTES"}};
  std::error_code error;
  for (const auto& entry : fs::recursive_directory_iterator(path, error)) {
    if (entry.is_directory()) continue;
    rows.push_back({entry.path().lexically_relative(path).string(),
                    std::to_string(entry.is_symlink() ? 0 : entry.file_size())});
  }
  std::sort(rows.begin() + 1, rows.end());
  ERIS_ASSIGN(const std::string base, store.BaseOf(name.key, name.id));
  std::string kind;
  if (IsBaseSnapshot(name.id)) kind = "a base: only increments of it can be restored\n";
  if (!base.empty()) kind = "an increment of the base " + base + "\n";
  context.output.Print(SnapshotStore::ReferenceOf(name.key, name.id) + "\n" + kind + path.string() +
                       "\n" + checksum + "\ntaken " + TimeText(TakenAt(path)) + "\n\n" +
                       TableText(rows));
  return ExitCode::kDone;
}

Result<ExitCode> Verify(const SnapshotsCommand& command, const SnapshotStore& store,
                        Context& context) {
  ERIS_ASSIGN(const auto chosen, Chosen(command, store, context));
  std::size_t wrong = 0;
  std::size_t bases = 0;
  for (const StoredSnapshot& one : chosen) {
    bases += one.generation == 0 ? 1 : 0;
    ERIS_ASSIGN(const SnapshotName name, snapshots::ParseReference(one.reference));
    const Status verified = store.Verify(name.key, name.id);
    if (verified) continue;
    context.output.Problem(verified.error());
    ++wrong;
  }
  context.output.Print(std::to_string(chosen.size() - wrong) + " of " +
                       std::to_string(chosen.size()) + " snapshots are what they were" +
                       (bases == 0 ? "" : fmt::format(" (of these {} a base)", bases)) + "\n");
  return wrong == 0 ? ExitCode::kDone : ExitCode::kInvalid;
}

Status CopyTree(const fs::path& from, const fs::path& to) {
  std::error_code error;
  fs::copy(from, to, fs::copy_options::recursive | fs::copy_options::copy_symlinks, error);
  if (!error) return {};
  return Fail(ErrorCode::kInvalid, "cannot copy " + from.string() + ": " + error.message());
}

Status WriteArchive(const SnapshotStore& store, const SnapshotName& name, const std::string& file) {
  const UniqueFd fd(::open(file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (!fd.valid()) return FailErrno(errno, "cannot make " + file);
  ERIS_TRY(snapshots::SendStream(store, name, fd.get()));
  return {};
}

Result<ExitCode> Export(const SnapshotsCommand& command, const SnapshotStore& store,
                        Context& context) {
  ERIS_ASSIGN(const SnapshotName name, Existing(store, command.reference));
  ERIS_TRY(store.Verify(name.key, name.id));
  if (FileExists(command.file)) {
    return Fail(ErrorCode::kInvalid, command.file + " exists", "name another file");
  }
  ERIS_TRY(command.file.ends_with(".tar")
               ? WriteArchive(store, name, command.file)
               : CopyTree(store.PathOf(name.key, name.id), command.file));
  context.output.Say(SnapshotStore::ReferenceOf(name.key, name.id) + " is in " + command.file);
  return ExitCode::kDone;
}

Status Unpack(const std::string& file, const fs::path& staged) {
  ERIS_ASSIGN(const CommandOutput output,
              RunCommand({"tar", "--extract", "--file", file, "--directory", staged.string(),
                          "--no-same-owner", "--preserve-permissions"}));
  if (output.status.success()) return {};
  return Fail(ErrorCode::kInvalid, file + " is no tar archive: " + output.stderr_tail);
}

Result<std::string> TakeIn(const SnapshotsCommand& command, const SnapshotStore& store,
                           const SnapshotName& name, const fs::path& staged) {
  ERIS_TRY(fs::is_directory(command.file) ? CopyTree(command.file, staged)
                                          : Unpack(command.file, staged));
  std::string id = name.id;
  if (id.empty()) {
    ERIS_ASSIGN(const std::string checksum, snapshots::ChecksumOf(staged));
    id = checksum.substr(checksum.find(':') + 1);
  }
  ERIS_TRY(store.Commit(name.key, staged, id));
  return SnapshotStore::ReferenceOf(name.key, id);
}

Result<ExitCode> Import(const SnapshotsCommand& command, const SnapshotStore& store,
                        Context& context) {
  ERIS_ASSIGN(const SnapshotName name, snapshots::ParseReference(command.reference));
  ERIS_ASSIGN(const UniqueFd lock, store.Lock(name.key));
  ERIS_ASSIGN(const fs::path staged, store.Stage(name.key));
  const auto taken = TakeIn(command, store, name, staged);
  if (!taken) {
    ERIS_TRY(store.Discard(staged));
    return Fail(Error(taken.error()));
  }
  context.output.Say(*taken + (IsBaseSnapshot(*taken) ? " is a base" : " is the newest"));
  return ExitCode::kDone;
}

Result<ExitCode> Clean(const SnapshotsCommand& command, const SnapshotStore& store,
                       Context& context) {
  if (command.keep == 0) {
    return Fail(ErrorCode::kInvalid, "--keep 0 would delete the newest", "keep 1 at least");
  }
  ERIS_ASSIGN(const auto keys, KeysFor(command, store, context));
  std::size_t deleted = 0;
  for (const StateKey& key : keys) {
    ERIS_ASSIGN(const UniqueFd lock, store.Lock(key));
    ERIS_ASSIGN(const auto before, store.Generations(key));
    ERIS_TRY(store.Collect(key, command.keep));
    ERIS_ASSIGN(const auto after, store.Generations(key));
    deleted += before.size() - after.size();
  }
  context.output.Say(std::to_string(deleted) + " generations are deleted");
  return ExitCode::kDone;
}

}  // namespace

Result<ExitCode> RunSnapshots(const SnapshotsCommand& command, Context& context) {
  using Job = SnapshotsCommand::Job;
  ERIS_ASSIGN(const SnapshotStore store, StoreOf(command, context));
  switch (command.job) {
    case Job::kList:
      return List(command, store, context);
    case Job::kShow:
      return Show(command, store, context);
    case Job::kVerify:
      return Verify(command, store, context);
    case Job::kExport:
      return Export(command, store, context);
    case Job::kImport:
      return Import(command, store, context);
    case Job::kClean:
      return Clean(command, store, context);
  }
  return ExitCode::kInvalid;
}

}  // namespace eris::cli
