// Snapshots of components' state, in Dysnomia's own layout, so that its tools and modules read it
// too:
//
//   snapshots/CONTAINER/COMPONENT/ID/     the content; ID is chosen by the module, mostly its
//   SHA-256 generations/CONTAINER/COMPONENT/N     symbolic link to the snapshot; the greatest N is
//   the newest checksums/CONTAINER/COMPONENT/ID      "sha256:HEX" of the directory in sorted order
//   activated/CONTAINER/COMPONENT         flag: active here
//   garbage/CONTAINER/COMPONENT           flag: deactivated, its state is still in the container
//   needed/…                              see needs.h
//   bases/CONTAINER/COMPONENT/            of bases (schema/values/base_snapshot.h): `newest` has
//                                         the ID of the last that was taken or came, and each ID
//                                         how it travels (stream.h)
//
// A base stands among the snapshots, and no generation names it. An increment is a snapshot that
// names its base in the file `increment-of`: they are verified together, and kept together.
//
// Owns this layout and makes each change of it atomic and durable. Does not know how state is
// dumped or restored, nor when a snapshot is needed.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "schema/base/error.h"
#include "schema/base/unique_fd.h"

namespace eris::snapshots {

// Where Nix keeps its store unless NIX_STORE_DIR says otherwise. Nothing else in Eris names it.
inline constexpr std::string_view kDefaultStoreDirectory = "/nix/store";

// The name that labels a component's state: the last part of its path, without the hash when the
// path is in the store.
std::string ComponentNameOf(const std::filesystem::path& component,
                            const std::filesystem::path& store_directory);

// Whose state. Both are names of a single path component.
struct StateKey {
  std::string container;
  std::string component;
  auto operator<=>(const StateKey&) const = default;
};

struct Generation {
  std::uint64_t number = 0;
  std::string id;
  bool operator==(const Generation&) const = default;
};

// Not copied around: one where the state directory is known. Two processes may use one state
// directory as long as they do not work on the same key at once (one activity per component at a
// time).
class SnapshotStore {
 public:
  // Touches nothing until it is used.
  explicit SnapshotStore(std::filesystem::path state_dir) : root_(std::move(state_dir)) {}

  // --- snapshots

  // An empty directory to dump into, on the file system of the snapshots. Give it to Commit or
  // Discard.
  Result<std::filesystem::path> Stage(const StateKey& key) const;
  Status Discard(const std::filesystem::path& staged) const;
  // Afterwards the snapshot is there, durable, and is the newest generation; or the newest base.
  // The same id again adds no second copy, and no generation when it is the newest already.
  // kNotFound for an increment whose base is not there.
  Status Commit(const StateKey& key, const std::filesystem::path& staged,
                std::string_view id) const;

  // By number, oldest first; empty when there is none.
  Result<std::vector<Generation>> Generations(const StateKey& key) const;
  Result<std::optional<Generation>> Newest(const StateKey& key) const;
  // Makes an existing snapshot the newest generation, if it is not. kNotFound without the snapshot,
  // kInvalid for a base.
  Status MakeNewest(const StateKey& key, std::string_view id) const;
  // kNotFound, kCorrupt when the content no longer is what was committed; of an increment also
  // whether its base is there, and is what it was.
  Status Verify(const StateKey& key, std::string_view id) const;
  // As it was written beside the snapshot. kNotFound without the snapshot, kCorrupt without it.
  Result<std::string> StoredChecksum(const StateKey& key, std::string_view id) const;
  // A snapshot that is corrupt makes room for a good one of the same name.
  Status SetAside(const StateKey& key, std::string_view id) const;
  // Held while something of the key is copied or collected; waits for others. Closing it unlocks.
  Result<UniqueFd> Lock(const StateKey& key) const;
  // Keeps the newest `keep` generations, every snapshot that they name, what is needed (needs.h),
  // and the bases of all these; removes stages that were abandoned a day ago.
  Status Collect(const StateKey& key, std::size_t keep) const;

  // --- bases

  // Whose increment it is; empty: it is whole.
  Result<std::string> BaseOf(const StateKey& key, std::string_view id) const;
  // IDs, sorted.
  Result<std::vector<std::string>> Bases(const StateKey& key) const;
  // Empty when there is none.
  Result<std::string> NewestBase(const StateKey& key) const;
  // An existing base is the newest one from now on.
  Status MakeNewestBase(const StateKey& key, std::string_view id) const;
  // How a base travels, as it was noted; empty: nobody has. Not checked.
  std::string BaseNote(const StateKey& key, std::string_view id) const;
  Status NoteBase(const StateKey& key, std::string_view id, std::string_view note) const;
  // Removes the bases that no snapshot of the key and no transaction needs.
  Status DropBases(const StateKey& key) const;
  // All keys that have a base, sorted.
  Result<std::vector<StateKey>> KeysWithBases() const;

  // --- places

  std::filesystem::path PathOf(const StateKey& key, std::string_view id) const;
  // CONTAINER/COMPONENT/ID, as it is named between machines.
  static std::string ReferenceOf(const StateKey& key, std::string_view id);
  // All keys that have a generation, sorted.
  Result<std::vector<StateKey>> Keys() const;

  // --- flags

  // Afterwards it is activated and not garbage.
  Status MarkActive(const StateKey& key) const;
  // The state stays behind: what was activated becomes garbage. Nothing happens if it was not
  // activated.
  Status MarkGarbage(const StateKey& key) const;
  // There is no state to stay behind.
  Status UnmarkActive(const StateKey& key) const;
  Status UnmarkGarbage(const StateKey& key) const;
  bool IsActive(const StateKey& key) const;
  bool IsGarbage(const StateKey& key) const;

 private:
  Status VerifyAlone(const StateKey& key, std::string_view id) const;
  // Adds the bases of what is kept, and removes the other snapshots for which `may_go` says so.
  Status RemoveAllBut(const StateKey& key, std::set<std::string> kept,
                      bool (*may_go)(std::string_view name)) const;
  Result<std::vector<StateKey>> KeysBelow(std::string_view kind) const;
  std::filesystem::path FolderOf(std::string_view kind, const StateKey& key) const;
  std::filesystem::path FlagOf(std::string_view kind, const StateKey& key) const;

  std::filesystem::path root_;
};

// "sha256:HEX" of a directory: the paths of all entries, an empty line, the contents of all files;
// both in the order of the paths. The same as Dysnomia's where its `find` happens to list them in
// this order.
Result<std::string> ChecksumOf(const std::filesystem::path& directory);
// The same of one file's content, as bare HEX.
Result<std::string> FileDigestOf(const std::filesystem::path& file);

}  // namespace eris::snapshots
