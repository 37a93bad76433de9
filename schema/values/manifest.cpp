#include "schema/values/manifest.h"

#include <algorithm>
#include <array>
#include <cctype>
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

bool LooksLikePassword(std::string_view property) {
  std::string plain;
  for (const char c : property) {
    if (std::isalnum(static_cast<unsigned char>(c)) != 0) {
      plain += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    }
  }
  constexpr std::array<std::string_view, 7> kHints = {"passw",  "passphrase", "secret",    "token",
                                                      "apikey", "privatekey", "credential"};
  return std::any_of(kHints.begin(), kHints.end(),
                     [&](std::string_view hint) { return plain.find(hint) != std::string::npos; });
}

}  // namespace eris
