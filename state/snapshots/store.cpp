#include "state/snapshots/store.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <set>
#include <system_error>

#include "schema/base/files.h"
#include "schema/base/system_error.h"
#include "schema/base/text.h"
#include "schema/values/base_snapshot.h"
#include "state/snapshots/needs.h"

namespace eris::snapshots {
namespace {

namespace fs = std::filesystem;

constexpr mode_t kFolderMode = 0700;
constexpr std::string_view kStagePrefix = ".stage-";
constexpr std::size_t kMaxChecksum = 256;
constexpr std::size_t kMaxBaseNote = 512;
constexpr std::string_view kNewestBase = "newest";

Status Check(const StateKey& key) {
  if (IsSafeFileName(key.container) && IsSafeFileName(key.component)) return {};
  return Fail(ErrorCode::kInvalid, "'" + key.container + "' / '" + key.component +
                                       "' does not name a component in a container");
}

Status CheckId(std::string_view id) {
  // '*' is what stands for all of them (copy.h).
  if (IsSafeFileName(id) && id.front() != '.' && id != "*") return {};
  return Fail(ErrorCode::kInvalid, "'" + std::string(id) + "' is no name of a snapshot");
}

// Names of the entries; none when there is no such directory.
Result<std::vector<std::string>> Names(const fs::path& directory) {
  std::vector<std::string> names;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(directory, error)) {
    names.push_back(entry.path().filename().string());
  }
  if (error && error != std::errc::no_such_file_or_directory) {
    return Fail(ErrorCode::kInternal, "cannot list " + directory.string() + ": " + error.message());
  }
  std::sort(names.begin(), names.end());
  return names;
}

Status SyncFile(const fs::path& path) {
  const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  if (!fd.valid() || ::fsync(fd.get()) != 0)
    return FailErrno(errno, "cannot sync " + path.string());
  return {};
}

Status SyncTree(const fs::path& directory) {
  std::error_code error;
  for (auto entry = fs::recursive_directory_iterator(directory, error);
       !error && entry != fs::recursive_directory_iterator(); entry.increment(error)) {
    const auto type = entry->symlink_status(error).type();
    if (type == fs::file_type::regular || type == fs::file_type::directory) {
      ERIS_TRY(SyncFile(entry->path()));
    }
  }
  if (error) return Fail(ErrorCode::kInternal, directory.string() + ": " + error.message());
  return SyncFile(directory);
}

Status Rename(const fs::path& from, const fs::path& to) {
  if (::rename(from.c_str(), to.c_str()) == 0) return {};
  return FailErrno(errno, "cannot rename " + from.string() + " to " + to.string());
}

// Whether somebody may still dump into it. No activity takes a day.
bool IsInUse(const fs::path& entry) {
  if (!entry.filename().string().starts_with(kStagePrefix)) return false;
  std::error_code error;
  const auto touched = fs::last_write_time(entry, error);
  return !error && fs::file_time_type::clock::now() - touched < std::chrono::hours(24);
}

Status RemoveDurably(const fs::path& file) {
  if (::unlink(file.c_str()) != 0) {
    if (errno == ENOENT) return {};
    return FailErrno(errno, "cannot remove " + file.string());
  }
  return SyncDirectory(file.parent_path().string());
}

// What a directory of a snapshot says it is an increment of; empty: of nothing.
Result<std::string> BaseIn(const fs::path& snapshot) {
  const std::string file = snapshot / kIncrementOfFile;
  if (!FileExists(file)) return std::string();
  ERIS_ASSIGN(const std::string text, ReadFile(file, kMaxBaseNote));
  const std::string base(Trim(text));
  if (CheckId(base) && IsBaseSnapshot(base)) return base;
  return Fail(ErrorCode::kCorrupt, file + " names no base");
}

}  // namespace

std::string ComponentNameOf(const fs::path& component, const fs::path& store_directory) {
  constexpr std::size_t kHashAndDash = 33;
  const auto without_slash = [](const fs::path& path) {
    const fs::path normal = path.lexically_normal();
    return normal.has_filename() ? normal : normal.parent_path();
  };
  const fs::path path = without_slash(component);
  std::string name = path.filename().string();
  const std::string prefix = without_slash(store_directory).string() + "/";
  const bool in_store = path.string().compare(0, prefix.size(), prefix) == 0;
  if (in_store && name.size() > kHashAndDash) name.erase(0, kHashAndDash);
  return name;
}

