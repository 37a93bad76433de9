// Virtual time, chance and the trace of one simulated run. Everything that happens is an action in
// this queue, and everything random is drawn here: equal seeds give equal runs.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <utility>

#include "schema/base/clock.h"
#include "schema/base/random.h"

namespace eris::sim {

// Owned by the simulation. Actions of one instant run in the order in which they were planned.
class Timeline {
 public:
  using Action = std::function<void()>;
  using TraceSink = std::function<void(const std::string& line)>;

  explicit Timeline(std::uint64_t seed, TraceSink sink = {});

  Now now() const;
  void At(SteadyTime moment, Action action);
  void After(Duration delay, Action action) { At(now_ + delay, std::move(action)); }
  // Goes on to the next action; false when none is left.
  bool RunNext();

  std::uint64_t Below(std::uint64_t bound) { return random_.Below(bound); }
  std::uint64_t NextU64() { return random_.NextU64(); }
  bool Chance(std::uint32_t permille) { return permille > 0 && random_.Below(1'000) < permille; }
  Duration Between(Duration least, Duration most);

  // What happens goes into the hash; `--trace` prints it.
  void Note(std::string_view who, std::string_view what);
  std::uint64_t hash() const { return hash_; }

 private:
  SeededRandom random_;
  TraceSink sink_;
  SteadyTime now_;
  std::uint64_t next_number_ = 0;
  std::uint64_t hash_;
  std::map<std::pair<SteadyTime, std::uint64_t>, Action> actions_;
};

}  // namespace eris::sim
