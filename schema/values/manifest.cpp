#include "schema/values/manifest.h"

#include <cstddef>

namespace eris {

ComponentName ComponentOf(const StorePath& package) {
  constexpr std::size_t kHashAndDash = 33;
  const std::size_t slash = package.text.rfind('/');
  if (slash == std::string::npos || package.text.size() <= slash + 1 + kHashAndDash ||
      package.text[slash + kHashAndDash] != '-') {
    return {};
  }
  return ComponentName(package.text.substr(slash + 1 + kHashAndDash));
}

}  // namespace eris
