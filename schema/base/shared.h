// An immutable value with many owners: a copy costs a count. For large values that are kept in
// several places at once (the body of a work item: record, ledger, scheduler, executor). Never
// empty, but after it was moved from.
#pragma once

#include <concepts>
#include <memory>
#include <utility>

namespace eris {

template <typename T>
class Shared {
 public:
  Shared() : value_(std::make_shared<const T>()) {}
  // Implicit: whoever makes one names the value.
  template <typename U>
  requires(std::convertible_to<U, T> && !std::same_as<std::remove_cvref_t<U>, Shared>)
      Shared(U&& value)
      : value_(std::make_shared<const T>(std::forward<U>(value))) {}
  // A part of another shared value, which is kept for as long as the part is.
  template <typename Whole>
  Shared(const Shared<Whole>& whole, const T& part) : value_(whole.value_, &part) {}

  const T& operator*() const { return *value_; }
  const T* operator->() const { return value_.get(); }

  friend bool operator==(const Shared& a, const Shared& b) {
    return a.value_ == b.value_ || *a.value_ == *b.value_;
  }

 private:
  template <typename>
  friend class Shared;
  std::shared_ptr<const T> value_;
};

}  // namespace eris
