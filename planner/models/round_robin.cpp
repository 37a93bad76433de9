#include "planner/models/round_robin.h"

#include <nlohmann/json.hpp>

#include "planner/models/nix_command.h"

namespace eris {
namespace {

Status CheckTargets(std::span<const ServiceName> services, std::span<const TargetName> targets) {
  if (services.empty() || !targets.empty()) return {};
  return Fail(ErrorCode::kInvalid, "the infrastructure model has no targets", "add a target to it");
}

}  // namespace

Result<std::string> RoundRobinModel(std::span<const ServiceName> services,
                                    std::span<const TargetName> targets) {
  ERIS_TRY(CheckTargets(services, targets));
  std::string text = "{ infrastructure }:\n\n{\n";
  for (std::size_t i = 0; i < services.size(); ++i) {
    text += "  " + NixString(services[i].text) + " = [ infrastructure." +
            NixString(targets[i % targets.size()].text) + " ];\n";
  }
  return text + "}\n";
}

Result<std::string> RoundRobinJson(std::span<const ServiceName> services,
                                   std::span<const TargetName> targets) {
  ERIS_TRY(CheckTargets(services, targets));
  nlohmann::json model = nlohmann::json::object();
  for (std::size_t i = 0; i < services.size(); ++i) {
    model[services[i].text] = nlohmann::json::array({targets[i % targets.size()].text});
  }
  return model.dump(2) + "\n";
}

}  // namespace eris
