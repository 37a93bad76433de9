// The receiving end of one request: what is listed, wanted, expected next, and how much may be
// sent. Pure; the same for a worker that fetches and a depot that is pushed to.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "schema/base/error.h"
#include "schema/values/depot.h"

namespace eris::bulk {

// A value owned by one end of a request. kInvalid from any method: the sender does not keep to the
// protocol, and the request is over.
//
// Invariants: (1) chunks are taken in the order of `want` and of their numbers, none twice; (2) an
// object is never longer than announced; (3) at most kBulkWindow messages are granted beyond those
// that were taken.
class Receiver {
 public:
  explicit Receiver(ObjectKind kind) : kind_(kind) {}

  Status OnList(BulkList list);
  bool listed() const { return listed_; }
  const std::vector<ObjectInfo>& objects() const { return objects_; }

  // Once, after the whole list. Precondition: positions in the list, ascending. `first_chunk` of
  // the first of them is the first that is to come.
  BulkWant Want(std::vector<std::uint32_t> objects, std::uint32_t first_chunk = 0);

  struct Arrival {
    std::uint32_t object = 0;
    bool begins = false;
    bool ends = false;
  };
  Result<Arrival> OnChunk(const BulkChunk& chunk);
  // A list or chunk was dealt with.
  void OnTaken() { ++taken_; }
  void OnStored() { ++stored_; }
  // To be sent to the sender when present.
  std::optional<BulkCredit> TakeCredit();

  // Everything that was wanted is stored.
  bool complete() const { return wants_known_ && stored_ == wanted_.size(); }

 private:
  ObjectKind kind_;
  std::vector<ObjectInfo> objects_;
  bool listed_ = false;
  std::vector<std::uint32_t> wanted_;
  bool wants_known_ = false;
  std::size_t current_ = 0;  // position in wanted_
  std::uint32_t next_chunk_ = 0;
  std::uint64_t received_bytes_ = 0;  // of the current object
  std::size_t stored_ = 0;
  std::uint64_t taken_ = 0;
  std::uint64_t granted_ = 0;
  std::uint64_t arrived_ = 0;
};

}  // namespace eris::bulk
