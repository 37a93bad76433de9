// What an activity of a mapping is given, from one manifest.
#pragma once

#include "schema/values/manifest.h"
#include "schema/values/work_item.h"

namespace eris::plan_internal {

// Properties are those of `manifest`: the old one for what goes, the new one for what comes. The
// manifest is consistent (MakeMappingGraph).
Activity ActivityOf(const Manifest& manifest, const Mapping& mapping);

}  // namespace eris::plan_internal
