#include "broker/bulk/receiver.h"

#include <iterator>
#include <string>
#include <utility>

#include "broker/bulk/internal/breach.h"
#include "schema/base/check.h"

namespace eris::bulk {

Status Receiver::OnList(BulkList list) {
  if (listed_) return Breach("a list after the last one");
  if (++arrived_ > granted_) return Breach("more was sent than granted");
  if (list.objects.size() > limits::kBulkObjects - objects_.size()) {
    return Breach("more than " + std::to_string(limits::kBulkObjects) + " objects");
  }
  for (const ObjectInfo& object : list.objects) {
    if (object.kind != kind_) return Breach("\"" + object.name + "\" is of another kind");
  }
  objects_.insert(objects_.end(), std::make_move_iterator(list.objects.begin()),
                  std::make_move_iterator(list.objects.end()));
  listed_ = !list.more;
  return {};
}

BulkWant Receiver::Want(std::vector<std::uint32_t> objects, std::uint32_t first_chunk) {
  ERIS_CHECK(listed_ && !wants_known_, "what is wanted is said once, knowing the whole list");
  wants_known_ = true;
  wanted_ = objects;
  next_chunk_ = first_chunk;
  received_bytes_ = std::uint64_t{first_chunk} * limits::kBulkChunkBytes;
  return {.objects = std::move(objects), .first_chunk = first_chunk};
}

Result<Receiver::Arrival> Receiver::OnChunk(const BulkChunk& chunk) {
  if (++arrived_ > granted_) return Breach("more was sent than granted");
  if (current_ >= wanted_.size() || chunk.object != wanted_[current_]) {
    return Breach("a chunk of an object that is not due");
  }
  const ObjectInfo& object = objects_[chunk.object];
  if (chunk.number != next_chunk_) return Breach(object.name + ": chunks out of order");
  if (!chunk.end && chunk.raw_bytes != limits::kBulkChunkBytes) {
    return Breach(object.name + ": a short chunk before the end");
  }
  if (chunk.raw_bytes > object.bytes - received_bytes_) {
    return Breach(object.name + ": more bytes than announced");
  }
  const Arrival arrival{.object = chunk.object, .begins = chunk.number == 0, .ends = chunk.end};
  received_bytes_ += chunk.raw_bytes;
  ++next_chunk_;
  if (chunk.end) {
    ++current_;
    next_chunk_ = 0;
    received_bytes_ = 0;
  }
  return arrival;
}

std::optional<BulkCredit> Receiver::TakeCredit() {
  constexpr std::uint64_t kStep = limits::kBulkWindow / 4;
  const std::uint64_t due = taken_ + limits::kBulkWindow;
  if (due < granted_ + kStep) return std::nullopt;
  granted_ = due;
  return BulkCredit{due};
}

}  // namespace eris::bulk
