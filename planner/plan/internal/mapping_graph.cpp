#include "planner/plan/internal/mapping_graph.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <numeric>
#include <span>
#include <string>
#include <tuple>

#include "schema/base/planted.h"

namespace eris::plan_internal {
namespace {

constexpr std::string_view kFix = "make the manifest anew from its models";

std::string Where(const Service& service, const Mapping& mapping) {
  return fmt::format("{} ({} on {})", service.name.text, mapping.container.text,
                     mapping.target.text);
}

// Finds mappings by what interdependencies and providers name.
class MappingIndex {
 public:
  explicit MappingIndex(const Manifest& manifest) : mappings_(manifest.mappings) {
    const bool any_provider = std::any_of(mappings_.begin(), mappings_.end(),
                                          [](const Mapping& m) { return m.provided_by; });
    if (!any_provider) return;
    by_service_.resize(mappings_.size());
    std::iota(by_service_.begin(), by_service_.end(), 0);
    std::sort(by_service_.begin(), by_service_.end(), [&](DagNode a, DagNode b) {
      return std::tie(mappings_[a].target, mappings_[a].service, a) <
             std::tie(mappings_[b].target, mappings_[b].service, b);
    });
  }

  // The mappings that the interdependency binds to: one, or none.
  std::span<const Mapping> Find(const Interdependency& wanted) const {
    const auto key = std::tie(wanted.target, wanted.container, wanted.service);
    const auto found = std::lower_bound(
        mappings_.begin(), mappings_.end(), key, [](const Mapping& mapping, const auto& value) {
          return std::tie(mapping.target, mapping.container, mapping.service) < value;
        });
    if (found == mappings_.end() ||
        std::tie(found->target, found->container, found->service) != key) {
      return {};
    }
    return {&*found, 1};
  }

  // All mappings of a service on a target; needs a manifest in which something is provided.
  std::span<const DagNode> OnTarget(const TargetName& target, const ServiceKey& service) const {
    const auto key = std::tie(target, service);
    const auto low = std::lower_bound(
        by_service_.begin(), by_service_.end(), key, [&](DagNode node, const auto& value) {
          return std::tie(mappings_[node].target, mappings_[node].service) < value;
        });
    auto high = low;
    while (high != by_service_.end() &&
           std::tie(mappings_[*high].target, mappings_[*high].service) == key) {
      ++high;
    }
    return {low, high};
  }

  DagNode NodeOf(const Mapping& mapping) const {
    return static_cast<DagNode>(&mapping - mappings_.data());
  }

 private:
  const std::vector<Mapping>& mappings_;
  std::vector<DagNode> by_service_;
};

Status CheckMappings(const Manifest& manifest) {
  const auto position = [](const Mapping& m) { return std::tie(m.target, m.container, m.service); };
  for (std::size_t i = 0; i < manifest.mappings.size(); ++i) {
    const Mapping& mapping = manifest.mappings[i];
    if (!manifest.services.contains(mapping.service)) {
      return Fail(ErrorCode::kInvalid,
                  fmt::format("manifest: a mapping on target {} names service {}, which is unknown",
                              mapping.target.text, mapping.service.text),
                  std::string(kFix));
    }
    if (!manifest.targets.contains(mapping.target)) {
      return Fail(
          ErrorCode::kInvalid,
          fmt::format("manifest: a mapping names target {}, which is unknown", mapping.target.text),
          std::string(kFix));
    }
    if (i > 0 && !(position(manifest.mappings[i - 1]) < position(mapping))) {
      return Fail(ErrorCode::kInvalid,
                  fmt::format("manifest: its mappings are not sorted, or occur twice (target {})",
                              mapping.target.text),
                  std::string(kFix));
    }
  }
  return {};
}

Status CollectDependencies(const Manifest& manifest, const MappingIndex& index,
                           MappingGraph& graph) {
  for (DagNode node = 0; node < manifest.mappings.size(); ++node) {
    const Mapping& mapping = manifest.mappings[node];
    const Service& service = *graph.services[node];
    std::vector<DagNode>& before = graph.dependencies[node];
    for (const auto* list : {&service.depends_on, &service.activates_after}) {
      for (const Interdependency& wanted : *list) {
        const auto found = index.Find(wanted);
        if (found.empty()) {
          return Fail(ErrorCode::kInvalid,
                      fmt::format("manifest: {} needs service {} in {} on {}, which is not mapped",
                                  Where(service, mapping), wanted.service.text,
                                  wanted.container.text, wanted.target.text),
                      std::string(kFix));
        }
        before.push_back(index.NodeOf(found.front()));
      }
    }
    if (mapping.provided_by) {
      const auto providers = index.OnTarget(mapping.target, *mapping.provided_by);
      if (providers.empty()) {
        return Fail(ErrorCode::kInvalid,
                    fmt::format("manifest: the provider of the container of {} is not mapped there",
                                Where(service, mapping)),
                    std::string(kFix));
      }
      before.insert(before.end(), providers.begin(), providers.end());
    }
    std::sort(before.begin(), before.end());
    before.erase(std::unique(before.begin(), before.end()), before.end());
  }
  return {};
}

Error CycleError(const Manifest& manifest, const MappingGraph& graph,
                 const DependencyCycle& cycle) {
  std::string path;
  for (const DagNode node : cycle.path) {
    path += Where(*graph.services[node], manifest.mappings[node]) + " → ";
  }
  path += Where(*graph.services[cycle.path.front()], manifest.mappings[cycle.path.front()]);
  return {.code = ErrorCode::kInvalid,
          .message = "manifest: interdependencies form a cycle: " + path,
          .fix = "take one of them out, or make it a connectsTo"};
}

}  // namespace

Result<MappingGraph> MakeMappingGraph(const Manifest& manifest) {
  ERIS_TRY(CheckMappings(manifest));
  MappingGraph graph;
  graph.dependencies.resize(manifest.mappings.size());
  graph.services.reserve(manifest.mappings.size());
  for (const Mapping& mapping : manifest.mappings) {
    graph.services.push_back(&manifest.services.find(mapping.service)->second);
  }
  ERIS_TRY(CollectDependencies(manifest, MappingIndex(manifest), graph));
  auto order = TopologicalOrder(graph.dependencies);
  if (!order) return Fail(CycleError(manifest, graph, order.error()));
  graph.order = std::move(*order);
  return graph;
}

bool Provides(const Manifest& manifest, DagNode provider, DagNode user) {
  const Mapping& from = manifest.mappings[provider];
  const Mapping& to = manifest.mappings[user];
  return to.provided_by == from.service && to.target == from.target;
}

Dependencies WrittenBy(const Manifest& manifest, const MappingGraph& graph) {
  const MappingIndex index(manifest);
  Dependencies written(graph.services.size());
  for (DagNode node = 0; node < graph.services.size(); ++node) {
    const Service& service = *graph.services[node];
    for (const auto* list : {&service.depends_on, &service.connects_to}) {
      if (list == &service.connects_to && IsPlanted(Bug::kSnapshotEarly)) continue;
      for (const Interdependency& wanted : *list) {
        const auto found = index.Find(wanted);
        if (!found.empty()) written[node].push_back(index.NodeOf(found.front()));
      }
    }
    std::sort(written[node].begin(), written[node].end());
    written[node].erase(std::unique(written[node].begin(), written[node].end()),
                        written[node].end());
  }
  return written;
}

}  // namespace eris::plan_internal
