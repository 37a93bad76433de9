#include "planner/plan/in_doubt.h"

#include <set>
#include <string_view>

#include "planner/plan/plan.h"

namespace eris {
namespace {

constexpr std::string_view kInDoubt = " in doubt";  // no digest ends like this

}  // namespace

void MarkInDoubt(std::string& digest) {
  if (!digest.ends_with(kInDoubt)) digest += kInDoubt;
}

void UnmarkUnwanted(const Manifest& next, Manifest& base) {
  std::set<MappingPlace> wanted;
  for (const Mapping& mapping : next.mappings) wanted.insert(MappingPlaceOf(mapping));
  for (Mapping& mapping : base.mappings) {
    if (!mapping.digest.ends_with(kInDoubt) || wanted.contains(MappingPlaceOf(mapping))) continue;
    mapping.digest.resize(mapping.digest.size() - kInDoubt.size());
  }
}

}  // namespace eris