fs::path SnapshotStore::FolderOf(std::string_view kind, const StateKey& key) const {
  return root_ / kind / key.container / key.component;
}

fs::path SnapshotStore::FlagOf(std::string_view kind, const StateKey& key) const {
  return FolderOf(kind, key);
}

fs::path SnapshotStore::PathOf(const StateKey& key, std::string_view id) const {
  return FolderOf("snapshots", key) / id;
}

std::string SnapshotStore::ReferenceOf(const StateKey& key, std::string_view id) {
  return key.container + "/" + key.component + "/" + std::string(id);
}

Result<fs::path> SnapshotStore::Stage(const StateKey& key) const {
  ERIS_TRY(Check(key));
  const fs::path folder = FolderOf("snapshots", key);
  ERIS_TRY(MakeDirectories(folder.string(), kFolderMode));
  std::string staged = folder / (std::string(kStagePrefix) + "XXXXXX");
  if (::mkdtemp(staged.data()) == nullptr) return FailErrno(errno, "cannot make " + staged);
  return fs::path(staged);
}

Status SnapshotStore::Discard(const fs::path& staged) const { return RemoveTree(staged.string()); }

Status SnapshotStore::Commit(const StateKey& key, const fs::path& staged,
                             std::string_view id) const {
  ERIS_TRY(Check(key));
  ERIS_TRY(CheckId(id));
  if (!IsBaseSnapshot(id)) {
    ERIS_ASSIGN(const std::string base, BaseIn(staged));
    if (!base.empty() && !FileExists(PathOf(key, base).string())) {
      return Fail(ErrorCode::kNotFound,
                  ReferenceOf(key, id) + " is an increment of " + ReferenceOf(key, base) +
                      ", which is not there",
                  "bring that first");
    }
  }
  const fs::path final_path = PathOf(key, id);
  if (FileExists(final_path.string())) {
    ERIS_TRY(Discard(staged));
  } else {
    // The checksum comes first: a snapshot that is there has one.
    ERIS_TRY(SyncTree(staged));
    ERIS_ASSIGN(const std::string checksum, ChecksumOf(staged));
    const fs::path checksums = FolderOf("checksums", key);
    ERIS_TRY(MakeDirectories(checksums.string(), kFolderMode));
    ERIS_TRY(WriteFileAtomically((checksums / id).string(), checksum, 0600));
    ERIS_TRY(Rename(staged, final_path));
    ERIS_TRY(SyncDirectory(final_path.parent_path().string()));
  }
  return IsBaseSnapshot(id) ? MakeNewestBase(key, id) : MakeNewest(key, id);
}

Result<std::vector<Generation>> SnapshotStore::Generations(const StateKey& key) const {
  ERIS_TRY(Check(key));
  const fs::path folder = FolderOf("generations", key);
  ERIS_ASSIGN(const auto names, Names(folder));
  std::vector<Generation> generations;
  for (const std::string& name : names) {
    const auto number = ParseUnsigned(name);
    if (!number) continue;
    std::error_code error;
    const fs::path target = fs::read_symlink(folder / name, error);
    if (error) return Fail(ErrorCode::kCorrupt, (folder / name).string() + " is no symbolic link");
    generations.push_back({*number, target.filename().string()});
  }
  std::sort(generations.begin(), generations.end(),
            [](const Generation& a, const Generation& b) { return a.number < b.number; });
  return generations;
}

Result<std::optional<Generation>> SnapshotStore::Newest(const StateKey& key) const {
  ERIS_ASSIGN(const auto generations, Generations(key));
  if (generations.empty()) return std::optional<Generation>();
  return std::optional(generations.back());
}

Status SnapshotStore::MakeNewest(const StateKey& key, std::string_view id) const {
  ERIS_TRY(Check(key));
  ERIS_TRY(CheckId(id));
  if (IsBaseSnapshot(id)) {
    return Fail(ErrorCode::kInvalid, ReferenceOf(key, id) + " is a base, and no whole snapshot",
                "restore an increment that names it, or a whole snapshot");
  }
  if (!FileExists(PathOf(key, id).string())) {
    return Fail(ErrorCode::kNotFound, "there is no snapshot " + ReferenceOf(key, id));
  }
  ERIS_ASSIGN(const auto newest, Newest(key));
  if (newest && newest->id == id) return {};
  const fs::path folder = FolderOf("generations", key);
  ERIS_TRY(MakeDirectories(folder.string(), kFolderMode));
  const std::uint64_t number = newest ? newest->number + 1 : 1;
  const fs::path target = fs::path("../../../snapshots") / ReferenceOf(key, id);
  const fs::path link = folder / std::to_string(number);
  if (::symlink(target.c_str(), link.c_str()) != 0) {
    return FailErrno(errno, "cannot make " + link.string());
  }
  return SyncDirectory(folder.string());
}

