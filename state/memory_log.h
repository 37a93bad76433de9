// A durable log in memory, for tests and the simulator: what a disk keeps, loses and refuses, by
// decision of the test.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "schema/base/error.h"
#include "schema/base/turn.h"

namespace eris {

// Owned by the test; outlives the process it plays the disk of. Invariants, as of the real logs: an
// append is all or nothing, and after a failed one every further append fails until Restart().
template <typename Record>
class MemoryLog final : public DurableLog<Record> {
 public:
  // What the failing append leaves on disk: the process dies either way.
  enum class FailedAppend { kLost, kWritten };

  Status Append(std::span<const Record> records) override {
    if (failed_) return Fail(ErrorCode::kInternal, "memory log: an append failed before");
    if (fail_at_ && appends_ == *fail_at_) {
      failed_ = true;
      fail_at_.reset();
      if (failing_ == FailedAppend::kWritten) Store(records);
      return Fail(ErrorCode::kInternal, "memory log: append refused by the test");
    }
    Store(records);
    ++appends_;
    return {};
  }

  // The n-th append from now on (0 = the next) fails.
  void FailAppend(std::size_t n, FailedAppend what = FailedAppend::kLost) {
    fail_at_ = appends_ + n;
    failing_ = what;
  }

  // A disk that lies: what is appended while it holds its writes back is lost by LoseTail().
  void HoldWrites() { held_from_ = held_from_.value_or(batches_.size()); }
  void ReleaseWrites() { held_from_.reset(); }
  // The power fails: the appends that were held back are gone, whole ones from the end.
  void LoseTail() {
    if (held_from_) batches_.resize(*held_from_);
    held_from_.reset();
  }

  // The process starts again with what is on disk.
  void Restart() { failed_ = false; }

  std::size_t appends() const { return appends_; }
  std::vector<Record> records() const {
    std::vector<Record> all;
    for (const std::vector<Record>& batch : batches_) {
      all.insert(all.end(), batch.begin(), batch.end());
    }
    return all;
  }
  template <typename State>
  State Replay(State state) const {
    for (const std::vector<Record>& batch : batches_) {
      for (const Record& record : batch) Apply(state, record);
    }
    return state;
  }

 private:
  void Store(std::span<const Record> records) {
    batches_.emplace_back(records.begin(), records.end());
  }

  std::vector<std::vector<Record>> batches_;
  std::size_t appends_ = 0;
  std::optional<std::size_t> fail_at_;
  FailedAppend failing_ = FailedAppend::kLost;
  std::optional<std::size_t> held_from_;
  bool failed_ = false;
};

}  // namespace eris
