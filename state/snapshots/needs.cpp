#include "state/snapshots/needs.h"

#include <system_error>
#include <vector>

#include "schema/base/files.h"
#include "schema/base/text.h"

namespace eris::snapshots {
namespace {

constexpr mode_t kNeedsFolderMode = 0700;
constexpr mode_t kNeedFileMode = 0600;

// None when there is no such directory.
std::vector<std::filesystem::path> EntriesOf(const std::filesystem::path& directory) {
  std::vector<std::filesystem::path> entries;
  std::error_code error;
  std::filesystem::directory_iterator entry(directory, error);
  for (const std::filesystem::directory_iterator end; !error && entry != end;
       entry.increment(error)) {
    entries.push_back(entry->path());
  }
  return entries;
}

}  // namespace

Status SnapshotNeeds::Add(std::uint64_t transaction, const SnapshotName& name) const {
  for (const std::string& part : {name.key.container, name.key.component, name.id}) {
    if (!IsSafeFileName(part)) return Fail(ErrorCode::kInvalid, "'" + part + "' names no snapshot");
  }
  const std::filesystem::path folder =
      root_ / std::to_string(transaction) / name.key.container / name.key.component;
  const std::string file = folder / name.id;
  if (FileExists(file)) return {};
  ERIS_TRY(MakeDirectories(folder.string(), kNeedsFolderMode));
  return WriteFileAtomically(file, {}, kNeedFileMode);
}

Status SnapshotNeeds::Drop(const std::function<bool(std::uint64_t)>& is_meant) const {
  for (const std::filesystem::path& entry : EntriesOf(root_)) {
    const auto transaction = ParseUnsigned(entry.filename().string());
    if (transaction && is_meant(*transaction)) ERIS_TRY(RemoveTree(entry.string()));
  }
  return {};
}

std::set<std::string> SnapshotNeeds::IdsOf(const StateKey& key) const {
  std::set<std::string> ids;
  for (const std::filesystem::path& transaction : EntriesOf(root_)) {
    for (const auto& id : EntriesOf(transaction / key.container / key.component)) {
      ids.insert(id.filename().string());
    }
  }
  return ids;
}

}  // namespace eris::snapshots
