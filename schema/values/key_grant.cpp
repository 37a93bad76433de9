#include "schema/values/key_grant.h"

#include <algorithm>

namespace eris {

std::string_view ToString(KeyLevel level) {
  switch (level) {
    case KeyLevel::kNone:
      return "none";
    case KeyLevel::kRead:
      return "read";
    case KeyLevel::kDeploy:
      return "deploy";
    case KeyLevel::kState:
      return "state";
    case KeyLevel::kAdmin:
      return "admin";
  }
  return "none";
}

bool Covers(const std::vector<std::string>& allowed, std::string_view name) {
  return std::any_of(allowed.begin(), allowed.end(),
                     [name](const std::string& entry) { return entry == "*" || entry == name; });
}

}  // namespace eris
