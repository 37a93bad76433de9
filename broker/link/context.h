// The ZeroMQ context of the process: its I/O threads, which encrypt and move bytes beside the loop.
#pragma once

#include <cstdint>
#include <memory>

#include "schema/base/error.h"

namespace eris::link {

enum class IoThreads : std::uint8_t { kClient = 1, kServer = 2 };

// Exactly one a process (libzmq 4.3.4 closes libsodium's generator with the first of several). main
// owns it, makes it after Loop::OnSignals and destroys it after every transport: the destructor
// waits for them.
class Context {
 public:
  static Result<std::unique_ptr<Context>> Open(IoThreads threads);
  ~Context();
  Context(const Context&) = delete;
  Context& operator=(const Context&) = delete;

  // For this folder's sources.
  void* handle() { return handle_; }
  // Names inproc endpoints.
  std::uint64_t NextNumber() { return next_number_++; }

 private:
  explicit Context(void* handle) : handle_(handle) {}

  void* handle_;
  std::uint64_t next_number_ = 1;
};

}  // namespace eris::link
