// A generation of a profile, as the planner's journal has it.
#pragma once

#include <optional>

#include "planner/cli/client.h"
#include "planner/cli/submitting.h"
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

// What runs, as far as the planner knows: the newest generation, and what transactions that were
// given up may have left, marked (planner/plan/in_doubt.h).
struct KnownBase {
  GenerationNumber number;           // of the newest generation; 0 = there is none
  std::optional<Manifest> manifest;  // absent: nothing runs
};
Result<KnownBase> FetchBase(Client& client, const ProfileName& profile,
                            Duration patience = kAnswerPatience);

}  // namespace eris::cli
