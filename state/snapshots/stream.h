// A snapshot as one stream of bytes, for its way between machines: a tar archive that is the same
// for the same files. The receiving end collects it in a file beside the snapshots, so that a
// stream that broke off is continued, and takes nothing for a snapshot before all of it is there
// and is what was announced.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "schema/base/error.h"
#include "state/snapshots/copy.h"
#include "state/snapshots/store.h"

namespace eris::snapshots {

struct SnapshotStream {
  SnapshotName name;  // with an id
  std::uint64_t bytes = 0;
  std::string sha256;  // of the stream, hexadecimal
};

// Also checks that the snapshot is what it was when it was made: kNotFound, kCorrupt. Without id:
// the newest.
Result<SnapshotStream> DescribeStream(const SnapshotStore& store, const SnapshotName& name);
// Likewise of a base that comes along with its increment, and travelled before: it is not read
// again where that was noted. Whether it is what it was the receiver will see.
Result<SnapshotStream> DescribeBase(const SnapshotStore& store, const SnapshotName& name);
// All of it to `fd`; blocks. Precondition: it was described.
Status SendStream(const SnapshotStore& store, const SnapshotName& name, int fd);

// What becomes of a snapshot that is there already.
enum class Standing : std::uint8_t { kNewest, kAsItIs };

// How many bytes of this stream are there already; nothing when the snapshot itself is there, whole
// and unharmed (of a base that comes along with its increment: there).
Result<std::optional<std::uint64_t>> ArrivedBytes(const SnapshotStore& store,
                                                  const SnapshotStream& stream, Standing standing);

struct ReceiveOptions {
  std::uint64_t skip = 0;  // bytes that have arrived before and are not in `fd`
  std::size_t keep = 10;   // generations, at least 1
};
// Reads `fd` to its end. Afterwards the snapshot is the newest generation of its key, or its newest
// base. kUnavailable
// when the stream ends early: what has come is kept for the next attempt. kCorrupt when it is not
// what was announced: nothing is kept. One at a time for each key.
Result<CopiedSnapshot> ReceiveStream(const SnapshotStore& store, const SnapshotStream& stream,
                                     int fd, ReceiveOptions options = {});

}  // namespace eris::snapshots
