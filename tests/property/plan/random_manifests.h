// Small random deployments and random changes of them. All randomness comes from the seed.
#pragma once

#include <cstdint>
#include <random>

#include "schema/values/manifest.h"

namespace eris::testing {

using RandomSource = std::mt19937_64;

// From 0 to bound - 1.
inline std::size_t Below(RandomSource& random, std::size_t bound) { return random() % bound; }

struct ManifestPair {
  Manifest base;
  Manifest next;
};

// Up to 12 services with interdependencies, providers, replicas, packages and properties on up to 4
// targets; `next` is a changed `base`, or now and then something else altogether, or nothing.
ManifestPair RandomManifests(std::uint64_t seed);

}  // namespace eris::testing
