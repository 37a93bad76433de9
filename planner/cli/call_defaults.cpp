#include "planner/cli/call_defaults.h"

#include <string_view>

#include "schema/base/text.h"

namespace eris::cli {
namespace {

constexpr std::string_view kOn = "1";

std::string ValueOf(const std::vector<std::string>& environment, const std::string& name) {
  for (const std::string& entry : environment) {
    if (entry.starts_with(name + "=")) return entry.substr(name.size() + 1);
  }
  return {};
}

}  // namespace

Result<CallDefaults> CallDefaultsFrom(const std::vector<std::string>& environment) {
  CallDefaults defaults;
  if (const std::string profile = ValueOf(environment, "DISNIX_PROFILE"); !profile.empty()) {
    if (!IsSafeFileName(profile)) {
      return Fail(ErrorCode::kInvalid,
                  "DISNIX_PROFILE: '" + profile + "' cannot be the name of a profile",
                  "unset it, or give a name without '/'");
    }
    defaults.profile = ProfileName(profile);
  }
  const std::string property = ValueOf(environment, "DISNIX_TARGET_PROPERTY");
  if (!property.empty()) defaults.target_property = property;
  if (ValueOf(environment, "DISNIX_DEPLOY_STATE") == kOn) {
    defaults.state = ModelArguments::State::kDeployAll;
  }
  if (ValueOf(environment, "DISNIX_DELETE_STATE") == kOn) defaults.old_state = OldState::kDelete;
  return defaults;
}

}  // namespace eris::cli
