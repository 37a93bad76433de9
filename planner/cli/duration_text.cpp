#include "planner/cli/duration_text.h"

#include <array>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <string>

namespace eris::cli {
namespace {

struct Unit {
  std::string_view name;
  double ms;
};
constexpr std::array<Unit, 6> kUnits{
    {{"", 1e3}, {"ms", 1}, {"s", 1e3}, {"m", 6e4}, {"h", 3.6e6}, {"d", 8.64e7}}};
constexpr double kYear = 366 * 8.64e7;
constexpr std::string_view kDigits = "0123456789.";

}  // namespace

std::optional<Duration> ParseDuration(std::string_view text) {
  const std::string number(text.substr(0, text.find_first_not_of(kDigits)));
  const std::string_view name = text.substr(number.size());
  if (number.find_first_of("0123456789") == std::string::npos) return std::nullopt;
  char* end = nullptr;
  const double count = std::strtod(number.c_str(), &end);
  if (*end != '\0') return std::nullopt;
  for (const Unit& unit : kUnits) {
    if (unit.name != name) continue;
    const double ms = std::round(count * unit.ms);
    if (ms > kYear) return std::nullopt;
    return Duration(static_cast<std::int64_t>(ms));
  }
  return std::nullopt;
}

}  // namespace eris::cli
