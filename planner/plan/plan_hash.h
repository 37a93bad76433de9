// The identity of a plan: what `eris plan` prints and `eris deploy --plan HASH` compares.
#pragma once

#include <string>

#include "schema/values/plan.h"

namespace eris {

// The canonical encoding that is hashed: every field in the order of its declaration, numbers as 8
// bytes little-endian, texts and lists behind their length, variants and options behind their
// index. Independent of the wire format, so that a change of protocol changes no hash.
std::string CanonicalPlanBytes(const Plan& plan);

// SHA-256 of the canonical bytes, 64 hex digits.
std::string PlanHash(const Plan& plan);

}  // namespace eris
