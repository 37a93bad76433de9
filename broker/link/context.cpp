#include "broker/link/context.h"

#include <zmq.h>

#include <cerrno>
#include <string>

namespace eris::link {
namespace {

// A draft constant of zmq.h, honoured by Debian's build. Off: bodies arrive aligned to 8 and decode
// without a copy. Only an optimisation, Batch copes without it.
constexpr int kZeroCopyRecv = 10;

}  // namespace

Result<std::unique_ptr<Context>> Context::Open(IoThreads threads) {
  void* handle = zmq_ctx_new();
  if (handle == nullptr) {
    return Fail(ErrorCode::kInternal, std::string("cannot start ZeroMQ: ") + zmq_strerror(errno));
  }
  std::unique_ptr<Context> context(new Context(handle));
  if (zmq_ctx_set(handle, ZMQ_IO_THREADS, static_cast<int>(threads)) != 0) {
    return Fail(ErrorCode::kInternal, "cannot set ZeroMQ's number of I/O threads");
  }
  static_cast<void>(zmq_ctx_set(handle, kZeroCopyRecv, 0));
  return context;
}

Context::~Context() {
  while (zmq_ctx_term(handle_) != 0 && errno == EINTR) {
  }
}

}  // namespace eris::link
