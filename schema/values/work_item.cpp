#include "schema/values/work_item.h"

#include <array>
#include <string_view>

namespace eris {

std::string_view VerbOf(const ItemBody& body) {
  static constexpr std::array<std::string_view, std::variant_size_v<ItemBody::variant>> kVerbs = {
      "build",      "transfer", "lock",     "unlock",      "activate",
      "deactivate", "snapshot", "restore",  "deleteState", "setProfile",
      "collect",    "query",    "transfer", "diagnose",    "adopt"};
  return kVerbs[body.index()];
}

std::string_view ToString(Verdict verdict) {
  switch (verdict) {
    case Verdict::kSucceeded:
      return "succeeded";
    case Verdict::kFailed:
      return "failed";
    case Verdict::kUnavailable:
      return "unavailable";
    case Verdict::kUnknown:
      return "unknown";
    case Verdict::kRefused:
      return "refused";
    case Verdict::kCancelled:
      return "cancelled";
    case Verdict::kUnimplemented:
      return "unimplemented";
  }
  return "unknown";
}

ERIS_CHOICE_DEFINITIONS(ItemBody)

}  // namespace eris
