// One log line for each decision: what people read when they ask what the planner did. Levels:
// error = a person must act, warn = degraded but handled, info = transitions.
#pragma once

#include "schema/base/log.h"
#include "schema/values/event.h"

namespace eris::planner {

void WriteEvent(Log& log, const Event& event);

}  // namespace eris::planner
