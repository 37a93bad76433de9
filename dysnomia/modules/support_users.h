// Groups and users that a component brings (dysnomia-support/groups/*, dysnomia-support/users/*):
// made before it is activated, deleted after it is deactivated, by the machine's own tools. Nothing
// happens unless this runs as root.
#pragma once

#include "dysnomia/module.h"

namespace eris::dysnomia {

// What exists already is left as it is.
Status CreateSupportUsers(const ActivityContext& context);
// Who is still in use stays.
Status DeleteSupportUsers(const ActivityContext& context);

}  // namespace eris::dysnomia
