// How people write how long something may take.
#pragma once

#include <optional>
#include <string_view>

#include "schema/base/clock.h"

namespace eris::cli {

// "90", "1.5": seconds; with a unit behind it: "500ms", "90s", "5m", "2h", "3d". Nothing when it is
// none of these, or longer than a year.
std::optional<Duration> ParseDuration(std::string_view text);

}  // namespace eris::cli
