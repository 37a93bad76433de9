#include "schema/base/clock.h"

namespace eris {

Now SystemClock::Read() {
  using std::chrono::duration_cast;
  return {
      .steady =
          {duration_cast<Duration>(std::chrono::steady_clock::now().time_since_epoch()).count()},
      .wall = {
          duration_cast<Duration>(std::chrono::system_clock::now().time_since_epoch()).count()}};
}

}  // namespace eris
