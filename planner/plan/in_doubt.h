// Marks on what may run otherwise than a manifest says, after a transaction was given up. What is
// marked is another mapping than any that is wanted: it is taken down and brought up anew. Pure.
#pragma once

#include <string>

#include "schema/values/manifest.h"

namespace eris {

// `digest` is that of a mapping or of a profile. Marking twice is marking once.
void MarkInDoubt(std::string& digest);

// Of what goes anyway, because `next` does not have it, the marks are removed: it is named as it
// was brought up.
void UnmarkUnwanted(const Manifest& next, Manifest& base);

}  // namespace eris
