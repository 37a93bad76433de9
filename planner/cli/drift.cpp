#include "planner/cli/drift.h"

#include <algorithm>
#include <map>
#include <utility>
#include <variant>

namespace eris::cli {
namespace {

using Kind = Discrepancy::Kind;

// A place of a service on the one target that is looked at.
using ServicePlace = std::pair<ServiceName, ContainerName>;

std::string SubjectOf(const ServicePlace& place, const TargetName& target) {
  return "service " + place.first.text + " on " + target.text + " in " + place.second.text;
}

std::string WhatDiffers(const Mapping& wanted, const ActiveMapping& found) {
  if (found.state == ActiveMapping::State::kIndeterminate) return "nobody knows whether it runs";
  if (found.state == ActiveMapping::State::kInactive) return "it does not run";
  if (wanted.service != found.service) return "another version runs: " + found.package.text;
  if (wanted.digest != found.digest) return "it runs with other properties";
  return "";
}

void JudgeMappings(const Manifest& generation, const TargetName& target, const TargetReport& report,
                   std::vector<Discrepancy>& drift) {
  std::map<ServicePlace, const Mapping*> wanted;
  for (const Mapping& mapping : generation.mappings) {
    const Service& service = generation.services.at(mapping.service);
    if (mapping.target != target || service.type == "package") continue;
    wanted[{service.name, mapping.container}] = &mapping;
  }
  for (const ActiveMapping& found : report.mappings) {
    const ServicePlace place{found.service_name, found.container};
    const auto expected = wanted.find(place);
    if (expected == wanted.end()) {
      drift.push_back({Kind::kNew, SubjectOf(place, target), ""});
      continue;
    }
    std::string what = WhatDiffers(*expected->second, found);
    if (!what.empty()) drift.push_back({Kind::kChanged, SubjectOf(place, target), std::move(what)});
    wanted.erase(expected);
  }
  for (const auto& [place, mapping] : wanted) {
    drift.push_back({Kind::kGone, SubjectOf(place, target), ""});
  }
}

Repair ForeignOf(const TargetName& target, const ActiveMapping& found) {
  return {.target = target,
          .found = Repair::Found::kForeign,
          .container = found.container,
          .service = found.service,
          .digest = found.digest,
          .profile = {}};
}

Repair RepairOf(const Mapping& wanted, Repair::Found found) {
  return {.target = wanted.target,
          .found = found,
          .container = wanted.container,
          .service = wanted.service,
          .digest = {},
          .profile = {}};
}

void RepairMappings(const Manifest& generation, const TargetName& target,
                    const TargetReport& report, std::vector<Repair>& repairs) {
  std::map<std::pair<ContainerName, ServiceKey>, const Mapping*> wanted;
  for (const Mapping& mapping : generation.mappings) {
    if (mapping.target != target) continue;
    if (generation.services.at(mapping.service).type == "package") continue;
    wanted[{mapping.container, mapping.service}] = &mapping;
  }
  for (const ActiveMapping& found : report.mappings) {
    const auto expected = wanted.find({found.container, found.service});
    if (expected == wanted.end()) {
      repairs.push_back(ForeignOf(target, found));
      continue;
    }
    const Mapping& mapping = *expected->second;
    wanted.erase(expected);
    if (found.state == ActiveMapping::State::kInactive) {
      repairs.push_back(RepairOf(mapping, Repair::Found::kMissing));
    } else if (found.digest != mapping.digest) {
      repairs.push_back(ForeignOf(target, found));
    } else if (found.state == ActiveMapping::State::kIndeterminate) {
      repairs.push_back(RepairOf(mapping, Repair::Found::kIndeterminate));
    }
  }
  for (const auto& [place, mapping] : wanted) {
    repairs.push_back(RepairOf(*mapping, Repair::Found::kMissing));
  }
}

StorePath ProfileOf(const Manifest& generation, const TargetName& target) {
  const auto profile = generation.profiles.find(target);
  return profile == generation.profiles.end() ? StorePath() : profile->second.path;
}

void JudgeProfile(const Manifest& generation, const TargetName& target, const TargetReport& report,
                  std::vector<Discrepancy>& drift) {
  if (ProfileOf(generation, target) == report.profile) return;
  const std::string is = report.profile.empty() ? "none" : report.profile.text;
  drift.push_back({Kind::kChanged, "profile of " + target.text, "it is " + is});
}

}  // namespace

std::vector<Discrepancy> DriftOf(const Manifest& generation,
                                 std::span<const TargetAnswer> answers) {
  std::vector<Discrepancy> drift;
  for (const TargetAnswer& answer : answers) {
    const auto* report = std::get_if<TargetReport>(&answer.outcome.report);
    if (report == nullptr) {
      drift.push_back({Kind::kChanged, "target " + answer.target.text, "it does not answer"});
      continue;
    }
    JudgeMappings(generation, answer.target, *report, drift);
    JudgeProfile(generation, answer.target, *report, drift);
  }
  std::sort(drift.begin(), drift.end());
  return drift;
}

Result<std::vector<Repair>> RepairsOf(const Manifest& generation,
                                      std::span<const TargetAnswer> answers) {
  std::vector<Repair> repairs;
  for (const TargetAnswer& answer : answers) {
    const auto* report = std::get_if<TargetReport>(&answer.outcome.report);
    if (report == nullptr) {
      return Fail(ErrorCode::kUnavailable, "target " + answer.target.text + " does not answer",
                  "see `eris targets`; repair when it is back");
    }
    RepairMappings(generation, answer.target, *report, repairs);
    if (ProfileOf(generation, answer.target) == report->profile) continue;
    repairs.push_back({.target = answer.target,
                       .found = Repair::Found::kProfile,
                       .container = {},
                       .service = {},
                       .digest = {},
                       .profile = report->profile});
  }
  std::sort(repairs.begin(), repairs.end());
  return repairs;
}

}  // namespace eris::cli
