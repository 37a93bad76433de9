#include "planner/plan/internal/left_states.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <tuple>

#include "planner/plan/internal/chosen_states.h"
#include "planner/plan/internal/state_changes.h"

namespace eris::plan_internal {
namespace {

using StateSeat = std::tuple<TargetName, ContainerName, ComponentName>;

StateSeat SeatAt(const Manifest& manifest, const Mapping& mapping) {
  return {mapping.target, mapping.container,
          ComponentOf(manifest.services.at(mapping.service).package)};
}

std::set<StateSeat> SeatsOf(const Manifest& manifest) {
  std::set<StateSeat> seats;
  for (const Mapping& mapping : manifest.mappings) seats.insert(SeatAt(manifest, mapping));
  return seats;
}

const ServiceName& NameAt(const Manifest& manifest, const Mapping& mapping) {
  return manifest.services.at(mapping.service).name;
}

std::set<ContainerName> ContainersOf(const Manifest& manifest, const ServiceName& name) {
  std::set<ContainerName> containers;
  for (const Mapping& mapping : manifest.mappings) {
    if (NameAt(manifest, mapping) == name) containers.insert(mapping.container);
  }
  return containers;
}

}  // namespace

bool IsChosen(const std::vector<StateChoice>& choices, const ServiceName& name,
              const TargetName& target) {
  const auto means = [&](const StateChoice& choice) {
    return choice.service.empty() || choice.service == name;
  };
  const bool is_any = std::none_of(choices.begin(), choices.end(), means);
  return is_any || std::any_of(choices.begin(), choices.end(), [&](const StateChoice& choice) {
           return means(choice) && choice.target == target;
         });
}

bool IsContainerThere(const Manifest& now, const Mapping& earlier) {
  if (!earlier.provided_by) {
    const auto target = now.targets.find(earlier.target);
    return target == now.targets.end() || target->second.containers.contains(earlier.container);
  }
  return std::any_of(now.mappings.begin(), now.mappings.end(), [&](const Mapping& mapping) {
    return mapping.target == earlier.target &&
           now.services.at(mapping.service).provides_containers.contains(earlier.container);
  });
}

Result<std::vector<LeftState>> CopiesFor(const Manifest& now, DagNode node, const Manifest& earlier,
                                         const std::vector<StateChoice>& choices) {
  const Mapping& mapping = now.mappings[node];
  const ServiceName& name = NameAt(now, mapping);
  const bool is_split = HasStateInEach(ContainersOf(earlier, name), ContainersOf(now, name));
  const std::set<StateSeat> taken = SeatsOf(now);
  const StateSeat here = SeatAt(now, mapping);
  std::vector<LeftState> copies;
  for (std::uint32_t i = 0; i < earlier.mappings.size(); ++i) {
    const Mapping& old = earlier.mappings[i];
    if (NameAt(earlier, old) != name || (is_split && old.container != mapping.container)) continue;
    const StateSeat seat = SeatAt(earlier, old);
    if (seat == here) return std::vector<LeftState>{};
    if (taken.contains(seat) || !IsChosen(choices, name, old.target)) continue;
    if (!IsContainerThere(now, old)) {
      return Fail(ErrorCode::kInvalid,
                  fmt::format("the state of {} in {} on {} cannot be read: its container is not "
                              "there any more",
                              name.text, old.container.text, old.target.text),
                  "deploy the provider of the container again, or restore a snapshot");
    }
    copies.push_back({&earlier, i});
  }
  return copies;
}

std::vector<LeftState> StatesLeft(const Manifest& now, const std::vector<const Manifest*>& earlier,
                                  const StateFilter& which) {
  std::set<StateSeat> seen = SeatsOf(now);
  std::vector<LeftState> left;
  for (const Manifest* manifest : earlier) {
    const StateChooser chooser(*manifest, which);
    for (std::uint32_t i = 0; i < manifest->mappings.size(); ++i) {
      const Mapping& mapping = manifest->mappings[i];
      const bool is_package = manifest->services.at(mapping.service).type == "package";
      if (is_package || !chooser.IsMeant(mapping)) continue;
      if (seen.insert(SeatAt(*manifest, mapping)).second) left.push_back({manifest, i});
    }
  }
  return left;
}

}  // namespace eris::plan_internal
