#include "planner/cli/graph_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

namespace eris::cli {
namespace {

std::string DotQuoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + "\"";
}

std::string NodeOf(const ServiceKey& service, const TargetName& target,
                   const ContainerName& container) {
  return DotQuoted(service.text + ":" + target.text + ":" + container.text);
}

const char* ColourOf(Fate fate) {
  switch (fate) {
    case Fate::kDone:
      return "palegreen";
    case Fate::kFailed:
      return "salmon";
    case Fate::kUnknown:
      return "khaki";
  }
  return "white";
}

// In layers by what depends on what. Beyond some dozens of services that becomes wider than anybody
// can see: then targets and services are laid in arrays, with the arrows straight behind them.
constexpr std::size_t kMostInLayers = 40;

enum class Layout : std::uint8_t { kLayers, kArrays };

constexpr std::string_view kFonts =
    "  graph [fontname=\"Helvetica\", style=rounded];\n"
    "  node [fontname=\"Helvetica\", shape=ellipse, style=filled, fillcolor=white];\n";

// As many rows as columns, more or less.
std::string Array(std::size_t count) {
  std::size_t columns = 1;
  while (columns * columns < count) ++columns;
  return fmt::format("packmode=\"array_i{}\";", columns);
}

std::string HeadFor(Layout layout, std::size_t targets) {
  std::string head = "digraph eris {\n";
  head += layout == Layout::kLayers
              ? "  rankdir=TB; compound=true; nodesep=0.3; ranksep=0.7;\n"
              : "  layout=osage; pack=10; splines=line; outputorder=edgesfirst; " + Array(targets) +
                    "\n";
  head += kFonts;
  return head + (layout == Layout::kLayers
                     ? "  edge [color=gray30];\n"
                     : "  edge [color=\"#30303080\", arrowsize=0.6, penwidth=0.7];\n");
}

// Services of one container of one target.
using Group = std::vector<const Mapping*>;
using Groups = std::map<TargetName, std::map<ContainerName, Group>>;

Groups GroupsOf(const Manifest& manifest) {
  Groups groups;
  for (const Mapping& mapping : manifest.mappings) {
    groups[mapping.target][mapping.container].push_back(&mapping);
  }
  const auto name_of = [&](const Mapping* mapping) -> const ServiceName& {
    return manifest.services.at(mapping->service).name;
  };
  for (auto& [target, containers] : groups) {
    for (auto& [container, group] : containers) {
      std::sort(group.begin(), group.end(),
                [&](const Mapping* a, const Mapping* b) { return name_of(a) < name_of(b); });
    }
  }
  return groups;
}

class Drawing {
 public:
  Drawing(const Manifest& manifest, const GraphOptions& options)
      : manifest_(manifest), options_(options) {}

  std::string Draw() {
    const Groups groups = GroupsOf(manifest_);
    text_ = HeadFor(layout_, groups.size());
    for (const auto& [target, containers] : groups) {
      text_ += fmt::format("  subgraph {} {{\n    label={};\n    bgcolor=gray95;\n",
                           DotQuoted("cluster_" + target.text), DotQuoted(target.text));
      AddArray(containers.size());
      for (const auto& [container, group] : containers) AddContainer(target, container, group);
      text_ += "  }\n";
    }
    for (const Mapping& mapping : manifest_.mappings) AddArrows(mapping);
    return std::move(text_) + "}\n";
  }

 private:
  void AddArray(std::size_t count) {
    if (layout_ == Layout::kArrays) text_ += "    " + Array(count) + "\n";
  }

  void AddContainer(const TargetName& target, const ContainerName& container, const Group& group) {
    const bool is_shown = options_.containers == VisualizeCommand::Containers::kShown;
    if (is_shown) {
      text_ += fmt::format("    subgraph {} {{\n      label={};\n      bgcolor=white;\n",
                           DotQuoted("cluster_" + target.text + ":" + container.text),
                           DotQuoted(container.text));
      AddArray(group.size());
    }
    for (const Mapping* mapping : group) AddNode(*mapping);
    if (is_shown) text_ += "    }\n";
  }

  void AddNode(const Mapping& mapping) {
    const Service& service = manifest_.services.at(mapping.service);
    std::string attributes = "label=" + DotQuoted(service.name.text);
    if (!service.provides_containers.empty()) attributes += ", peripheries=2";
    const auto fate = options_.fates.find({mapping.target, service.name});
    if (fate != options_.fates.end()) {
      attributes += std::string(", fillcolor=") + ColourOf(fate->second);
    }
    text_ += "      " + NodeOf(mapping.service, mapping.target, mapping.container) + " [" +
             attributes + "];\n";
  }

  void AddArrows(const Mapping& mapping) {
    const Service& service = manifest_.services.at(mapping.service);
    AddArrows(mapping, service.depends_on, "");
    AddArrows(mapping, service.connects_to, " [style=dashed]");
    AddArrows(mapping, service.activates_after, " [style=dotted]");
  }

  void AddArrows(const Mapping& mapping, const std::vector<Interdependency>& others,
                 std::string_view style) {
    const std::string from = NodeOf(mapping.service, mapping.target, mapping.container);
    for (const Interdependency& other : others) {
      text_ += fmt::format("  {} -> {}{};\n", from,
                           NodeOf(other.service, other.target, other.container), style);
    }
  }

  const Manifest& manifest_;
  const GraphOptions& options_;
  const Layout layout_ =
      manifest_.mappings.size() > kMostInLayers ? Layout::kArrays : Layout::kLayers;
  std::string text_;
};

std::string SummaryText(const Manifest& manifest) {
  std::map<TargetName, std::size_t> services;
  std::map<std::pair<TargetName, TargetName>, std::size_t> arrows;
  for (const Mapping& mapping : manifest.mappings) {
    ++services[mapping.target];
    const Service& service = manifest.services.at(mapping.service);
    for (const auto* others :
         {&service.depends_on, &service.connects_to, &service.activates_after}) {
      for (const Interdependency& other : *others) {
        if (other.target != mapping.target) ++arrows[{mapping.target, other.target}];
      }
    }
  }
  std::string text = HeadFor(Layout::kLayers, services.size());
  for (const auto& [target, count] : services) {
    text += fmt::format("  {} [shape=box, label={}];\n", DotQuoted(target.text),
                        DotQuoted(fmt::format("{}: {} services", target.text, count)));
  }
  for (const auto& [ends, count] : arrows) {
    text += fmt::format("  {} -> {} [label=\"{}\"];\n", DotQuoted(ends.first.text),
                        DotQuoted(ends.second.text), count);
  }
  return text + "}\n";
}

}  // namespace

std::string GraphText(const Manifest& manifest, const GraphOptions& options) {
  if (manifest.mappings.size() > options.most_mappings) return SummaryText(manifest);
  return Drawing(manifest, options).Draw();
}

}  // namespace eris::cli
