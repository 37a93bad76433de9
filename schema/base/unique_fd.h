// UniqueFd: owns one file descriptor. Does not open anything and does not say what the descriptor
// is.
#pragma once

#include <unistd.h>

#include <utility>

namespace eris {

// Closes its descriptor when it goes. Movable, not copyable; an empty one holds -1. Errors of
// close() are not seen: who wrote data that must last syncs it before (files.h).
class UniqueFd {
 public:
  UniqueFd() = default;
  explicit UniqueFd(int fd) : fd_(fd) {}
  UniqueFd(UniqueFd&& other) noexcept : fd_(other.Release()) {}
  UniqueFd& operator=(UniqueFd&& other) noexcept {
    if (this != &other) Reset(other.Release());
    return *this;
  }
  UniqueFd(const UniqueFd&) = delete;
  UniqueFd& operator=(const UniqueFd&) = delete;
  ~UniqueFd() { Reset(); }

  int get() const { return fd_; }
  bool valid() const { return fd_ >= 0; }

  // Gives the descriptor away; this is empty afterwards.
  int Release() { return std::exchange(fd_, -1); }

  // Closes what is held and takes `fd` instead.
  void Reset(int fd = -1) {
    if (fd_ >= 0) ::close(fd_);
    fd_ = fd;
  }

 private:
  int fd_ = -1;
};

}  // namespace eris
