#include "schema/values/depot.h"

namespace eris {

std::string_view ToString(ObjectKind kind) {
  switch (kind) {
    case ObjectKind::kStorePath:
      return "store path";
    case ObjectKind::kSnapshot:
      return "snapshot";
  }
  return "object";
}

ERIS_CHOICE_DEFINITIONS(BulkBody)

}  // namespace eris
