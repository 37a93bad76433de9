#include "tests/sim/timeline.h"

#include <algorithm>

namespace eris::sim {
namespace {

constexpr std::int64_t kWallStart = 1'700'000'000'000;
// FNV-1a, 64 bits.
constexpr std::uint64_t kHashStart = 0xcbf29ce484222325U;
constexpr std::uint64_t kHashPrime = 0x100000001b3U;

std::uint64_t Mix(std::uint64_t hash, std::string_view text) {
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * kHashPrime;
  return (hash ^ 0xffU) * kHashPrime;
}

}  // namespace

Timeline::Timeline(std::uint64_t seed, TraceSink sink)
    : random_(seed), sink_(std::move(sink)), hash_(kHashStart) {}

Now Timeline::now() const { return {.steady = now_, .wall = {kWallStart + now_.ms}}; }

void Timeline::At(SteadyTime moment, Action action) {
  actions_.emplace(std::pair(std::max(moment, now_), next_number_++), std::move(action));
}

bool Timeline::RunNext() {
  if (actions_.empty()) return false;
  auto next = actions_.extract(actions_.begin());
  now_ = next.key().first;
  next.mapped()();
  return true;
}

Duration Timeline::Between(Duration least, Duration most) {
  const auto span = static_cast<std::uint64_t>((most - least).count()) + 1;
  return least + Duration(static_cast<Duration::rep>(random_.Below(span)));
}

void Timeline::Note(std::string_view who, std::string_view what) {
  hash_ ^= static_cast<std::uint64_t>(now_.ms);
  hash_ = Mix(Mix(hash_, who), what);
  if (!sink_) return;
  std::string line = std::to_string(now_.ms);
  line.append(" ").append(who).append(": ").append(what);
  sink_(line);
}

}  // namespace eris::sim
