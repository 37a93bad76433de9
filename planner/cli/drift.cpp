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

void JudgeProfile(const Manifest& generation, const TargetName& target, const TargetReport& report,
                  std::vector<Discrepancy>& drift) {
  const auto profile = generation.profiles.find(target);
  const StorePath wanted =
      profile == generation.profiles.end() ? StorePath() : profile->second.path;
  if (wanted == report.profile) return;
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

}  // namespace eris::cli
