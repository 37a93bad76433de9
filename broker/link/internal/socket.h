// RAII over a ZeroMQ socket and its messages; private to broker/link.
#pragma once

#include <zmq.h>

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

#include "broker/link/context.h"
#include "broker/link/curve.h"
#include "broker/link/frame.h"
#include "schema/base/check.h"
#include "schema/base/clock.h"

namespace eris::link {

// Frames per peer inside ZeroMQ, each way: 4 MiB of full batches. More waits in our own, counted
// queues.
inline constexpr int kHighWaterMark = 16;
// Work of a turn; the rest waits for the next.
inline constexpr int kFramesPerTurn = 128;
inline constexpr int kFlushesPerTurn = 256;

// "WHAT: reason of errno". kConflict for an address in use, else kInternal.
tl::unexpected<Error> ZmqFailure(std::string what);

// One part of a message, owned.
class Part {
 public:
  Part() { zmq_msg_init(&message_); }
  ~Part() { zmq_msg_close(&message_); }
  Part(const Part&) = delete;
  Part& operator=(const Part&) = delete;

  zmq_msg_t* get() { return &message_; }
  Bytes bytes() {
    return {static_cast<const std::byte*>(zmq_msg_data(&message_)), zmq_msg_size(&message_)};
  }
  std::string_view text() {
    return {static_cast<const char*>(zmq_msg_data(&message_)), zmq_msg_size(&message_)};
  }
  bool more() const { return zmq_msg_more(&message_) != 0; }

 private:
  zmq_msg_t message_;
};

// An open socket with LINGER 0, or none.
class Socket {
 public:
  Socket() = default;
  static Result<Socket> Open(Context& context, int type);
  ~Socket() { Close(); }
  Socket(Socket&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
  Socket& operator=(Socket&& other) noexcept {
    if (this != &other) {
      Close();
      handle_ = std::exchange(other.handle_, nullptr);
    }
    return *this;
  }

  void* get() const { return handle_; }
  void Close();

  // A wrong option is a bug, not an event.
  void Set(int option, int value);
  void Set(int option, Duration value) { Set(option, static_cast<int>(value.count())); }
  void Set(int option, std::string_view value);
  void SetKey(int option, std::span<const std::uint8_t, kKeyBytes> key);

  int fd() const;
  // ZMQ_EVENTS: asking also takes in what the I/O threads have told.
  bool Readable() const { return (Events() & ZMQ_POLLIN) != 0; }
  bool Writable() const { return (Events() & ZMQ_POLLOUT) != 0; }
  std::string LastEndpoint() const;

  // False when nothing waits.
  bool Receive(Part& part);
  // Receives and drops the rest of a message of which `part` was read.
  void SkipRest(Part& part);

 private:
  int Events() const;

  void* handle_ = nullptr;
};

}  // namespace eris::link
