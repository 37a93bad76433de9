// A manifest as a picture: a text in the language of Graphviz' dot. Pure.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <tuple>

#include "planner/cli/call.h"
#include "schema/values/manifest.h"

namespace eris::cli {

// What became of a mapping, for its colour.
enum class Fate : std::uint8_t { kDone, kFailed, kUnknown };

struct GraphOptions {
  VisualizeCommand::Containers containers = VisualizeCommand::Containers::kShown;
  std::map<std::pair<TargetName, ServiceName>, Fate> fates;  // others have no colour
  std::size_t most_mappings = 200;                           // more are summed up
};

// Targets are boxes, containers boxes in them, services ellipses, those that provide a container
// with a double border. From each instance arrows lead to what it depends on: solid for
// dependsOn, dashed for connectsTo, dotted for activatesAfter. Beyond some dozens of mappings they
// are laid in arrays instead of layers. With more than `most_mappings` there
// is one node a target, with how many services it has, and how many arrows go from one to another.
std::string GraphText(const Manifest& manifest, const GraphOptions& options);

}  // namespace eris::cli
