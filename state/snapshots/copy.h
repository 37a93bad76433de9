// A snapshot on its way from one store to another: copied beside, checked against the checksum that
// it was made with, and only then put in place. What is there already is not copied again.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "schema/base/error.h"
#include "state/snapshots/store.h"

namespace eris::snapshots {

// The id that stands for all generations of a component.
inline constexpr std::string_view kAllGenerations = "*";
// So many of them travel, and are kept where they arrive.
inline constexpr std::size_t kKeptGenerations = 10;

// One snapshot of a store. Without id: the newest.
struct SnapshotName {
  StateKey key;
  std::string id;
};
// "CONTAINER/COMPONENT/ID", or "CONTAINER/COMPONENT/".
Result<SnapshotName> ParseReference(std::string_view reference);

// The snapshots of the newest kKeptGenerations generations, each once, the newest one last.
Result<std::vector<SnapshotName>> NamesOfGenerations(const SnapshotStore& store,
                                                     const StateKey& key);

struct CopiedSnapshot {
  std::string reference;  // as the receiver calls it
  std::uint64_t bytes = 0;
};

struct CopyOptions {
  std::size_t keep = kKeptGenerations;  // generations of the receiver's key, at least 1
};

// Afterwards the snapshot is the newest generation of `as` in `to`; an increment has brought its
// base along, and a base alone is no generation. kNotFound when it is not there, kCorrupt when it
// is not what it was: no generation of the receiver is changed then. Constant memory. Waits for
// other copies to the same key.
Result<CopiedSnapshot> CopySnapshot(const SnapshotStore& from, const SnapshotName& name,
                                    const SnapshotStore& to, const StateKey& as,
                                    CopyOptions options = {});

// The snapshots of all generations (NamesOfGenerations), likewise; none of them is no error, and no
// reference then.
Result<CopiedSnapshot> CopyGenerations(const SnapshotStore& from, const StateKey& key,
                                       const SnapshotStore& to, const StateKey& as,
                                       CopyOptions options = {});

// All bytes of the files of a snapshot.
Result<std::uint64_t> BytesOf(const std::filesystem::path& directory);

}  // namespace eris::snapshots
