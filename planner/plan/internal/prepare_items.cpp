// Builds and transfers: nothing that users see.
#include <algorithm>
#include <iterator>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <unordered_set>
#include <utility>
#include <vector>

#include "planner/plan/in_doubt.h"
#include "planner/plan/internal/plan_parts.h"
#include "schema/base/text.h"

namespace eris::plan_internal {
namespace {

using Derivations = std::vector<BuildItem::Derivation>;

// What the base used has been built and is rooted by its generation; what has no derivation is
// there already, and comes with the profile's closure.
class NewPackages {
 public:
  explicit NewPackages(const PlanContext& context) : graph_(context.graphs.next) {
    for (const Service* service : context.graphs.base.services) {
      known_.insert(service->package.text);
    }
  }

  // The service of a mapping whose package is to be built, or null.
  const Service* Of(DagNode mapping) const {
    const Service* service = graph_.services[mapping];
    const bool is_there = service->derivation.empty() || known_.contains(service->package.text);
    return is_there ? nullptr : service;
  }

 private:
  const MappingGraph& graph_;
  std::unordered_set<std::string_view> known_;
};

void SortUnique(Derivations& derivations) {
  const auto order = [](const BuildItem::Derivation& d) {
    return std::tie(d.derivation, d.output);
  };
  std::sort(derivations.begin(), derivations.end(),
            [&](const auto& a, const auto& b) { return order(a) < order(b); });
  derivations.erase(std::unique(derivations.begin(), derivations.end()), derivations.end());
}

// One item per batch; calls `added` with the batch and its item.
template <typename Callback>
void AddBatches(const PlanContext& context, const BuildItem& all, Callback add) {
  const std::size_t bound = std::max<std::size_t>(context.input.options.build_batch, 1);
  const std::span<const BuildItem::Derivation> derivations(all.derivations);
  for (std::size_t begin = 0; begin < derivations.size(); begin += bound) {
    const auto batch = derivations.subspan(begin, std::min(bound, derivations.size() - begin));
    add(BuildItem{.system = all.system, .derivations = {batch.begin(), batch.end()}});
  }
}

PlanItem PrepareItem(QueueName queue, ItemBody body, ItemIndices after = {}) {
  return {.phase = PlanPhase::kPrepare,
          .queue = std::move(queue),
          .body = std::move(body),
          .inverse = std::nullopt,
          .after = std::move(after),
          .deadline_ms = std::nullopt};
}

QueueName BuilderQueue(const SystemName& system) {
  return {.kind = QueueName::Kind::kBuilder, .name = system.text};
}

// The profiles that targets get; those that are only removed need nothing.
template <typename Callback>
void ForEachNewProfile(const PlanContext& context, Callback callback) {
  for (const ProfileChange& change : context.graphs.difference.profiles) {
    if (change.to.empty()) continue;
    callback(change.target, context.input.next.profiles.at(change.target));
  }
}

using BySystem = std::map<SystemName, Derivations>;

BySystem PackagesToBuild(const PlanContext& context) {
  const NewPackages packages(context);
  BySystem by_system;
  for (DagNode node = 0; node < context.graphs.next.services.size(); ++node) {
    if (const Service* service = packages.Of(node)) {
      by_system[service->system].push_back({service->derivation, service->package});
    }
  }
  for (auto& [system, derivations] : by_system) SortUnique(derivations);
  return by_system;
}

BySystem ProfilesToBuild(const PlanContext& context) {
  BySystem by_system;
  ForEachNewProfile(context, [&](const TargetName& target, const TargetProfile& profile) {
    if (profile.derivation.empty()) return;
    by_system[context.input.next.targets.at(target).system].push_back(
        {profile.derivation, profile.path});
  });
  for (auto& [system, derivations] : by_system) SortUnique(derivations);
  return by_system;
}

// Profiles are built with their packages where one builder does it all at once: Nix knows what a
// profile is made of, and a second process would cost more than most changes take. The packages
// stand first.
void JoinProfiles(std::size_t bound, BySystem& packages, BySystem& profiles) {
  if (packages.size() != 1 || profiles.size() != 1) return;
  auto& [system, first] = *packages.begin();
  const auto& [other_system, second] = *profiles.begin();
  if (system != other_system) return;
  if (first.size() + second.size() > bound) return;
  std::copy(second.begin(), second.end(), std::back_inserter(first));
  profiles.clear();
}

// Words of the target's property `substituters`, as Nix takes them.
std::vector<std::string> SubstitutersOf(const Target& target) {
  constexpr std::size_t kMost = 16;
  std::vector<std::string> substituters;
  for (const Property& property : target.properties) {
    if (property.name != "substituters" || property.kind != Property::Kind::kText) continue;
    for (const std::string_view word : Split(property.text, ' ')) {
      if (!word.empty() && substituters.size() < kMost) substituters.emplace_back(word);
    }
  }
  return substituters;
}

// The new manifest says it, unless it has lost the target.
const Target& TargetOf(const PlanContext& context, const TargetName& target) {
  const auto found = context.input.next.targets.find(target);
  return found == context.input.next.targets.end() ? context.base.targets.at(target)
                                                   : found->second;
}

TransferItem TransferTo(const PlanContext& context, const TargetName& target,
                        std::vector<StorePath> paths) {
  return {.profile = context.input.profile,
          .paths = std::move(paths),
          .substituters = SubstitutersOf(TargetOf(context, target))};
}

// The profiles that the way back sets again, where a transaction that was given up may have set
// another: nothing else there keeps what they bring from the collector.
template <typename Callback>
void ForEachProfileInDoubt(const PlanContext& context, Callback callback) {
  for (const auto& [target, profile] : context.base.profiles) {
    if (IsInDoubt(profile.digest) && !profile.path.empty()) callback(target, profile);
  }
}

void AddBuildsAndTransfersOnBuilders(const PlanContext& context, ItemList& items) {
  BySystem packages = PackagesToBuild(context);
  BySystem profiles = ProfilesToBuild(context);
  JoinProfiles(context.input.options.build_batch, packages, profiles);
  std::map<StorePath, ItemIndex> built_by;
  const auto add = [&](Stage stage, const BySystem& by_system) {
    for (const auto& [system, derivations] : by_system) {
      AddBatches(context, {system, derivations}, [&](const BuildItem& batch) {
        const ItemIndex item = items.Add(stage, PrepareItem(BuilderQueue(batch.system), batch));
        for (const auto& derivation : batch.derivations) built_by[derivation.output] = item;
      });
    }
  };
  add(Stage::kPackages, packages);
  add(Stage::kProfiles, profiles);
  ForEachNewProfile(context, [&](const TargetName& target, const TargetProfile& profile) {
    const auto built = built_by.find(profile.path);
    items.Add(Stage::kProfiles,
              PrepareItem(TargetQueue(target), TransferTo(context, target, {profile.path}),
                          built == built_by.end() ? ItemIndices{} : ItemIndices{built->second}));
  });
  ForEachProfileInDoubt(context, [&](const TargetName& target, const TargetProfile& profile) {
    items.Add(Stage::kProfiles,
              PrepareItem(TargetQueue(target), TransferTo(context, target, {profile.path})));
  });
}

// Paths to be transferred to a target, in items that fit into a message each. Returns the items.
ItemIndices AddTransfers(const PlanContext& context, const QueueName& queue,
                         const Derivations& derivations, ItemList& items) {
  constexpr std::size_t kPathBytes = 256 * 1024;  // of an item: well below limits::kBodyBytes
  ItemIndices added;
  TransferItem batch{context.input.profile, {}};
  std::size_t bytes = 0;
  const auto flush = [&] {
    if (batch.paths.empty()) return;
    added.push_back(items.Add(Stage::kPackages, PrepareItem(queue, batch)));
    batch.paths.clear();
    bytes = 0;
  };
  for (const auto& derivation : derivations) {
    bytes += derivation.derivation.text.size();
    if (bytes > kPathBytes) {
      flush();
      bytes = derivation.derivation.text.size();
    }
    batch.paths.push_back(derivation.derivation);
  }
  flush();
  return added;
}

// A profile, and what must be built for it.
struct BuildThere {
  std::pair<const TargetName&, const TargetProfile&> where;
  Derivations packages;
};

// Derivations go there, are built in order, the profile last; then the result is rooted.
void AddBuildOnTarget(const PlanContext& context, BuildThere there, ItemList& items) {
  const TargetName& target = there.where.first;
  const TargetProfile& profile = there.where.second;
  SortUnique(there.packages);
  if (!profile.derivation.empty()) there.packages.push_back({profile.derivation, profile.path});
  ItemIndices last = AddTransfers(context, TargetQueue(target), there.packages, items);
  const SystemName& system = TargetOf(context, target).system;
  AddBatches(context, {system, std::move(there.packages)}, [&](const BuildItem& batch) {
    last = {items.Add(Stage::kPackages, PrepareItem(TargetQueue(target), batch, last))};
  });
  items.Add(Stage::kPackages,
            PrepareItem(TargetQueue(target), TransferTo(context, target, {profile.path}),
                        std::move(last)));
}

Derivations PackagesOfBase(const PlanContext& context, const TargetName& target) {
  Derivations packages;
  for (const Mapping& mapping : context.base.mappings) {
    if (mapping.target != target || IsStray(mapping.digest)) continue;
    const Service& service = context.base.services.at(mapping.service);
    if (!service.derivation.empty()) packages.push_back({service.derivation, service.package});
  }
  return packages;
}

void AddBuildsOnTargets(const PlanContext& context, ItemList& items) {
  const NewPackages packages(context);
  std::map<TargetName, Derivations> by_target;
  for (DagNode node = 0; node < context.graphs.next.services.size(); ++node) {
    if (const Service* service = packages.Of(node)) {
      by_target[context.input.next.mappings[node].target].push_back(
          {service->derivation, service->package});
    }
  }
  ForEachNewProfile(context, [&](const TargetName& target, const TargetProfile& profile) {
    AddBuildOnTarget(context, {{target, profile}, std::move(by_target[target])}, items);
  });
  ForEachProfileInDoubt(context, [&](const TargetName& target, const TargetProfile& profile) {
    AddBuildOnTarget(context, {{target, profile}, PackagesOfBase(context, target)}, items);
  });
}

}  // namespace

void AddBuildsAndTransfers(const PlanContext& context, ItemList& items) {
  if (context.input.options.build == BuildPlace::kTargets) {
    AddBuildsOnTargets(context, items);
    return;
  }
  AddBuildsAndTransfersOnBuilders(context, items);
}

}  // namespace eris::plan_internal
