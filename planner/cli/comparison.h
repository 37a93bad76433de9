// What differs between two manifests, or between a manifest and what targets run, told by the names
// that people know. Pure. What has to be done about it is the plan's business (planner/plan).
#pragma once

#include <span>
#include <string>
#include <vector>

#include "planner/cli/lists.h"
#include "schema/values/manifest.h"

namespace eris::cli {

struct Discrepancy {
  enum class Kind : std::uint8_t { kGone, kNew, kChanged };
  Kind kind = Kind::kChanged;
  std::string subject;  // "service api on test1 in process", "target test3"
  std::string what;     // what about it changed; empty when it is gone or new
  auto operator<=>(const Discrepancy&) const = default;
};

// What `next` has otherwise than `base`: mappings, targets, state that is kept. Profiles are made
// from these and are not compared. Sorted by kind and subject.
std::vector<Discrepancy> Compare(const Manifest& base, const Manifest& next);

// A line each; "nothing differs" when empty.
std::string DiscrepanciesText(std::span<const Discrepancy> discrepancies);

}  // namespace eris::cli
