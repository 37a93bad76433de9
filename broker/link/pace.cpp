#include "broker/link/pace.h"

#include <algorithm>

#include "schema/base/check.h"

namespace eris::link {
namespace {

constexpr std::int64_t kOnce = 1'000;  // thousandths

}  // namespace

Pace::Pace(int per_second, int at_once)
    : per_second_(per_second), most_(at_once * kOnce), saved_(most_) {
  ERIS_CHECK(per_second >= 1 && at_once >= 1, "a pace lets something happen");
}

bool Pace::Take(SteadyTime now) {
  // After a second per time that may be saved it is full, whatever the pace.
  const std::int64_t passed = std::clamp<std::int64_t>((now - at_).count(), 0, most_);
  saved_ = std::min(most_, saved_ + passed * per_second_);
  at_ = now;
  if (saved_ < kOnce) return false;
  saved_ -= kOnce;
  return true;
}

Duration Pace::Wait() const {
  return Duration((std::max<std::int64_t>(kOnce - saved_, 0) + per_second_ - 1) / per_second_);
}

}  // namespace eris::link
