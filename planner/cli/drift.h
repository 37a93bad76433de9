// What targets run otherwise than the current generation says. Pure.
#pragma once

#include <span>
#include <vector>

#include "planner/cli/comparison.h"
#include "schema/base/error.h"
#include "schema/values/submission.h"

namespace eris::cli {

// `answers` of the targets that were asked; the others are not judged. A target that did not answer
// is a discrepancy, too. Sorted by kind and subject: kGone is missing there, kNew should not be.
std::vector<Discrepancy> DriftOf(const Manifest& generation, std::span<const TargetAnswer> answers);

// The same as what a repair is about. kUnavailable: a target did not answer.
Result<std::vector<Repair>> RepairsOf(const Manifest& generation,
                                      std::span<const TargetAnswer> answers);

}  // namespace eris::cli
