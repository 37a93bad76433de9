// A plan before it is done, as people and programs see it: with what it is expected to take.
#pragma once

#include <string>

#include "planner/cli/client.h"
#include "planner/cli/commands.h"
#include "schema/values/plan.h"

namespace eris::cli {

// All of it with its hash.
void ShowPlan(Client& client, const Plan& plan, Context& context);

// What is to be known before it begins; returns its first line (FollowOptions::announced).
std::string AnnouncePlan(Client& client, const Plan& plan, Context& context);

}  // namespace eris::cli
