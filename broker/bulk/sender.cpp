#include "broker/bulk/sender.h"

#include <algorithm>
#include <string>
#include <utility>

#include "broker/bulk/internal/breach.h"
#include "schema/base/check.h"

namespace eris::bulk {
namespace {

// About what an object adds to an encoded list.
std::size_t CostOf(const ObjectInfo& object) {
  constexpr std::size_t kFixed = 128;
  constexpr std::size_t kPerText = 24;
  std::size_t cost = kFixed + object.name.size() + object.deriver.text.size();
  for (const StorePath& reference : object.references) cost += kPerText + reference.text.size();
  return cost;
}

}  // namespace

void Sender::Offer(std::vector<ObjectInfo> objects) {
  ERIS_CHECK(!offered_, "there is one offer");
  offered_ = true;
  objects_ = std::move(objects);
}

std::optional<BulkList> Sender::NextList() {
  if (!offered_ || all_listed_ || !HasCredit()) return std::nullopt;
  BulkList list;
  std::size_t bytes = 0;
  while (listed_ < objects_.size() && bytes < limits::kBulkListBytes) {
    bytes += CostOf(objects_[listed_]);
    list.objects.push_back(objects_[listed_++]);
  }
  all_listed_ = listed_ == objects_.size();
  list.more = !all_listed_;
  ++sent_;
  return list;
}

Status Sender::OnWant(const BulkWant& want) {
  if (!all_listed_ || wants_known_) return Breach("wanted is said once, after the list");
  for (std::size_t i = 0; i < want.objects.size(); ++i) {
    const bool ascends = i == 0 || want.objects[i - 1] < want.objects[i];
    if (want.objects[i] >= objects_.size() || !ascends) return Breach("wanted is not in the list");
  }
  wants_known_ = true;
  wanted_.assign(want.objects.begin(), want.objects.end());
  wanted_count_ = wanted_.size();
  next_chunk_ = want.first_chunk;
  return {};
}

void Sender::OnCredit(const BulkCredit& credit) {
  // A receiver that grants more than the window hurts nobody but itself; we do not follow it.
  granted_ = std::max(granted_, std::min(credit.messages, sent_ + limits::kBulkWindow));
}

Status Sender::OnStored(const BulkStored& stored) {
  if (!wants_known_ || stored.object >= objects_.size() || stored_ >= wanted_count_) {
    return Breach("stored is what was not sent");
  }
  ++stored_;
  return {};
}

std::optional<Sender::Next> Sender::NextChunk() const {
  if (!HasCredit() || wanted_.empty()) return std::nullopt;
  return Next{wanted_.front(), next_chunk_};
}

void Sender::OnSent(const BulkChunk& chunk) {
  ++sent_;
  ++next_chunk_;
  if (!chunk.end) return;
  wanted_.pop_front();
  next_chunk_ = 0;
}

}  // namespace eris::bulk