Result<std::string> SnapshotStore::StoredChecksum(const StateKey& key, std::string_view id) const {
  ERIS_TRY(Check(key));
  ERIS_TRY(CheckId(id));
  const std::string name = "snapshot " + ReferenceOf(key, id);
  if (!FileExists(PathOf(key, id).string())) {
    return Fail(ErrorCode::kNotFound, "there is no " + name);
  }
  const auto stored = ReadFile((FolderOf("checksums", key) / id).string(), kMaxChecksum);
  if (!stored) return Fail(ErrorCode::kCorrupt, name + " has no checksum");
  return std::string(Trim(*stored));
}

Status SnapshotStore::SetAside(const StateKey& key, std::string_view id) const {
  ERIS_ASSIGN(const fs::path aside, Stage(key));
  return Rename(PathOf(key, id), aside);
}

Result<UniqueFd> SnapshotStore::Lock(const StateKey& key) const {
  ERIS_TRY(Check(key));
  const fs::path folder = FolderOf("snapshots", key);
  ERIS_TRY(MakeDirectories(folder.string(), kFolderMode));
  UniqueFd fd(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd.valid()) return FailErrno(errno, "cannot open " + folder.string());
  while (::flock(fd.get(), LOCK_EX) != 0) {
    if (errno != EINTR) return FailErrno(errno, "cannot lock " + folder.string());
  }
  return fd;
}

Status SnapshotStore::Verify(const StateKey& key, std::string_view id) const {
  ERIS_TRY(VerifyAlone(key, id));
  ERIS_ASSIGN(const std::string base, BaseOf(key, id));
  if (base.empty()) return {};
  Status verified = VerifyAlone(key, base);
  if (verified) return {};
  return Fail(std::move(verified).error().In("the base of snapshot " + ReferenceOf(key, id)));
}

Status SnapshotStore::VerifyAlone(const StateKey& key, std::string_view id) const {
  ERIS_ASSIGN(const std::string stored, StoredChecksum(key, id));
  ERIS_ASSIGN(const std::string computed, ChecksumOf(PathOf(key, id)));
  if (stored == computed) return {};
  return Fail(ErrorCode::kCorrupt,
              "snapshot " + ReferenceOf(key, id) + " is not what it was when it was made");
}

Status SnapshotStore::Collect(const StateKey& key, std::size_t keep) const {
  ERIS_ASSIGN(const auto generations, Generations(key));
  const std::size_t surplus = generations.size() > keep ? generations.size() - keep : 0;
  std::set<std::string> kept = SnapshotNeeds(root_).IdsOf(key);
  for (std::size_t i = surplus; i < generations.size(); ++i) kept.insert(generations[i].id);
  // Links first: none ever names a snapshot that is gone.
  for (std::size_t i = 0; i < surplus; ++i) {
    ERIS_TRY(RemoveDurably(FolderOf("generations", key) / std::to_string(generations[i].number)));
  }
  return RemoveAllBut(key, std::move(kept), [](std::string_view) { return true; });
}

Status SnapshotStore::RemoveAllBut(const StateKey& key, std::set<std::string> kept,
                                   bool (*may_go)(std::string_view name)) const {
  // Before anything goes, so that what cannot be read costs no base.
  for (const std::string& id : std::set<std::string>(kept)) {
    if (!CheckId(id)) continue;
    ERIS_ASSIGN(const std::string base, BaseOf(key, id));
    if (!base.empty()) kept.insert(base);
  }
  ERIS_ASSIGN(const auto names, Names(FolderOf("snapshots", key)));
  for (const std::string& name : names) {
    if (kept.contains(name) || !may_go(name) || IsInUse(PathOf(key, name))) continue;
    ERIS_TRY(RemoveTree(PathOf(key, name).string()));
    ERIS_TRY(RemoveDurably(FolderOf("checksums", key) / name));
    if (!IsBaseSnapshot(name)) continue;
    const fs::path bases = FolderOf("bases", key);
    ERIS_ASSIGN(const std::string newest, NewestBase(key));
    if (newest == name) ERIS_TRY(RemoveDurably(bases / kNewestBase));
    if (!BaseNote(key, name).empty()) ERIS_TRY(RemoveDurably(bases / name));
    ::rmdir(bases.c_str());  // unless there are others
  }
  return {};
}

