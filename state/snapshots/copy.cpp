#include "state/snapshots/copy.h"

#include <algorithm>
#include <set>
#include <system_error>
#include <utility>

#include "schema/base/text.h"
#include "schema/base/unique_fd.h"
#include "schema/values/base_snapshot.h"

namespace eris::snapshots {
namespace {

namespace fs = std::filesystem;

Result<SnapshotName> Resolve(const SnapshotStore& store, SnapshotName name) {
  if (!name.id.empty()) return name;
  ERIS_ASSIGN(const auto newest, store.Newest(name.key));
  if (!newest) {
    return Fail(ErrorCode::kNotFound,
                "there is no snapshot of " + name.key.component + " in " + name.key.container);
  }
  name.id = newest->id;
  return name;
}

Status CopyTree(const fs::path& from, const fs::path& to) {
  std::error_code error;
  fs::copy(from, to, fs::copy_options::recursive | fs::copy_options::copy_symlinks, error);
  if (!error) return {};
  return Fail(ErrorCode::kInternal, "cannot copy " + from.string() + ": " + error.message());
}

// The copy is judged, not what it was copied from: that is what will be restored.
Status CopyChecked(const SnapshotStore& from, const SnapshotName& name, const SnapshotStore& to,
                   const StateKey& as) {
  ERIS_ASSIGN(const std::string expected, from.StoredChecksum(name.key, name.id));
  ERIS_ASSIGN(const fs::path staged, to.Stage(as));
  Status copied = [&]() -> Status {
    ERIS_TRY(CopyTree(from.PathOf(name.key, name.id), staged));
    ERIS_ASSIGN(const std::string found, ChecksumOf(staged));
    if (found == expected) return to.Commit(as, staged, name.id);
    return Fail(ErrorCode::kCorrupt,
                "snapshot " + SnapshotStore::ReferenceOf(name.key, name.id) +
                    " is not what it was when it was made",
                "take another one, or restore an older one");
  }();
  if (!copied) ERIS_TRY(to.Discard(staged));
  return copied;
}

// Afterwards it is there, under another key; what is whole and unharmed is not copied again.
Status Bring(const SnapshotStore& from, const SnapshotName& name, const SnapshotStore& to,
             const StateKey& as) {
  const Status there = to.Verify(as, name.id);
  if (there) return IsBaseSnapshot(name.id) ? Status() : to.MakeNewest(as, name.id);
  if (there.error().code == ErrorCode::kCorrupt) ERIS_TRY(to.SetAside(as, name.id));
  return CopyChecked(from, name, to, as);
}

// An increment's base comes first. One that is there has been looked at when it came, and will be
// before it is restored.
Status BringBase(const SnapshotStore& from, const SnapshotName& name, const SnapshotStore& to,
                 const StateKey& as) {
  ERIS_ASSIGN(const std::string base, from.BaseOf(name.key, name.id));
  if (base.empty() || to.StoredChecksum(as, base)) return {};
  return Bring(from, {name.key, base}, to, as);
}

}  // namespace

Result<SnapshotName> ParseReference(std::string_view reference) {
  const std::vector<std::string_view> parts = Split(reference, '/');
  if (parts.size() == 3 && IsSafeFileName(parts[0]) && IsSafeFileName(parts[1]) &&
      (parts[2].empty() || IsSafeFileName(parts[2]))) {
    return SnapshotName{{std::string(parts[0]), std::string(parts[1])}, std::string(parts[2])};
  }
  return Fail(ErrorCode::kInvalid,
              "'" + std::string(reference) + "' does not name a snapshot: CONTAINER/COMPONENT/ID");
}

Result<CopiedSnapshot> CopySnapshot(const SnapshotStore& from, const SnapshotName& asked,
                                    const SnapshotStore& to, const StateKey& as,
                                    CopyOptions options) {
  ERIS_ASSIGN(const SnapshotName name, Resolve(from, asked));
  ERIS_ASSIGN(const UniqueFd lock, to.Lock(as));
  ERIS_TRY(BringBase(from, name, to, as));
  ERIS_TRY(Bring(from, name, to, as));
  // A base is not needed by anything yet.
  if (!IsBaseSnapshot(name.id)) {
    ERIS_TRY(to.Collect(as, std::max<std::size_t>(options.keep, 1)));
  }
  ERIS_ASSIGN(const std::uint64_t bytes, BytesOf(to.PathOf(as, name.id)));
  return CopiedSnapshot{SnapshotStore::ReferenceOf(as, name.id), bytes};
}

Result<std::vector<SnapshotName>> NamesOfGenerations(const SnapshotStore& store,
                                                     const StateKey& key) {
  ERIS_ASSIGN(const std::vector<Generation> generations, store.Generations(key));
  std::set<std::string> known;
  std::vector<SnapshotName> names;
  const std::size_t surplus = generations.size() - std::min(generations.size(), kKeptGenerations);
  for (std::size_t i = generations.size(); i > surplus; --i) {
    const std::string& id = generations[i - 1].id;
    if (known.insert(id).second) names.push_back({key, id});
  }
  std::reverse(names.begin(), names.end());
  return names;
}

Result<CopiedSnapshot> CopyGenerations(const SnapshotStore& from, const StateKey& key,
                                       const SnapshotStore& to, const StateKey& as,
                                       CopyOptions options) {
  ERIS_ASSIGN(const std::vector<SnapshotName> names, NamesOfGenerations(from, key));
  CopiedSnapshot last;
  for (const SnapshotName& name : names) {
    // What is there stays where it stands; only the last one becomes the newest.
    if (name.id != names.back().id && to.Verify(as, name.id)) continue;
    ERIS_ASSIGN(last, CopySnapshot(from, name, to, as, options));
  }
  return last;
}

Result<std::uint64_t> BytesOf(const fs::path& directory) {
  std::uint64_t bytes = 0;
  std::error_code error;
  for (auto entry = fs::recursive_directory_iterator(directory, error);
       !error && entry != fs::recursive_directory_iterator(); entry.increment(error)) {
    if (entry->symlink_status(error).type() == fs::file_type::regular) {
      bytes += entry->file_size(error);
    }
  }
  if (error) return Fail(ErrorCode::kInternal, directory.string() + ": " + error.message());
  return bytes;
}

}  // namespace eris::snapshots
