#include "dysnomia/snapshot_command.h"

#include "state/snapshots/copy.h"
#include "state/snapshots/store.h"

namespace eris::dysnomia {
namespace {

using snapshots::SnapshotStore;
using snapshots::StateKey;

std::string Line(const std::string& reference, std::uint64_t bytes) {
  return reference + " " + std::to_string(bytes) + "\n";
}

Result<std::string> Copy(const std::vector<std::string>& words) {
  ERIS_ASSIGN(const auto name, snapshots::ParseReference(words[2]));
  ERIS_ASSIGN(const auto copied,
              snapshots::CopySnapshot(SnapshotStore(words[1]), name, SnapshotStore(words[3]),
                                      StateKey{words[4], words[5]}));
  return Line(copied.reference, copied.bytes);
}

Result<std::string> Select(const std::vector<std::string>& words) {
  const SnapshotStore store(words[1]);
  ERIS_ASSIGN(const auto name, snapshots::ParseReference(words[2]));
  ERIS_TRY(store.Verify(name.key, name.id));
  ERIS_TRY(store.MakeNewest(name.key, name.id));
  return std::string();
}

Result<std::string> Newest(const std::vector<std::string>& words) {
  const SnapshotStore store(words[1]);
  const StateKey key{words[2], words[3]};
  ERIS_ASSIGN(const auto newest, store.Newest(key));
  if (!newest) return std::string();
  ERIS_ASSIGN(const std::uint64_t bytes, snapshots::BytesOf(store.PathOf(key, newest->id)));
  return Line(SnapshotStore::ReferenceOf(key, newest->id), bytes);
}

}  // namespace

Result<std::string> RunSnapshotCommand(const std::vector<std::string>& words) {
  const std::string verb = words.empty() ? "" : words.front();
  if (verb == "copy" && words.size() == 6) return Copy(words);
  if (verb == "select" && words.size() == 3) return Select(words);
  if (verb == "newest" && words.size() == 4) return Newest(words);
  return Fail(ErrorCode::kInvalid, "--snapshots: '" + verb + "' is not understood",
              "there are copy, select and newest; see dysnomia/snapshot_command.h");
}

}  // namespace eris::dysnomia
