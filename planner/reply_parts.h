// Replies that fit into a message each. Pure.
#pragma once

#include <vector>

#include "schema/values/request.h"

namespace eris::planner {

// The reply itself, or its list in parts of which all but the last say that more follows. What has
// no list, or one element, stays as it is.
std::vector<Reply> FittingParts(Reply reply);

}  // namespace eris::planner
