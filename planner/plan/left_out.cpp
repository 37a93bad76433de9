#include "planner/plan/left_out.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "planner/plan/in_doubt.h"
#include "planner/plan/internal/mapping_graph.h"

namespace eris {
namespace {

constexpr const char* kFix =
    "connect the target, or take it out of the models: then it is cleared on its return";

class LeavingOut {
 public:
  LeavingOut(std::span<const TargetName> absent, const Manifest* base, Manifest wanted)
      : absent_(absent.begin(), absent.end()), base_(base), wanted_(std::move(wanted)) {}

  Result<Manifest> Make() && {
    if (base_ != nullptr) ERIS_TRY(CheckDoubts(*base_));
    TakePresentPart();
    if (base_ != nullptr) KeepAbsentPart(*base_);
    std::sort(result_.mappings.begin(), result_.mappings.end());
    std::sort(result_.snapshot_mappings.begin(), result_.snapshot_mappings.end());
    ERIS_TRY(CheckNeeds());
    ERIS_TRY(CheckPresence());
    DropUnanswered();
    return std::move(result_);
  }

 private:
  using Place = std::tuple<TargetName, ContainerName, ServiceKey>;

  static Place PlaceOf(const Mapping& m) { return {m.target, m.container, m.service}; }
  static Place PlaceOf(const Interdependency& i) { return {i.target, i.container, i.service}; }
  bool IsAbsent(const TargetName& target) const { return absent_.contains(target); }

  // What runs there must be known to be kept.
  Status CheckDoubts(const Manifest& base) const {
    const auto refuse = [](const TargetName& target) {
      return Fail(ErrorCode::kUnavailable,
                  fmt::format("target {} cannot be left out: a transaction that was given up may "
                              "have left anything there",
                              target.text),
                  "connect the target");
    };
    for (const Mapping& mapping : base.mappings) {
      if (IsAbsent(mapping.target) && IsInDoubt(mapping.digest)) return refuse(mapping.target);
    }
    for (const auto& [target, profile] : base.profiles) {
      if (IsAbsent(target) && IsInDoubt(profile.digest)) return refuse(target);
    }
    return {};
  }

  void TakePresentPart() {
    for (const Mapping& mapping : wanted_.mappings) {
      if (IsAbsent(mapping.target)) continue;
      result_.mappings.push_back(mapping);
      result_.services.emplace(mapping.service, wanted_.services.at(mapping.service));
    }
    for (const SnapshotMapping& mapping : wanted_.snapshot_mappings) {
      if (!IsAbsent(mapping.target)) result_.snapshot_mappings.push_back(mapping);
    }
    for (const auto& [target, profile] : wanted_.profiles) {
      if (!IsAbsent(target)) result_.profiles.emplace(target, profile);
    }
    result_.targets = wanted_.targets;
  }

  void KeepAbsentPart(const Manifest& base) {
    for (const Mapping& mapping : base.mappings) {
      if (!IsAbsent(mapping.target)) continue;
      result_.mappings.push_back(mapping);
      const Service& service = base.services.at(mapping.service);
      if (result_.services.emplace(mapping.service, service).second) stale_.insert(mapping.service);
    }
    for (const SnapshotMapping& mapping : base.snapshot_mappings) {
      if (IsAbsent(mapping.target)) result_.snapshot_mappings.push_back(mapping);
    }
    for (const TargetName& target : absent_) {
      const auto profile = base.profiles.find(target);
      if (profile != base.profiles.end()) result_.profiles.insert(*profile);
      const auto properties = base.targets.find(target);
      if (properties != base.targets.end()) result_.targets[target] = properties->second;
    }
  }

  // What comes up elsewhere may stand on what is on an absent target only if that is already there
  // just as it is wanted.
  Status CheckNeeds() const {
    std::set<std::pair<Place, std::string>> there;
    for (const Mapping& mapping : result_.mappings) {
      if (IsAbsent(mapping.target)) there.emplace(PlaceOf(mapping), mapping.digest);
    }
    std::set<Place> is_as_wanted;
    for (const Mapping& mapping : wanted_.mappings) {
      if (!there.contains({PlaceOf(mapping), mapping.digest})) continue;
      is_as_wanted.insert(PlaceOf(mapping));
    }
    for (const Mapping& mapping : result_.mappings) {
      if (IsAbsent(mapping.target)) continue;
      const Service& service = result_.services.at(mapping.service);
      for (const auto* list : {&service.depends_on, &service.activates_after}) {
        for (const Interdependency& need : *list) {
          if (!IsAbsent(need.target) || is_as_wanted.contains(PlaceOf(need))) continue;
          return Fail(ErrorCode::kUnavailable,
                      fmt::format("target {} cannot be left out: {} on {} needs {} there",
                                  need.target.text, service.name.text, mapping.target.text,
                                  wanted_.services.at(need.service).name.text),
                      kFix);
        }
      }
    }
    return {};
  }

  // A service that runs and is wanted runs somewhere.
  Status CheckPresence() const {
    if (base_ == nullptr) return {};
    std::set<ServiceName> somewhere;
    for (const Mapping& mapping : result_.mappings) {
      somewhere.insert(result_.services.at(mapping.service).name);
    }
    std::set<ServiceName> ran;
    for (const Mapping& mapping : base_->mappings) {
      ran.insert(base_->services.at(mapping.service).name);
    }
    for (const Mapping& mapping : wanted_.mappings) {
      const ServiceName& name = wanted_.services.at(mapping.service).name;
      if (somewhere.contains(name) || !ran.contains(name)) continue;
      return Fail(ErrorCode::kUnavailable,
                  fmt::format("target {} cannot be left out: {} moves there, and would be nowhere",
                              mapping.target.text, name.text),
                  kFix);
    }
    return {};
  }

  // What stays may have needed something that goes. It is not ordered after it any more.
  void DropUnanswered() {
    std::set<Place> mapped;
    for (const Mapping& mapping : result_.mappings) mapped.insert(PlaceOf(mapping));
    for (const ServiceKey& key : stale_) {
      Service& service = result_.services.at(key);
      for (auto* list : {&service.depends_on, &service.activates_after, &service.connects_to}) {
        std::erase_if(*list,
                      [&](const Interdependency& need) { return !mapped.contains(PlaceOf(need)); });
      }
    }
  }

  const std::set<TargetName> absent_;
  const Manifest* base_;
  const Manifest wanted_;
  Manifest result_;
  std::set<ServiceKey> stale_;  // of services that only absent targets have
};

}  // namespace

Result<Manifest> LeaveOut(std::span<const TargetName> absent, const Manifest* base,
                          Manifest wanted) {
  ERIS_TRY(plan_internal::MakeMappingGraph(wanted));  // it may be anybody's
  return LeavingOut(absent, base, std::move(wanted)).Make();
}

}  // namespace eris
