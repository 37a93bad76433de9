#include "planner/plan/internal/chosen_states.h"

#include <algorithm>
#include <string>

namespace eris::plan_internal {
namespace {

bool Fits(const std::string& wanted, const std::string& found) {
  return wanted.empty() || wanted == found;
}

}  // namespace

StateChooser::StateChooser(const Manifest& manifest, const StateFilter& which)
    : manifest_(manifest),
      which_(which),
      deployed_(manifest.snapshot_mappings.begin(), manifest.snapshot_mappings.end()) {}

bool StateChooser::IsMeant(const Mapping& mapping) const {
  const Service& service = manifest_.services.at(mapping.service);
  const ComponentName component = ComponentOf(service.package);
  const bool is_named = !which_.service.empty();
  const bool is_deployed = deployed_.contains({.target = mapping.target,
                                               .container = mapping.container,
                                               .service = mapping.service,
                                               .component = component});
  const bool is_here = which_.targets.empty() ||
                       std::find(which_.targets.begin(), which_.targets.end(), mapping.target) !=
                           which_.targets.end();
  return (is_named || is_deployed) && is_here && Fits(which_.service.text, service.name.text) &&
         Fits(which_.container.text, mapping.container.text) &&
         Fits(which_.component.text, component.text);
}

std::vector<DagNode> StateChooser::Chosen(const MappingGraph& graph) const {
  std::vector<DagNode> chosen;
  for (DagNode node = 0; node < manifest_.mappings.size(); ++node) {
    if (graph.HasActivities(node) && IsMeant(manifest_.mappings[node])) chosen.push_back(node);
  }
  return chosen;
}

Error NoStateMeant() {
  return {.code = ErrorCode::kNotFound,
          .message = "no service with state is meant",
          .fix = "services have state with deployState = true; others are named with --service"};
}

}  // namespace eris::plan_internal
