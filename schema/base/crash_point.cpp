#include "schema/base/crash_point.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <csignal>
#include <cstdio>
#include <optional>

#include "schema/base/unique_fd.h"

namespace eris {
namespace {

struct Order {
  std::string_view process;
  std::string_view point;
  std::uint64_t arrival = 0;
};

std::optional<Order> ParseOrder(std::string_view text) {
  const std::size_t first = text.find(':');
  const std::size_t last = text.rfind(':');
  if (first == std::string_view::npos || first == last) return std::nullopt;
  Order order{.process = text.substr(0, first), .point = text.substr(first + 1, last - first - 1)};
  const char* end = text.data() + text.size();
  const auto parsed = std::from_chars(text.data() + last + 1, end, order.arrival);
  if (parsed.ptr != end || order.arrival == 0) return std::nullopt;
  return order;
}

// Nothing is flushed and nothing is cleaned up: that is the purpose.
void Die() { ::kill(::getpid(), SIGKILL); }

}  // namespace

void CrashAt::Reached(std::string_view point) {
  if (point == point_ && --left_ == 0) Die();
}

void CrashOnOrder::Reached(std::string_view point) {
  const UniqueFd fd(::open(file_.c_str(), O_RDWR | O_CLOEXEC));
  if (!fd.valid() || ::flock(fd.get(), LOCK_EX) != 0) return;
  // Who held the lock before may have carried it out.
  struct stat opened {};
  struct stat named {};
  if (::fstat(fd.get(), &opened) != 0 || ::stat(file_.c_str(), &named) != 0) return;
  if (opened.st_ino != named.st_ino) return;
  std::array<char, 256> buffer{};
  const ssize_t size = ::pread(fd.get(), buffer.data(), buffer.size(), 0);
  if (size <= 0) return;
  const auto order = ParseOrder({buffer.data(), static_cast<std::size_t>(size)});
  if (!order || order->point != point || std::ranges::count(names_, order->process) == 0) return;
  if (order->arrival == 1) {
    if (std::rename(file_.c_str(), (file_ + ".hit").c_str()) == 0) Die();
    return;
  }
  const std::string rest = std::string(order->process) + ":" + std::string(point) + ":" +
                           std::to_string(order->arrival - 1);
  if (::ftruncate(fd.get(), 0) != 0) return;
  if (::pwrite(fd.get(), rest.data(), rest.size(), 0) < 0) ::unlink(file_.c_str());
}

Result<std::unique_ptr<TurnObserver>> MakeCrashPoint(std::string_view text,
                                                     std::string_view process,
                                                     std::string_view name) {
  if (text.empty()) return nullptr;
  if (text.front() == '@') {
    return std::make_unique<CrashOnOrder>(
        std::string(text.substr(1)),
        std::vector<std::string>{std::string(process), std::string(name)});
  }
  const auto order = ParseOrder(text);
  if (!order) {
    return Fail(ErrorCode::kInvalid, "ERIS_CRASH_AT is not PROCESS:POINT:N: " + std::string(text));
  }
  if (order->process != process && order->process != name) return nullptr;
  return std::make_unique<CrashAt>(std::string(order->point), order->arrival);
}

}  // namespace eris
