// What a deployment asks for when some of its targets are left out, because they are not connected
// (--target-offline=skip): they keep what the newest generation has there. Pure.
//
// Who is left out, and how long was waited before, is the coordinator's business.
#pragma once

#include <span>

#include "schema/base/error.h"
#include "schema/values/ids.h"
#include "schema/values/manifest.h"

namespace eris {

// `wanted`, with everything on the `absent` targets replaced by what `base` (null = nothing) has
// there. The result keeps the invariants of a manifest: an interdependency of what stays on an
// absent target is dropped where nothing answers it any more.
//
// kInvalid: `wanted` contradicts itself. kUnavailable, with the reason: a service on another target
// needs what an absent one should get, or a service would be nowhere, because it moves to an absent
// target.
Result<Manifest> LeaveOut(std::span<const TargetName> absent, const Manifest* base,
                          Manifest wanted);

}  // namespace eris