Result<std::string> SnapshotStore::BaseOf(const StateKey& key, std::string_view id) const {
  ERIS_TRY(Check(key));
  ERIS_TRY(CheckId(id));
  return IsBaseSnapshot(id) ? std::string() : BaseIn(PathOf(key, id));
}

Result<std::vector<std::string>> SnapshotStore::Bases(const StateKey& key) const {
  ERIS_TRY(Check(key));
  ERIS_ASSIGN(std::vector<std::string> names, Names(FolderOf("snapshots", key)));
  std::erase_if(names, [](const std::string& name) { return !IsBaseSnapshot(name); });
  return names;
}

Result<std::string> SnapshotStore::NewestBase(const StateKey& key) const {
  ERIS_TRY(Check(key));
  return BaseNote(key, kNewestBase);
}

Status SnapshotStore::MakeNewestBase(const StateKey& key, std::string_view id) const {
  return NoteBase(key, kNewestBase, id);
}

std::string SnapshotStore::BaseNote(const StateKey& key, std::string_view id) const {
  const auto text = ReadFile((FolderOf("bases", key) / id).string(), kMaxBaseNote);
  return text ? std::string(Trim(*text)) : std::string();
}

Status SnapshotStore::NoteBase(const StateKey& key, std::string_view id,
                               std::string_view note) const {
  ERIS_TRY(Check(key));
  ERIS_TRY(CheckId(id));
  if (BaseNote(key, id) == note) return {};
  const fs::path bases = FolderOf("bases", key);
  ERIS_TRY(MakeDirectories(bases.string(), kFolderMode));
  return WriteFileAtomically((bases / id).string(), note, 0600);
}

Status SnapshotStore::DropBases(const StateKey& key) const {
  ERIS_ASSIGN(const UniqueFd lock, Lock(key));
  std::set<std::string> kept = SnapshotNeeds(root_).IdsOf(key);
  ERIS_ASSIGN(const auto names, Names(FolderOf("snapshots", key)));
  for (const std::string& name : names) {
    if (!IsBaseSnapshot(name)) kept.insert(name);
  }
  return RemoveAllBut(key, std::move(kept), IsBaseSnapshot);
}

Result<std::vector<StateKey>> SnapshotStore::KeysBelow(std::string_view kind) const {
  std::vector<StateKey> keys;
  ERIS_ASSIGN(const auto containers, Names(root_ / kind));
  for (const std::string& container : containers) {
    ERIS_ASSIGN(const auto components, Names(root_ / kind / container));
    for (const std::string& component : components) keys.push_back({container, component});
  }
  return keys;
}

Result<std::vector<StateKey>> SnapshotStore::Keys() const { return KeysBelow("generations"); }

Result<std::vector<StateKey>> SnapshotStore::KeysWithBases() const { return KeysBelow("bases"); }

Status SnapshotStore::MarkActive(const StateKey& key) const {
  ERIS_TRY(Check(key));
  const fs::path flag = FlagOf("activated", key);
  ERIS_TRY(MakeDirectories(flag.parent_path().string(), kFolderMode));
  if (!FileExists(flag.string())) ERIS_TRY(WriteFileAtomically(flag.string(), {}, 0600));
  return UnmarkGarbage(key);
}

Status SnapshotStore::MarkGarbage(const StateKey& key) const {
  ERIS_TRY(Check(key));
  if (!IsActive(key)) return {};
  const fs::path flag = FlagOf("garbage", key);
  ERIS_TRY(MakeDirectories(flag.parent_path().string(), kFolderMode));
  if (!FileExists(flag.string())) ERIS_TRY(WriteFileAtomically(flag.string(), {}, 0600));
  return UnmarkActive(key);
}

Status SnapshotStore::UnmarkActive(const StateKey& key) const {
  ERIS_TRY(Check(key));
  return RemoveDurably(FlagOf("activated", key));
}

Status SnapshotStore::UnmarkGarbage(const StateKey& key) const {
  ERIS_TRY(Check(key));
  return RemoveDurably(FlagOf("garbage", key));
}

bool SnapshotStore::IsActive(const StateKey& key) const {
  return FileExists(FlagOf("activated", key).string());
}

bool SnapshotStore::IsGarbage(const StateKey& key) const {
  return FileExists(FlagOf("garbage", key).string());
}

}  // namespace eris::snapshots
