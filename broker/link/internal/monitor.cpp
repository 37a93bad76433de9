#include "broker/link/internal/monitor.h"

#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <utility>

namespace eris::link {
namespace {

constexpr int kWatchedEvents = ZMQ_EVENT_HANDSHAKE_SUCCEEDED | ZMQ_EVENT_DISCONNECTED |
                               ZMQ_EVENT_CONNECT_RETRIED | ZMQ_EVENT_HANDSHAKE_FAILED_AUTH |
                               ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL;

std::optional<LinkEvent> Translate(std::uint16_t event) {
  switch (event) {
    case ZMQ_EVENT_HANDSHAKE_SUCCEEDED:
      return LinkEvent::kUp;
    case ZMQ_EVENT_DISCONNECTED:
      return LinkEvent::kDown;
    case ZMQ_EVENT_CONNECT_RETRIED:
      return LinkEvent::kUnreachable;
    case ZMQ_EVENT_HANDSHAKE_FAILED_AUTH:
    case ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL:
      return LinkEvent::kRefused;
    default:
      return std::nullopt;
  }
}

}  // namespace

Result<std::unique_ptr<Monitor>> Monitor::Open(Loop& loop, Context& context, Socket& watched,
                                               Callback callback) {
  std::unique_ptr<Monitor> monitor(new Monitor(loop, watched, std::move(callback)));
  const std::string address = "inproc://monitor." + std::to_string(context.NextNumber());
  if (zmq_socket_monitor(watched.get(), address.c_str(), kWatchedEvents) != 0) {
    return ZmqFailure("cannot watch the connection");
  }
  ERIS_ASSIGN(monitor->events_, Socket::Open(context, ZMQ_PAIR));
  if (zmq_connect(monitor->events_.get(), address.c_str()) != 0) {
    return ZmqFailure("cannot watch the connection");
  }
  ERIS_TRY(loop.AddSource(*monitor));
  return monitor;
}

Monitor::Monitor(Loop& loop, Socket& watched, Callback callback)
    : loop_(loop), watched_(watched), callback_(std::move(callback)) {}

Monitor::~Monitor() {
  if (watched_.get() != nullptr) zmq_socket_monitor(watched_.get(), nullptr, 0);
  if (events_.get() != nullptr) loop_.RemoveSource(*this);
}

void Monitor::Work() {
  Part event;
  while (events_.Receive(event)) {
    // Two parts: event (16 bits) and its value (32 bits); the address.
    std::uint16_t number = 0;
    if (event.bytes().size() >= sizeof number)
      std::memcpy(&number, event.bytes().data(), sizeof number);
    events_.SkipRest(event);
    if (const std::optional<LinkEvent> translated = Translate(number)) callback_(*translated);
  }
}

}  // namespace eris::link
