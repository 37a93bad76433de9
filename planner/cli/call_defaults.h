// What a call means where the command line does not say: Disnix' environment variables, read as its
// tools read them. Pure.
#pragma once

#include <string>
#include <vector>

#include "planner/cli/call.h"
#include "schema/base/error.h"

namespace eris::cli {

struct CallDefaults {
  ProfileName profile{"default"};                                    // $DISNIX_PROFILE
  std::string target_property = "hostname";                          // $DISNIX_TARGET_PROPERTY
  ModelArguments::State state = ModelArguments::State::kAsModelled;  // $DISNIX_DEPLOY_STATE=1
  OldState old_state = OldState::kKeep;                              // $DISNIX_DELETE_STATE=1
};

// `environment`: "NAME=VALUE". An empty variable says nothing. kInvalid: one has no possible value.
Result<CallDefaults> CallDefaultsFrom(const std::vector<std::string>& environment);

}  // namespace eris::cli
