// What travels between a depot and its clients (schema/depot.capnp tells the conversation). Values
// only; the bytes of a chunk stand beside its header, never in it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "schema/base/choice.h"
#include "schema/values/ids.h"

namespace eris {

namespace limits {
inline constexpr std::size_t kBulkChunkBytes = 256 * 1024;  // of an object, before compression
inline constexpr std::uint32_t kBulkWindow = 16;            // credits outstanding
inline constexpr std::size_t kBulkListBytes = 256 * 1024;   // target size of one list
inline constexpr std::size_t kBulkObjects = 200'000;        // of one request
inline constexpr std::size_t kBulkRequests = 64;            // open on one connection
inline constexpr std::size_t kTicketBytes = 32;
}  // namespace limits

enum class ObjectKind : std::uint8_t { kStorePath, kSnapshot };
std::string_view ToString(ObjectKind kind);

// Where and how the objects of an item are to be had. Empty endpoint: there is no depot.
struct DepotAccess {
  std::string endpoint;    // tcp://HOST:PORT
  std::string server_key;  // Z85
  std::string ticket;      // proof that the item was handed out; a secret
  bool operator==(const DepotAccess&) const = default;
};

// What the receiver of an object holds its bytes against.
struct ObjectInfo {
  ObjectKind kind = ObjectKind::kStorePath;
  std::string name;         // store path, or CONTAINER/COMPONENT/ID of a snapshot
  std::uint64_t bytes = 0;  // of the whole stream
  std::string sha256;       // of the whole stream, 32 bytes
  std::vector<StorePath> references;
  StorePath deriver;            // empty = unknown
  std::string content_address;  // as Nix writes it; empty = none
  bool operator==(const ObjectInfo&) const = default;
};

struct BulkOpen {
  enum class Direction : std::uint8_t { kFetch, kPush };
  ItemId item;
  std::string ticket;
  Direction direction = Direction::kFetch;
  ObjectKind kind = ObjectKind::kStorePath;
  std::vector<std::string> names;
  bool operator==(const BulkOpen&) const = default;
};
struct BulkList {
  std::vector<ObjectInfo> objects;
  bool more = false;
  bool operator==(const BulkList&) const = default;
};
struct BulkWant {
  std::vector<std::uint32_t> objects;  // positions in the list
  std::uint32_t first_chunk = 0;       // of the first of them
  bool operator==(const BulkWant&) const = default;
};
// Absolute: list and chunk messages that the receiver takes in all.
struct BulkCredit {
  std::uint64_t messages = 0;
  bool operator==(const BulkCredit&) const = default;
};
struct BulkChunk {
  enum class Encoding : std::uint8_t { kPlain, kZstd };
  std::uint32_t object = 0;
  std::uint32_t number = 0;
  std::uint32_t raw_bytes = 0;
  Encoding encoding = Encoding::kPlain;
  bool end = false;
  bool operator==(const BulkChunk&) const = default;
};
struct BulkStored {
  std::uint32_t object = 0;
  bool operator==(const BulkStored&) const = default;
};
struct BulkRefusal {
  enum class Code : std::uint8_t { kInvalid, kUnavailable, kNotFound };
  Code code = Code::kUnavailable;
  std::string message;
  bool operator==(const BulkRefusal&) const = default;
};
struct BulkClose {
  bool operator==(const BulkClose&) const = default;
};

// An object that travels inside of a submission, with all of its bytes.
struct PackedObject {
  struct Piece {
    std::uint32_t raw_bytes = 0;
    BulkChunk::Encoding encoding = BulkChunk::Encoding::kPlain;
    std::string bytes;
    bool operator==(const Piece&) const = default;
  };
  ObjectInfo info;
  std::vector<Piece> pieces;  // at least one
  bool operator==(const PackedObject&) const = default;
};

class BulkBody : public std::variant<BulkOpen, BulkList, BulkWant, BulkCredit, BulkChunk,
                                     BulkStored, BulkRefusal, BulkClose> {
  ERIS_CHOICE(BulkBody)
};

struct Bulk {
  std::uint64_t request = 0;
  BulkBody what;
  bool operator==(const Bulk&) const = default;
};

}  // namespace eris
