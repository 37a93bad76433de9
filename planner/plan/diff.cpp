#include "planner/plan/diff.h"

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <set>
#include <tuple>
#include <utility>

#include "planner/plan/in_doubt.h"
#include "planner/plan/internal/graph_difference.h"
#include "planner/plan/internal/state_changes.h"

namespace eris {
namespace plan_internal {
namespace {

using MappingIndices = std::vector<std::uint32_t>;

constexpr std::uint32_t kNotInBase = ~std::uint32_t{0};

// For each mapping of `next` the one of `base` with the same identity. Both are sorted.
MappingIndices MatchMappings(const Manifest& base, const Manifest& next) {
  const auto place = [](const Mapping& m) { return std::tie(m.target, m.container, m.service); };
  MappingIndices matches(next.mappings.size(), kNotInBase);
  std::size_t old = 0;
  for (std::size_t i = 0; i < next.mappings.size(); ++i) {
    const Mapping& mapping = next.mappings[i];
    while (old < base.mappings.size() && place(base.mappings[old]) < place(mapping)) ++old;
    if (old == base.mappings.size()) break;
    const Mapping& candidate = base.mappings[old];
    if (place(candidate) == place(mapping) && candidate.digest == mapping.digest) {
      matches[i] = static_cast<std::uint32_t>(old);
    }
  }
  return matches;
}

// A mapping is not kept when something that it comes after is not. Digests say so already; here it
// is made true whatever they say, since invariant P1 stands on it.
void DropWhatFollowsChanges(const GraphDifference& graphs, const std::vector<bool>& may_change,
                            MappingIndices& matches) {
  for (const DagNode node : graphs.next.order) {
    if (matches[node] == kNotInBase || !may_change[node]) continue;
    const auto& now = graphs.next.dependencies[node];
    const auto& then = graphs.base.dependencies[matches[node]];
    const bool all_kept =
        now.size() == then.size() &&
        std::equal(now.begin(), now.end(), then.begin(),
                   [&](DagNode dependency, DagNode old) { return matches[dependency] == old; });
    if (!all_kept) matches[node] = kNotInBase;
  }
}

// Of targets that are left out everything is kept.
std::vector<bool> MayChange(const Manifest& next, std::span<const TargetName> left_out) {
  std::vector<bool> may_change;
  may_change.reserve(next.mappings.size());
  for (const Mapping& mapping : next.mappings) {
    may_change.push_back(!std::binary_search(left_out.begin(), left_out.end(), mapping.target));
  }
  return may_change;
}

void SortMappings(const GraphDifference& graphs, const MappingIndices& matches,
                  const std::vector<bool>& is_down, Difference& difference) {
  std::vector<bool> kept_in_base(graphs.base.services.size(), false);
  for (DagNode node = 0; node < matches.size(); ++node) {
    const bool kept = matches[node] != kNotInBase;
    if (kept) kept_in_base[matches[node]] = true;
    if (!graphs.next.HasActivities(node)) continue;
    if (kept && !is_down[node]) {
      difference.kept.push_back({.base = matches[node], .next = node});
    } else {
      difference.added.push_back(node);
    }
  }
  for (DagNode node = 0; node < kept_in_base.size(); ++node) {
    if (!kept_in_base[node] && graphs.base.HasActivities(node)) difference.obsolete.push_back(node);
  }
}

// Equal texts make equal profiles, so the path of an unchanged one need not be known. Of one that
// was captured the path is all that is known. One in doubt is none that is wanted.
bool IsSameProfile(const TargetProfile& base, const TargetProfile& next) {
  if (IsInDoubt(base.digest)) return false;
  if (!base.path.empty() && base.path == next.path) return true;
  if (!base.digest.empty() || !next.digest.empty()) return base.digest == next.digest;
  return base.path == next.path;
}

std::vector<ProfileChange> DiffProfiles(const Manifest& base, const Manifest& next) {
  std::set<TargetName> targets;
  for (const auto& [target, profile] : base.profiles) targets.insert(target);
  for (const auto& [target, profile] : next.profiles) targets.insert(target);
  std::vector<ProfileChange> changes;
  for (const TargetName& target : targets) {
    const auto from = base.profiles.find(target);
    const auto to = next.profiles.find(target);
    const bool had = from != base.profiles.end();
    const bool has = to != next.profiles.end();
    if (had && has && IsSameProfile(from->second, to->second)) continue;
    changes.push_back({.target = target,
                       .from = had ? from->second.path : StorePath(),
                       .to = has ? to->second.path : StorePath()});
  }
  return changes;
}

}  // namespace

Result<GraphDifference> DiffWithGraphs(const Manifest* base, const Manifest& next,
                                       std::span<const TargetName> left_out,
                                       const std::set<MappingPlace>& down) {
  static const Manifest kNothing;
  const Manifest& before = base == nullptr ? kNothing : *base;
  GraphDifference graphs;
  ERIS_ASSIGN(graphs.base, MakeMappingGraph(before));
  ERIS_ASSIGN(graphs.next, MakeMappingGraph(next));
  MappingIndices matches = MatchMappings(before, next);
  const std::vector<bool> may_change = MayChange(next, left_out);
  DropWhatFollowsChanges(graphs, may_change, matches);
  Difference& difference = graphs.difference;
  std::vector<bool> is_down(next.mappings.size());
  for (DagNode node = 0; node < is_down.size(); ++node) {
    is_down[node] = may_change[node] && down.contains(MappingPlaceOf(next.mappings[node]));
  }
  SortMappings(graphs, matches, is_down, difference);
  difference.profiles = DiffProfiles(before, next);
  difference.states = FindStateChanges(before, next, difference.obsolete);
  const auto then = ParticipantsOf(before);
  const auto now = ParticipantsOf(next);
  std::set_difference(now.begin(), now.end(), then.begin(), then.end(),
                      std::back_inserter(difference.targets_added));
  std::set_difference(then.begin(), then.end(), now.begin(), now.end(),
                      std::back_inserter(difference.targets_removed));
  return graphs;
}

}  // namespace plan_internal

Result<Difference> DiffManifests(const Manifest* base, const Manifest& next) {
  ERIS_ASSIGN(auto graphs, plan_internal::DiffWithGraphs(base, next, {}, {}));
  return std::move(graphs.difference);
}

std::vector<TargetName> ParticipantsOf(const Manifest& manifest) {
  std::vector<TargetName> targets;
  for (const Mapping& mapping : manifest.mappings) {
    if (targets.empty() || targets.back() != mapping.target) targets.push_back(mapping.target);
  }
  for (const auto& [target, profile] : manifest.profiles) targets.push_back(target);
  std::sort(targets.begin(), targets.end());
  targets.erase(std::unique(targets.begin(), targets.end()), targets.end());
  return targets;
}

Manifest UndeployedManifest(const Manifest& base) {
  Manifest manifest;
  manifest.targets = base.targets;
  return manifest;
}

}  // namespace eris
