// How often something may happen: a number of times at once, then so many a second. Pure: told the
// time, and only asked.
#pragma once

#include <cstdint>

#include "schema/base/clock.h"

namespace eris::link {

class Pace {
 public:
  // Both at least 1.
  Pace(int per_second, int at_once);

  // Whether it may happen now; then it has. `now` never goes back.
  bool Take(SteadyTime now);
  // How long after the last Take that was refused the next one would not be.
  Duration Wait() const;

 private:
  std::int64_t per_second_;
  std::int64_t most_;   // that can be saved up, in thousandths
  std::int64_t saved_;  // likewise
  SteadyTime at_{};
};

}  // namespace eris::link
