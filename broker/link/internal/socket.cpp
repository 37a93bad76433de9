#include "broker/link/internal/socket.h"

#include <array>
#include <cerrno>

namespace eris::link {

tl::unexpected<Error> ZmqFailure(std::string what) {
  const auto code = errno == EADDRINUSE ? ErrorCode::kConflict : ErrorCode::kInternal;
  return Fail(code, std::move(what) + ": " + zmq_strerror(errno));
}

Result<Socket> Socket::Open(Context& context, int type) {
  Socket socket;
  socket.handle_ = zmq_socket(context.handle(), type);
  if (socket.handle_ == nullptr) return ZmqFailure("cannot open a ZeroMQ socket");
  socket.Set(ZMQ_LINGER, 0);
  return socket;
}

void Socket::Close() {
  if (handle_ != nullptr) zmq_close(handle_);
  handle_ = nullptr;
}

void Socket::Set(int option, int value) {
  ERIS_CHECK(zmq_setsockopt(handle_, option, &value, sizeof value) == 0, "an option ZeroMQ knows");
}

void Socket::Set(int option, std::string_view value) {
  ERIS_CHECK(zmq_setsockopt(handle_, option, value.data(), value.size()) == 0,
             "an option ZeroMQ knows");
}

void Socket::SetKey(int option, std::span<const std::uint8_t, kKeyBytes> key) {
  ERIS_CHECK(zmq_setsockopt(handle_, option, key.data(), key.size()) == 0,
             "ZeroMQ is built with CURVE");
}

int Socket::fd() const {
  int fd = -1;
  std::size_t size = sizeof fd;
  ERIS_CHECK(zmq_getsockopt(handle_, ZMQ_FD, &fd, &size) == 0, "an open socket has a descriptor");
  return fd;
}

int Socket::Events() const {
  int events = 0;
  std::size_t size = sizeof events;
  while (zmq_getsockopt(handle_, ZMQ_EVENTS, &events, &size) != 0) {
    ERIS_CHECK(errno == EINTR, "an open socket tells its events");
  }
  return events;
}

std::string Socket::LastEndpoint() const {
  std::array<char, 256> text{};
  std::size_t size = text.size();
  ERIS_CHECK(zmq_getsockopt(handle_, ZMQ_LAST_ENDPOINT, text.data(), &size) == 0,
             "the socket is bound");
  return text.data();
}

bool Socket::Receive(Part& part) {
  while (zmq_msg_recv(part.get(), handle_, ZMQ_DONTWAIT) < 0) {
    if (errno == EAGAIN) return false;
    ERIS_CHECK(errno == EINTR, "receiving from an open socket");
  }
  return true;
}

void Socket::SkipRest(Part& part) {
  while (part.more() && Receive(part)) {
  }
}

}  // namespace eris::link
