#include "planner/plan/in_doubt.h"

namespace eris {
namespace {

// No digest ends like these.
constexpr std::string_view kInDoubt = " in doubt";
constexpr std::string_view kStray = " left there in doubt";

}  // namespace

void MarkInDoubt(std::string& digest) {
  if (!IsInDoubt(digest)) digest += kInDoubt;
}

void MarkAsStray(std::string& digest) {
  if (!IsStray(digest)) digest = WithoutMark(digest).append(kStray);
}

bool IsInDoubt(std::string_view digest) { return digest.ends_with(kInDoubt); }

bool IsStray(std::string_view digest) { return digest.ends_with(kStray); }

std::string WithoutMark(std::string_view digest) {
  if (IsStray(digest)) digest.remove_suffix(kStray.size());
  if (IsInDoubt(digest)) digest.remove_suffix(kInDoubt.size());
  return std::string(digest);
}

}  // namespace eris
