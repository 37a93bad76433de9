#include "schema/base/crash_point.h"

#include <unistd.h>

#include <charconv>
#include <csignal>

namespace eris {

void CrashAt::Reached(std::string_view point) {
  if (point != point_ || --left_ > 0) return;
  // Nothing is flushed and nothing is cleaned up: that is the purpose.
  ::kill(::getpid(), SIGKILL);
}

Result<std::unique_ptr<TurnObserver>> MakeCrashPoint(std::string_view text,
                                                     std::string_view process) {
  if (text.empty()) return nullptr;
  const std::size_t first = text.find(':');
  const std::size_t last = text.rfind(':');
  std::uint64_t arrival = 0;
  const char* end = text.data() + text.size();
  const bool parsed = first != std::string_view::npos && first != last &&
                      std::from_chars(text.data() + last + 1, end, arrival).ptr == end &&
                      arrival > 0;
  if (!parsed) {
    return Fail(ErrorCode::kInvalid, "ERIS_CRASH_AT is not PROCESS:POINT:N: " + std::string(text));
  }
  if (text.substr(0, first) != process) return nullptr;
  return std::make_unique<CrashAt>(std::string(text.substr(first + 1, last - first - 1)), arrival);
}

}  // namespace eris
