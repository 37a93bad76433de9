// A generation of a profile, as the planner's journal has it.
#pragma once

#include "planner/cli/client.h"
#include "schema/base/error.h"
#include "schema/values/ids.h"
#include "schema/values/manifest.h"

namespace eris::cli {

struct DeployedGeneration {
  GenerationNumber number;  // 0 = nothing was ever deployed
  Manifest manifest;
};

// The generation with this number; 0 = the newest. Errors are those of Client::Ask.
Result<DeployedGeneration> FetchGeneration(Client& client, const ProfileName& profile,
                                           GenerationNumber number);

}  // namespace eris::cli
