// The sending end of one request: what is to be listed, what is wanted and not sent yet, and how
// much may be sent. Pure; the same for a depot that is fetched from and a builder that pushes.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

#include "schema/base/error.h"
#include "schema/values/depot.h"

namespace eris::bulk {

// A value owned by one end of a request. kInvalid from any method: the receiver does not keep to
// the protocol, and the request is over.
class Sender {
 public:
  // Once.
  void Offer(std::vector<ObjectInfo> objects);
  const std::vector<ObjectInfo>& objects() const { return objects_; }

  Status OnWant(const BulkWant& want);
  void OnCredit(const BulkCredit& credit);
  // Each object once. True when everything that was wanted is stored.
  Status OnStored(const BulkStored& stored);
  bool complete() const { return wants_known_ && stored_ == wanted_count_; }

  // The next list to be sent, when credit allows; its credit is used up.
  std::optional<BulkList> NextList();

  struct Next {
    std::uint32_t object = 0;
    std::uint32_t chunk = 0;
  };
  // The chunk that is due and may be sent now.
  std::optional<Next> NextChunk() const;
  // The object that comes so many after the one whose chunks are due.
  const ObjectInfo* Upcoming(std::size_t position) const {
    return position < wanted_.size() ? &objects_[wanted_[position]] : nullptr;
  }
  // It was sent.
  void OnSent(const BulkChunk& chunk);

 private:
  bool HasCredit() const { return sent_ < granted_; }

  std::vector<ObjectInfo> objects_;
  std::size_t listed_ = 0;
  bool offered_ = false;
  bool all_listed_ = false;
  std::deque<std::uint32_t> wanted_;
  bool wants_known_ = false;
  std::size_t wanted_count_ = 0;
  std::size_t stored_ = 0;
  std::uint32_t next_chunk_ = 0;
  std::uint64_t sent_ = 0;
  std::uint64_t granted_ = 0;
};

}  // namespace eris::bulk
